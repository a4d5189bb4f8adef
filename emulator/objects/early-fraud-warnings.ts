// Early fraud warnings: the card's issuer suspects that a charge was fraudulent, before any dispute.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { readParams } from '../http/params.ts';
import { texts } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { ChargeRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { announce, announceChange } from './events.ts';

/** The issuer reports the charge. */
export function warnOfFraud(call: Call, { wire: charge }: ChargeRecord): void {
  const wire: Stripe.Radar.EarlyFraudWarning = {
    id: newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: !charge.refunded && !charge.disputed,
    charge: charge.id,
    created: call.world.now(),
    fraud_type: 'misc',
    livemode: false,
    ...(typeof charge.payment_intent === 'string' ? { payment_intent: charge.payment_intent } : {}),
  };
  call.world.store.earlyFraudWarnings.put(wire.id, { wire });
  announce(call, 'radar.early_fraud_warning.created', wire);
}

/** The charge has been refunded or disputed: nothing is to be done about its warnings. */
export function concludeFraudWarnings(call: Call, chargeId: string): void {
  const { earlyFraudWarnings } = call.world.store;
  for (const record of earlyFraudWarnings.newestFirst()) {
    if (record.wire.charge !== chargeId || !record.wire.actionable) continue;
    const before = structuredClone(record.wire);
    record.wire.actionable = false;
    earlyFraudWarnings.put(record.wire.id, record);
    announceChange(call, 'radar.early_fraud_warning.updated', record.wire, before);
  }
}

export const readEarlyFraudWarning: Handler = ({ world }, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = world.store.earlyFraudWarnings.get(id);
  if (!record) throw resourceMissing('early_fraud_warning', id, 'early_fraud_warning');
  return record.wire;
};
