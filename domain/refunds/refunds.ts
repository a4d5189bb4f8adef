// Refunds that people make at Stripe: what is read of one goes on record.
import type { CustomerState } from '../model/state.ts';
import type { RefundReading } from '../model/stripe-objects.ts';
import { takeReading } from '../shared/refund-or-dispute.ts';

export function refundRead(state: CustomerState, reading: RefundReading, nowMs: number): CustomerState {
  const { chargeId, ...data } = reading;
  const { requestId: _request, ...content } = data;
  const object = { objectId: reading.refundId, status: reading.status, onRecord: JSON.stringify(content) };
  return takeReading(state, 'refunds', object, nowMs, {
    ...(chargeId === null ? {} : { chargeId }),
    data,
  });
}
