// What passes for an answer of Stripe's: an object of the key's own mode.
import { expect, test } from 'vitest';
import { fitsLivemode } from '../../stripe/checked-answers.ts';
import { callStripe } from '../../stripe/errors.ts';
import { scriptedStripe } from './scripted-stripe.ts';

const INTENT = { id: 'pi_1', object: 'payment_intent', status: 'succeeded' };

test('an object of the key’s mode is the answer', async () => {
  const { stripe } = await scriptedStripe(() => [200, { ...INTENT, livemode: false }]);
  expect(await stripe.paymentIntents.retrieve('pi_1')).toMatchObject(INTENT);
});

test.each([
  ['an object', { ...INTENT, livemode: true }],
  [
    'one of a list',
    {
      object: 'list',
      has_more: false,
      data: [
        { ...INTENT, livemode: false },
        { ...INTENT, livemode: true },
      ],
    },
  ],
])(
  '%s of real money is refused under a test key, as our fault and with its own code',
  async (_what, body) => {
    const { stripe } = await scriptedStripe(() => [200, body]);
    await expect(callStripe(() => stripe.paymentIntents.retrieve('pi_1'))).rejects.toMatchObject({
      type: 'StripeRejected',
      nonRetryable: true,
      details: ['livemode_mismatch', 'req_1', null],
    });
  },
);

test('an event fits the mode of the key or does not', () => {
  expect(fitsLivemode({ object: 'event', livemode: true }, true)).toBe(true);
  expect(fitsLivemode({ object: 'event', livemode: false }, true)).toBe(false);
  expect(fitsLivemode({ object: 'event', livemode: true }, false)).toBe(false);
  expect(fitsLivemode({ object: 'event', livemode: 'false' }, false)).toBe(false);
  expect(fitsLivemode({ object: 'event', livemode: null }, false)).toBe(false);
});
