// What comes after a payment: refunds, disputes, early fraud warnings, events.
import type Stripe from 'stripe';
import type { Script, Steps } from '../script.ts';

function pay({ stripe, needed }: Script, of: string, token: string) {
  return needed(`${of}: its payment`, () =>
    stripe.paymentIntents.create({
      amount: 2000,
      currency: 'eur',
      allowed_payment_method_types: ['card'],
      payment_method: token,
      confirm: true,
    }),
  );
}

export const refunds: Steps = async (script) => {
  const { stripe, step, needed, key } = script;
  const { id: payment_intent } = await pay(script, 'refund', 'pm_card_visa');
  const part = await needed('refund: a part', () =>
    stripe.refunds.create({ payment_intent, amount: 500, reason: 'requested_by_customer' }),
  );
  await step('refund: retrieve', () => stripe.refunds.retrieve(part.id, { expand: ['charge'] }));
  await step('refund: metadata', () => stripe.refunds.update(part.id, { metadata: { refundId: 'r-1' } }));
  await step('refund: more than is left', () => stripe.refunds.create({ payment_intent, amount: 1501 }));
  await step('refund: the rest', () => stripe.refunds.create({ payment_intent }));
  await step('refund: once more', () => stripe.refunds.create({ payment_intent }, key('refund')));
  await step('refund: once more, the refusal is kept', () =>
    stripe.refunds.create({ payment_intent }, key('refund')),
  );
  await step('refund: cancel', () => stripe.refunds.cancel(part.id));
  await step('refund: list', () => stripe.refunds.list({ payment_intent }));
  await step('refund: of what does not exist', () => stripe.refunds.create({ payment_intent: 'pi_none' }));
};

export const disputes: Steps = async (script) => {
  const { stripe, step, until } = script;
  const { id: payment_intent } = await pay(script, 'dispute', 'pm_card_createDispute');
  const { data } = await until(
    'dispute: comes by itself',
    () => stripe.disputes.list({ payment_intent }),
    (list) => list.data.length > 0,
  );
  const id = data[0]?.id ?? '';
  await step('dispute: a refund is refused', () => stripe.refunds.create({ payment_intent }));
  await step('dispute: evidence is staged', () =>
    stripe.disputes.update(id, { evidence: { uncategorized_text: 'It was them.' }, submit: false }),
  );
  await step('dispute: given up', () => stripe.disputes.close(id));
  await step('dispute: given up again', () => stripe.disputes.close(id));
};

export const fraudWarnings: Steps = async (script) => {
  const { stripe, until } = script;
  const { id: payment_intent } = await pay(script, 'fraud', 'pm_card_createIssuerFraudRecord');
  await until(
    'fraud: the issuer warns',
    () => stripe.radar.earlyFraudWarnings.list({ payment_intent }),
    (list) => list.data.length > 0,
  );
};

export const events: Steps = async (script) => {
  const { stripe, until, needed } = script;
  const { id } = await needed('event: its customer', () => stripe.customers.create({ metadata: { a: 'b' } }));
  await needed('event: a change', () => stripe.customers.update(id, { name: 'Ada', metadata: { a: 'c' } }));
  const isOf = (event: Stripe.EventBase) => (event.data.object as { id?: string }).id === id;
  await until(
    'event: what was there before',
    async () => {
      const { data } = await stripe.events.list({ type: 'customer.updated', limit: 10 });
      const event = data.find(isOf);
      return event ? { type: event.type, data: event.data } : null;
    },
    (found) => found !== null,
  );
};
