// Payments that the bank declines, for want of the customer or for another reason.
import type { Steps } from '../script.ts';
import { saved } from './saved-card.ts';

export const declines: Steps = async (script) => {
  const { stripe, step, needed } = script;
  const { customer, card } = await saved(script, 'decline', 'pm_card_chargeCustomerFail');
  const { id } = await needed('decline: its payment', () =>
    stripe.paymentIntents.create({
      amount: 2000,
      currency: 'eur',
      customer,
      allowed_payment_method_types: ['card'],
    }),
  );
  await step('decline: a saved card', () =>
    stripe.paymentIntents.confirm(id, { payment_method: card, off_session: true }),
  );
  await step('decline: what is kept of it', () => stripe.paymentIntents.retrieve(id));
  for (const token of [
    'visa_chargeDeclined',
    'visa_chargeDeclinedInsufficientFunds',
    'visa_chargeDeclinedLostCard',
    'visa_chargeDeclinedStolenCard',
    'chargeDeclinedExpiredCard',
    'chargeDeclinedIncorrectCvc',
    'chargeDeclinedProcessingError',
    'visa_chargeDeclinedVelocityLimitExceeded',
  ]) {
    await step(`decline: ${token}`, () =>
      stripe.paymentIntents.confirm(id, { payment_method: `pm_card_${token}` }),
    );
  }
};

export const authentication: Steps = async (script) => {
  const { stripe, step, needed } = script;
  const { id: customer } = await needed('authentication: its customer', () => stripe.customers.create());
  const { id: card } = await needed('authentication: its card', () =>
    stripe.paymentMethods.attach('pm_card_authenticationRequired', { customer }),
  );
  const { id } = await needed('authentication: its payment', () =>
    stripe.paymentIntents.create({
      amount: 2000,
      currency: 'eur',
      customer,
      allowed_payment_method_types: ['card'],
    }),
  );
  await step('authentication: wanted while the customer is away', () =>
    stripe.paymentIntents.confirm(id, { payment_method: card, off_session: true }),
  );
  await step('authentication: what is kept of it', () => stripe.paymentIntents.retrieve(id));
  await step('authentication: refused by error_on_requires_action', () =>
    stripe.paymentIntents.confirm(id, { payment_method: card, error_on_requires_action: true }),
  );
  await step('authentication: the customer is sent to the bank', () =>
    stripe.paymentIntents.confirm(id, { payment_method: card, return_url: 'https://shop.example/back' }),
  );
  await step('authentication: cancelled while they are there', () => stripe.paymentIntents.cancel(id));
};
