// SetupIntents: saved at once, declined, sent to the bank, cancelled.
import type { Steps } from '../script.ts';

export const setupIntents: Steps = async ({ stripe, step, needed }) => {
  const { id: customer } = await needed('setup: its customer', () => stripe.customers.create());
  const cards = { customer, allowed_payment_method_types: ['card' as const], usage: 'off_session' as const };
  const { id } = await needed('setup: create', () => stripe.setupIntents.create(cards));
  await step('setup: confirm without a card', () => stripe.setupIntents.confirm(id));
  await step('setup: confirm', () => stripe.setupIntents.confirm(id, { payment_method: 'pm_card_visa' }));
  await step('setup: confirm what is done', () =>
    stripe.setupIntents.confirm(id, { payment_method: 'pm_card_visa' }),
  );
  await step('setup: retrieve with its attempt', () =>
    stripe.setupIntents.retrieve(id, { expand: ['latest_attempt', 'payment_method'] }),
  );
  await step('setup: its attempts', () => stripe.setupAttempts.list({ setup_intent: id }));
  await step('setup: declined', () =>
    stripe.setupIntents.create({
      ...cards,
      payment_method: 'pm_card_visa_chargeDeclinedLostCard',
      confirm: true,
    }),
  );
  const sent = await needed('setup: the bank wants the customer', () =>
    stripe.setupIntents.create({
      ...cards,
      payment_method: 'pm_card_authenticationRequired',
      confirm: true,
      return_url: 'https://shop.example/back',
    }),
  );
  await step('setup: cancel', () =>
    stripe.setupIntents.cancel(sent.id, { cancellation_reason: 'abandoned' }),
  );
  await step('setup: cancel again', () => stripe.setupIntents.cancel(sent.id));
  await step('setup: dynamic methods without a return_url', () =>
    stripe.setupIntents.create({ payment_method: 'pm_card_visa', confirm: true }),
  );
  await step('setup: list', () => stripe.setupIntents.list({ customer, limit: 1 }));
};
