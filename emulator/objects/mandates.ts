// Mandates: for India-issued cards alone, made by a SetupIntent, active a little later.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { readParams } from '../http/params.ts';
import { texts } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import type { MandateRecord, PaymentMethodRecord } from '../store/records.ts';
import { type Call, schedule } from '../store/world.ts';
import { announceChange } from './events.ts';

/** How long a mandate stays pending here; with Stripe up to 30 minutes. */
const PENDING_MS = 2_000;

/** Makes the pending Mandate for a card that was saved with `options`. */
export function createMandate(
  call: Call,
  method: PaymentMethodRecord,
  setupIntentId: string,
  options: Stripe.SetupIntent.PaymentMethodOptions.Card.MandateOptions,
): MandateRecord {
  const { world } = call;
  const record: MandateRecord = {
    wire: {
      id: newId('mandate'),
      object: 'mandate',
      customer_acceptance: {
        accepted_at: world.now(),
        online: { ip_address: null, user_agent: null },
        type: 'online',
      },
      livemode: false,
      multi_use: {},
      payment_method: method.wire.id,
      payment_method_details: { card: { india: { inactive_reason: null } }, type: 'card' },
      status: 'pending',
      type: 'multi_use',
    },
    setupIntentId,
    amount: options.amount,
    currency: options.currency,
  };
  world.store.mandates.put(record.wire.id, record);
  method.mandateId = record.wire.id;
  world.store.paymentMethods.put(method.wire.id, method);
  schedule(world, 'mandate', record.wire.id, PENDING_MS);
  return record;
}

/** The bank has registered the mandate, or refuses it. A mandate that is no longer pending stays as it is. */
export function settleMandate(call: Call, record: MandateRecord, result: 'succeed' | 'fail'): void {
  if (record.wire.status !== 'pending') return;
  changeMandate(call, record, result === 'succeed' ? null : 'card_not_supported');
}

/** The customer has cancelled the mandate at their bank. */
export function cancelMandate(call: Call, record: MandateRecord): void {
  changeMandate(call, record, 'canceled');
}

function changeMandate(
  call: Call,
  record: MandateRecord,
  inactiveReason: Stripe.Mandate.PaymentMethodDetails.Card.India.InactiveReason | null,
): void {
  const before = structuredClone(record.wire);
  record.wire.status = inactiveReason === null ? 'active' : 'inactive';
  record.wire.payment_method_details.card = { india: { inactive_reason: inactiveReason } };
  call.world.store.mandates.put(record.wire.id, record);
  announceChange(call, 'mandate.updated', record.wire, before);
}

export const readMandate: Handler = ({ world }, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = world.store.mandates.get(id);
  if (!record) throw resourceMissing('mandate', id);
  return record.wire;
};
