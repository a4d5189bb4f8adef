// Somebody with another key of the same Stripe account pays with an intent that pretends to be ours.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestStack, type TestStack, UNTIL_GIVEN_UP } from '../support/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.stop());

const ATTACKER = 'sk_test_of_somebody_else';

test('with our metadata copied, paid and refunded, while our own create is never answered: nothing is called paid, and an operator is asked', async () => {
  const card = await stack.enrol('eve');
  const { stripeCustomerId, mandate } = await stack.get('/v1/customers/eve');
  // Whoever has a key of the account can read what we wrote on the SetupIntent.
  const { metadata } = await stack.stripe(
    'GET',
    `setup_intents/${mandate.setupIntentId}`,
    undefined,
    ATTACKER,
  );
  const theirs = await stack.stripe(
    'POST',
    'payment_intents',
    {
      amount: '1900',
      currency: 'eur',
      customer: stripeCustomerId,
      payment_method: card,
      confirm: 'true',
      'allowed_payment_method_types[0]': 'card',
      'metadata[customerId]': 'eve',
      'metadata[chargeId]': 'eve-1',
      'metadata[installationId]': metadata.installationId,
      'metadata[intentNumber]': '1',
    },
    ATTACKER,
  );
  expect(theirs).toMatchObject({ status: 'succeeded', amount_received: 1900 });
  await stack.stripe('POST', 'refunds', { payment_intent: theirs.id }, ATTACKER);
  const lost = { method: 'POST', path: '/v1/payment_intents', kind: 'drop', when: 'before' };
  await stack.control('faults', { ...lost, times: UNTIL_GIVEN_UP });

  const charge = { chargeId: 'eve-1', amount: 1900, currency: 'eur' };
  expect(await stack.post('/v1/customers/eve/charges', charge)).toMatchObject({ status: 202 });
  await stack.untilCharge('eve', 'eve-1', 'refused');
  expect(await stack.untilOnRecord('eve', 'charge_refused')).toMatchObject([
    { chargeId: 'eve-1', data: { code: 'ambiguous_payment_intent' } },
  ]);
  const { intents } = await stack.truth('eve-1');
  expect(intents).toMatchObject([{ paymentIntentId: theirs.id }]);
  expect(await stack.get('/v1/customers/eve/charges/eve-1')).not.toHaveProperty('paymentIntentId');
});
