// Whatever an activity is completed with, only an answer to its own step is taken for one.
import { expect, test } from 'vitest';
import type { CustomerEvent } from '../../domain/model/events.ts';
import { isAnswerTo } from '../../workflows/answers.ts';

const ATTEMPT = {
  do: 'attemptCharge',
  chargeId: 'may',
  paymentIntentId: null,
  intentNumber: 1,
  attemptNumber: 1,
  paymentMethodId: 'pm_1',
  stripeMandateId: null,
  fingerprint: null,
  known: null,
  amount: 900,
  currency: 'eur',
  stripeCustomerId: 'cus_1',
} as const;
const READ = { do: 'readPaymentIntent', chargeId: 'may', paymentIntentId: 'pi_1', known: null } as const;
const READ_JUNE = { ...READ, chargeId: 'june' };
const reading = {
  paymentIntentId: 'pi_1',
  status: 'succeeded',
  amount: 900,
  amountReceived: 900,
  amountRefunded: 0,
};

const CREATED = { kind: 'paymentIntentCreated', chargeId: 'may', paymentIntentId: 'pi_1' };
const RECORDED = { through: 4, digest: '0a', alreadyClosed: [] };
const attempted = (...events: object[]) => ({
  kind: 'chargeAttempted',
  chargeId: 'may',
  events: events.map((event) => ({ event, atMs: 1 })),
  recorded: null,
});

test('an answer to the step is one', () => {
  expect(
    isAnswerTo(ATTEMPT, attempted(CREATED, { kind: 'paymentIntentRead', chargeId: 'may', reading })),
  ).toBe(true);
  expect(isAnswerTo(ATTEMPT, { ...attempted(CREATED), recorded: RECORDED })).toBe(true);
  expect(isAnswerTo(ATTEMPT, attempted({ kind: 'halted', chargeId: 'may' }))).toBe(true);
  expect(
    isAnswerTo(ATTEMPT, attempted({ kind: 'claimRefused', chargeId: 'may', paymentIntentId: null })),
  ).toBe(true);
  const refused = { kind: 'refused', step: ATTEMPT, request: 'create', code: 'x' };
  expect(isAnswerTo(ATTEMPT, attempted(refused))).toBe(true);
  expect(isAnswerTo(READ, { kind: 'paymentIntentRead', chargeId: 'may', reading })).toBe(true);
  expect(isAnswerTo({ do: 'load' }, { kind: 'loaded', snapshot: null, charges: [] })).toBe(true);
});

test.each<[CustomerEvent['kind'], object]>([
  ['openCharge', { actor: 'm', chargeId: 'june', amount: 99_999_999, currency: 'eur' }],
  ['enrol', { actor: 'm', requestId: 'r' }],
  ['resume', { actor: 'm' }],
  ['loaded', { snapshot: null, charges: [] }],
  ['recorded', { through: 1, alreadyClosed: [] }],
  ['refused', { step: ATTEMPT, code: 'x' }],
  ['unanswered', { step: ATTEMPT }],
  ['attemptStarted', { step: ATTEMPT }],
  ['paymentIntentCreated', { chargeId: 'june', paymentIntentId: 'pi_1' }],
  ['paymentIntentCreated', { chargeId: 'may', paymentIntentId: 'seti_1' }],
  ['paymentIntentCreated', { chargeId: 'may' }],
  ['paymentIntentRead', { chargeId: 'june', reading }],
  ['paymentIntentRead', { chargeId: 'may', reading: { ...reading, paymentIntentId: 'pi_2' } }],
  ['paymentIntentRead', { chargeId: 'may', reading: { ...reading, amountReceived: '900' } }],
  ['paymentIntentRead', { chargeId: 'may', reading: null }],
  ['paymentIntentRead', { chargeId: 'may' }],
])('%s %o answers neither an attempt nor the reading of an intent', (kind, fields) => {
  expect(isAnswerTo(ATTEMPT, { kind, ...fields })).toBe(false);
  expect(isAnswerTo(READ, { kind, ...fields })).toBe(false);
});

test.each([null, undefined, 1, 'x', [], {}, { kind: null }, { kind: 'toString' }, { kind: '__proto__' }])(
  '%o answers nothing',
  (answer) => {
    for (const step of [ATTEMPT, READ, { do: 'load' }, { do: 'record' }] as const)
      expect(isAnswerTo(step, answer)).toBe(false);
  },
);

test.each([
  ['nothing at all', { events: [] }],
  ['what is no list', { events: { 0: { event: CREATED, atMs: 1 } } }],
  ['another charge', { chargeId: 'june' }],
  ['an event without its time', { events: [{ event: CREATED }] }],
  ['an event that is none', { events: [{ event: null, atMs: 1 }, null] }],
  ['what a person asks for', attempted({ kind: 'cancelCharge', chargeId: 'may', actor: 'm' })],
  ['the making of another charge’s intent', attempted({ ...CREATED, chargeId: 'june' })],
  ['an intent that is none', attempted({ ...CREATED, paymentIntentId: 'seti_1' })],
  [
    'a reading without an amount',
    attempted({ kind: 'paymentIntentRead', chargeId: 'may', reading: { status: 'succeeded' } }),
  ],
  ['the refusal of something else', attempted({ kind: 'refused', step: READ_JUNE, code: 'x' })],
  ['a record without its digest', { recorded: { through: 4, alreadyClosed: [] } }],
  ['a record without its end', { recorded: { ...RECORDED, through: '4' } }],
  ['no word of a record', { recorded: undefined }],
])('an attempt that has learnt %s is none', (_what, fields) => {
  expect(isAnswerTo(ATTEMPT, { ...attempted(CREATED), ...fields })).toBe(false);
});

test.each<[string, object]>([
  ['of another charge', { kind: 'paymentIntentRead', chargeId: 'june', reading }],
  [
    'of another intent',
    { kind: 'paymentIntentRead', chargeId: 'may', reading: { ...reading, paymentIntentId: 'pi_2' } },
  ],
  [
    'without amounts',
    { kind: 'paymentIntentRead', chargeId: 'may', reading: { ...reading, amountReceived: null } },
  ],
  ['about something else', { kind: 'recorded', through: 1, alreadyClosed: [] }],
])('an attempt is not answered by a list with one %s', (_what, event) => {
  const step = { ...ATTEMPT, paymentIntentId: 'pi_1' };
  const right = { kind: 'paymentIntentRead', chargeId: 'may', reading };
  expect(isAnswerTo(step, attempted(right))).toBe(true);
  expect(isAnswerTo(step, attempted(right, event))).toBe(false);
  expect(isAnswerTo(step, attempted(event))).toBe(false);
});
