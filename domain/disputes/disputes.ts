// Disputes that cardholders open at their banks: what is read of one goes on record, and an open one needs attention.
import type { CustomerState } from '../model/state.ts';
import type { DisputeReading } from '../model/stripe-objects.ts';
import { takeReading } from '../shared/refund-or-dispute.ts';

/** Nothing more can be done about it (docs.stripe.com/api/disputes/object#dispute_object-status). */
const OVER = ['won', 'lost', 'warning_closed', 'prevented'];

export function disputeRead(state: CustomerState, reading: DisputeReading, nowMs: number): CustomerState {
  const { chargeId, ...data } = reading;
  const { requestId: _request, ...content } = data;
  const object = { objectId: reading.disputeId, status: reading.status, onRecord: JSON.stringify(content) };
  return takeReading(state, 'disputes', object, nowMs, {
    ...(chargeId === null ? {} : { chargeId }),
    data,
  });
}

/** Whether one of them waits for an answer, or for the bank's decision. */
export function hasOpenDispute({ disputes }: CustomerState): boolean {
  return disputes.some(({ status }) => status !== null && !OVER.includes(status));
}
