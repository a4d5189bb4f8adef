// Payment methods: test tokens, attached, changed, made the default, detached.
import type { Steps } from '../script.ts';

export const paymentMethods: Steps = async ({ stripe, step, needed }) => {
  const { id: customer } = await needed('card: its customer', () => stripe.customers.create());
  await step('card: a token is resolved', () => stripe.paymentMethods.retrieve('pm_card_visa'));
  const { id } = await needed('card: attach', () => stripe.paymentMethods.attach('pm_card_fr', { customer }));
  await step('card: attach to nobody', () =>
    stripe.paymentMethods.attach('pm_card_visa', { customer: 'cus_none' }),
  );
  await step('card: one that declines to be saved', () =>
    stripe.paymentMethods.attach('pm_card_visa_chargeDeclined', { customer }),
  );
  await step('card: change', () =>
    stripe.paymentMethods.update(id, {
      billing_details: { name: 'Ada' },
      card: { exp_month: 3, exp_year: 2041 },
      metadata: { a: 'b' },
    }),
  );
  await step('card: the default', () =>
    stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } }),
  );
  await step('card: list', () => stripe.customers.listPaymentMethods(customer));
  await step('card: detach', () => stripe.paymentMethods.detach(id));
  await step('card: the default is cleared', () => stripe.customers.retrieve(customer));
  await step('card: used after that', () => stripe.paymentMethods.attach(id, { customer }));
  await step('card: changed after that', () => stripe.paymentMethods.update(id, { metadata: { a: 'c' } }));
  await step('card: raw numbers', () =>
    stripe.paymentMethods.create({
      type: 'card',
      card: { number: '4242424242424242', exp_month: 12, exp_year: 2041, cvc: '123' },
    }),
  );
};
