// Disputes that cardholders open at their banks: what is read of one goes on record, and an open one needs attention.
import type { EventOf } from '../model/events.ts';
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

/** There was an event for something that Stripe will not show: that too is on record. */
export function disputeRefused(
  state: CustomerState,
  disputeId: string,
  { code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  const object = { objectId: disputeId, status: null, onRecord: `refused ${code}` };
  return takeReading(state, 'disputes', object, nowMs, {
    data: { disputeId, refused: code, requestId: requestId ?? null },
  });
}

/** Whether one of them waits for an answer, or for the bank's decision. */
export function hasOpenDispute({ disputes }: CustomerState): boolean {
  return disputes.some(({ status }) => status !== null && !OVER.includes(status));
}
