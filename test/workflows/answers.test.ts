// Whatever an activity is completed with, only an answer to its own step is taken for one.
import { expect, test } from 'vitest';
import type { CustomerEvent } from '../../domain/model/events.ts';
import { isAnswerTo } from '../../workflows/answers.ts';

const CREATE = {
  do: 'createPaymentIntent',
  chargeId: 'may',
  intentNumber: 1,
  amount: 900,
  currency: 'eur',
  stripeCustomerId: 'cus_1',
} as const;
const READ = { do: 'readPaymentIntent', chargeId: 'may', paymentIntentId: 'pi_1', known: null } as const;
const reading = {
  paymentIntentId: 'pi_1',
  status: 'succeeded',
  amount: 900,
  amountReceived: 900,
  amountRefunded: 0,
};

test('an answer to the step is one', () => {
  expect(isAnswerTo(CREATE, { kind: 'paymentIntentCreated', chargeId: 'may', paymentIntentId: 'pi_1' })).toBe(
    true,
  );
  expect(isAnswerTo(READ, { kind: 'paymentIntentRead', chargeId: 'may', reading })).toBe(true);
  expect(isAnswerTo({ do: 'load' }, { kind: 'loaded', snapshot: null, charges: [] })).toBe(true);
});

test.each<[CustomerEvent['kind'], object]>([
  ['openCharge', { actor: 'm', chargeId: 'june', amount: 99_999_999, currency: 'eur' }],
  ['enrol', { actor: 'm', requestId: 'r' }],
  ['resume', { actor: 'm' }],
  ['loaded', { snapshot: null, charges: [] }],
  ['recorded', { through: 1, alreadyClosed: [] }],
  ['refused', { step: CREATE, code: 'x' }],
  ['unanswered', { step: CREATE }],
  ['attemptStarted', { step: CREATE }],
  ['paymentIntentCreated', { chargeId: 'june', paymentIntentId: 'pi_1' }],
  ['paymentIntentCreated', { chargeId: 'may', paymentIntentId: 'seti_1' }],
  ['paymentIntentCreated', { chargeId: 'may' }],
  ['paymentIntentRead', { chargeId: 'june', reading }],
  ['paymentIntentRead', { chargeId: 'may', reading: { ...reading, paymentIntentId: 'pi_2' } }],
  ['paymentIntentRead', { chargeId: 'may', reading: { ...reading, amountReceived: '900' } }],
  ['paymentIntentRead', { chargeId: 'may', reading: null }],
  ['paymentIntentRead', { chargeId: 'may' }],
])('%s %o answers neither the creation nor the reading of an intent', (kind, fields) => {
  expect(isAnswerTo(CREATE, { kind, ...fields })).toBe(false);
  expect(isAnswerTo(READ, { kind, ...fields })).toBe(false);
});

test.each([null, undefined, 1, 'x', [], {}, { kind: null }, { kind: 'toString' }, { kind: '__proto__' }])(
  '%o answers nothing',
  (answer) => {
    for (const step of [CREATE, READ, { do: 'load' }, { do: 'record' }] as const)
      expect(isAnswerTo(step, answer)).toBe(false);
  },
);
