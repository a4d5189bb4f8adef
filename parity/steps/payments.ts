// PaymentIntents off-session: paid, asked for again, changed by hand, cancelled, and what is refused of them.
import type Stripe from 'stripe';
import type { Steps } from '../script.ts';
import { saved } from './saved-card.ts';

export const payments: Steps = async (script) => {
  const { stripe, step, needed, key } = script;
  const { customer, card } = await saved(script, 'payment');
  const terms: Stripe.PaymentIntentCreateParams = {
    amount: 2000,
    currency: 'eur',
    customer,
    allowed_payment_method_types: ['card'],
    metadata: { chargeId: 'ch-1' },
  };
  const away = { payment_method: card, off_session: true };

  const { id } = await needed('payment: create', () => stripe.paymentIntents.create(terms));
  const paid = await needed('payment: confirm off-session', () =>
    stripe.paymentIntents.confirm(id, { ...away, expand: ['latest_charge'] }, key('confirm')),
  );
  await step('payment: confirm again under the key', () =>
    stripe.paymentIntents.confirm(id, { ...away, expand: ['latest_charge'] }, key('confirm')),
  );
  await step('payment: confirm what is paid', () => stripe.paymentIntents.confirm(id, away));
  await step('payment: change what is paid', () => stripe.paymentIntents.update(id, { amount: 900 }));
  await step('payment: cancel what is paid', () => stripe.paymentIntents.cancel(id));
  await step('payment: its charge', () =>
    stripe.charges.retrieve((paid.latest_charge as Stripe.Charge).id, { expand: ['payment_intent'] }),
  );
  await step('payment: charges by payment', () => stripe.charges.list({ payment_intent: id }));

  const open = await needed('payment: another', () => stripe.paymentIntents.create(terms));
  await step('payment: amount changed by hand', () =>
    stripe.paymentIntents.update(open.id, { amount: 90_000, description: 'By hand' }),
  );
  await step('payment: with a card of nobody’s', () =>
    stripe.paymentIntents.confirm(open.id, { payment_method: 'pm_none', off_session: true }),
  );
  await step('payment: with an unknown mandate', () =>
    stripe.paymentIntents.confirm(open.id, { ...away, mandate: 'mandate_none' }),
  );
  await step('payment: saved and used as saved at once', () =>
    stripe.paymentIntents.confirm(open.id, { ...away, setup_future_usage: 'off_session' }),
  );
  await step('payment: cancel', () =>
    stripe.paymentIntents.cancel(open.id, { cancellation_reason: 'abandoned' }, key('cancel')),
  );
  await step('payment: cancel again under the key', () =>
    stripe.paymentIntents.cancel(open.id, { cancellation_reason: 'abandoned' }, key('cancel')),
  );
  await step('payment: cancel again', () => stripe.paymentIntents.cancel(open.id, {}, key('cancel-2')));
  await step('payment: cancel again, the refusal is kept', () =>
    stripe.paymentIntents.cancel(open.id, {}, key('cancel-2')),
  );
  await step('payment: list', () => stripe.paymentIntents.list({ customer, limit: 1 }));
  await step('payment: list expanded', () =>
    stripe.paymentIntents.list({ customer, limit: 1, ending_before: id, expand: ['data.customer'] }),
  );

  for (const [what, change] of [
    ['too small', { amount: 10 }],
    ['too large', { amount: 100_000_000 }],
    ['no amount', { amount: 0 }],
    ['a fraction', { amount: 12.5 }],
    ['an unknown currency', { currency: 'xxq' }],
    ['a suffix without a letter', { statement_descriptor_suffix: '2026-11' }],
    ['a whole statement descriptor', { statement_descriptor: 'NOVEMBER' }],
    ['off_session without confirm', { off_session: true }],
    ['a customer who is not there', { customer: 'cus_none' }],
    ['two ways to choose methods', { automatic_payment_methods: { enabled: true } }],
  ] as const) {
    await step(`payment: refused for ${what}`, () => stripe.paymentIntents.create({ ...terms, ...change }));
  }
  await step('payment: rupiah of twelve digits', () =>
    stripe.paymentIntents.create({ ...terms, amount: 150_000_000, currency: 'idr' }),
  );
  await step('payment: currency in upper case', () =>
    stripe.paymentIntents.create({ ...terms, currency: 'EUR' }),
  );
};
