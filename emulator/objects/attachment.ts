// A card and its customer: who may use it, how it is saved, and how it is taken away.
import { cardByToken } from '../bank/cards.ts';
import { declineFor } from '../bank/declines.ts';
import { notAllowed, StripeProblem, unknownReference } from '../http/errors.ts';
import type { PaymentMethodRecord } from '../store/records.ts';
import type { Call } from '../store/world.ts';
import { announce, announceChange } from './events.ts';
import { cardOf, declinedError, newPaymentMethod } from './payment-method.ts';

/**
 * The payment method a parameter names, fit to be used for `customerId`; a `pm_card_*` token makes a fresh one.
 * @throws StripeProblem 400 if there is none, if it is used up, or if it belongs to somebody else
 */
export function usablePaymentMethod(
  call: Call,
  idOrToken: string,
  customerId: string | null,
): PaymentMethodRecord {
  const token = cardByToken(idOrToken);
  if (token) return newPaymentMethod(call.world, token);
  const record = call.world.store.paymentMethods.get(idOrToken);
  if (!record) throw unknownReference('PaymentMethod', idOrToken, 'payment_method');
  checkUsable(record, customerId);
  return record;
}

/** @throws StripeProblem 400 if the card is used up or belongs to somebody else */
export function checkUsable(record: PaymentMethodRecord, customerId: string | null): void {
  if (record.spent) {
    throw notAllowed(
      'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      { param: 'payment_method' },
    );
  }
  if (record.wire.customer !== null && record.wire.customer !== customerId) {
    throw notAllowed(
      `The provided PaymentMethod cannot be used here: ${record.wire.id} belongs to Customer ${String(record.wire.customer)}.`,
      { param: 'payment_method' },
    );
  }
}

/**
 * Saves the card with the customer.
 * @throws StripeProblem 402 for the cards that decline from the start
 */
export function attach(call: Call, record: PaymentMethodRecord, customerId: string): void {
  if (record.wire.customer === customerId) return;
  const card = cardOf(record);
  if (card.attachable !== 'yes') {
    const decline = card.decline ?? declineFor('generic_decline');
    throw new StripeProblem(402, declinedError(decline, record.wire), true);
  }
  record.wire.customer = customerId;
  call.world.store.paymentMethods.put(record.wire.id, record);
  announce(call, 'payment_method.attached', record.wire);
}

/** Takes the card away from its customer, for good. As their default card it is cleared. */
export function detach(call: Call, record: PaymentMethodRecord): void {
  const { customers, paymentMethods } = call.world.store;
  const before = structuredClone(record.wire);
  record.wire.customer = null;
  record.spent = true;
  paymentMethods.put(record.wire.id, record);
  announceChange(call, 'payment_method.detached', record.wire, before);

  const customer = customers.get(String(before.customer));
  if (customer?.wire.invoice_settings.default_payment_method !== record.wire.id) return;
  const customerBefore = structuredClone(customer.wire);
  customer.wire.invoice_settings.default_payment_method = null;
  customers.put(customer.wire.id, customer);
  announceChange(call, 'customer.updated', customer.wire, customerBefore);
}
