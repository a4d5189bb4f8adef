// Refunds that people make at Stripe: what is read of one goes on record.
import type { EventOf } from '../model/events.ts';
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

/** There was an event for something that Stripe will not show: that too is on record. */
export function refundRefused(
  state: CustomerState,
  refundId: string,
  { code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  const object = { objectId: refundId, status: null, onRecord: `refused ${code}` };
  return takeReading(state, 'refunds', object, nowMs, {
    data: { refundId, refused: code, requestId: requestId ?? null },
  });
}
