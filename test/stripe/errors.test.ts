// What each answer of Stripe's, or none, means for the activity that asked.
import { ApplicationFailure } from '@temporalio/activity';
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { callStripe, isDecline, isRateLimit, isUnexpectedState } from '../../stripe/errors.ts';
import { type ScriptedAnswer, scriptedStripe } from './scripted-stripe.ts';

const error = (fields: object) => ({ error: { message: 'words with a card 4242424242424242', ...fields } });

async function failureOf(answer: ScriptedAnswer): Promise<ApplicationFailure> {
  const { stripe } = await scriptedStripe(() => answer);
  const confirm = () => stripe.paymentIntents.confirm('pi_1', {}, { idempotencyKey: 'key' });
  const failure = await callStripe(confirm).catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  return failure as ApplicationFailure;
}

/** The error that the SDK makes of an answer. */
async function errorOf(answer: ScriptedAnswer): Promise<Stripe.errors.StripeError> {
  const { stripe } = await scriptedStripe(() => answer);
  return await stripe.paymentIntents.confirm('pi_1', {}).then(
    () => expect.unreachable(),
    (reason: Stripe.errors.StripeError) => reason,
  );
}

const INVALID = 'invalid_request_error';

describe('refused: the same request would be refused again, so it is not sent again', () => {
  test.each([
    [
      'a missing object',
      404,
      { type: INVALID, code: 'resource_missing', param: 'payment_method' },
      'resource_missing',
      'payment_method',
    ],
    [
      'a bad parameter',
      400,
      { type: INVALID, code: 'parameter_invalid_integer', param: 'amount' },
      'parameter_invalid_integer',
      'amount',
    ],
    ['a bad parameter without a code', 400, { type: INVALID, param: 'expand' }, INVALID, 'expand'],
    [
      'a state that does not fit',
      400,
      { type: INVALID, code: 'payment_intent_unexpected_state' },
      'payment_intent_unexpected_state',
      null,
    ],
    ['a key used with other parameters', 400, { type: 'idempotency_error' }, 'idempotency_error', null],
    [
      'a 402 that is no decline',
      402,
      { type: INVALID, code: 'country_unsupported' },
      'country_unsupported',
      null,
    ],
  ])('%s', async (_what, status, fields, code, param) => {
    const failure = await failureOf([status, error(fields)]);
    expect(failure).toMatchObject({ type: 'StripeRejected', nonRetryable: true });
    expect(failure.details).toEqual([code, 'req_1', param]);
  });
});

describe('unknown: nothing is known of the outcome, so the same request goes out again under the same key', () => {
  test.each<readonly [string, ScriptedAnswer, string, string | null]>([
    ['a server error', [500, error({ type: 'api_error' })], 'api_error', 'req_1'],
    ['a gateway that gives up', [502, { message: 'bad gateway' }], 'StripeAPIError', 'req_1'],
    ['a proxy that answers for Stripe', [200, { status: 'ok' }], 'StripeAPIError', 'req_1'],
    ['nothing at all', [200, {}], 'StripeAPIError', 'req_1'],
    [
      'a key in use',
      [409, error({ type: 'idempotency_error', code: 'idempotency_key_in_use' })],
      'idempotency_key_in_use',
      'req_1',
    ],
    ['a bad API key', [401, error({ type: INVALID, code: 'api_key_expired' })], 'api_key_expired', 'req_1'],
    ['a key that may not', [403, error({ type: INVALID })], INVALID, 'req_1'],
    ['a dropped connection', 'drop', 'StripeConnectionError', null],
    ['no answer in time', 'silence', 'StripeConnectionError', null],
  ])('%s', async (_what, answer, code, requestId) => {
    const failure = await failureOf(answer);
    expect(failure.type).toBe('StripeUnavailable');
    expect(failure.nonRetryable).toBe(false);
    expect(failure.details).toEqual([code, requestId, null]);
  });
});

test.each([
  ['too many requests', { type: INVALID, code: 'rate_limit' }],
  ['an object that is locked', { type: INVALID, code: 'lock_timeout' }],
])('%s: a wait of three seconds, and certainly nothing was done', async (_what, fields) => {
  const failure = await failureOf([429, error(fields)]);
  expect(failure).toMatchObject({ type: 'StripeRateLimited', nonRetryable: false, nextRetryDelay: '3s' });
  expect(isRateLimit(await errorOf([429, error(fields)]))).toBe(true);
});

test('neither the message nor the body of an error goes on', async () => {
  const body = error({
    type: 'card_error',
    code: 'card_declined',
    payment_intent: { client_secret: 'pi_secret_1' },
  });
  const { message, stack, details, cause } = await failureOf([402, body]);
  expect(JSON.stringify([message, stack, details, cause])).not.toMatch(/4242|secret/);
});

test('a fault that is not Stripe’s is named by its kind, and may be tried again', async () => {
  const failure = await callStripe(() => Promise.reject(new TypeError('a row with ada@example.com'))).catch(
    (reason: unknown) => reason,
  );
  expect(failure).toMatchObject({
    type: 'Unexpected',
    message: 'unexpected fault: TypeError',
    nonRetryable: false,
  });
});

test.each([
  [402, { type: 'card_error', code: 'card_declined' }, true],
  [402, { type: 'card_error', code: 'authentication_required' }, true],
  [402, { type: INVALID, code: 'country_unsupported' }, false],
  [400, { type: INVALID, code: 'card_declined' }, false],
  [429, { type: 'card_error', code: 'card_decline_rate_limit_exceeded' }, false],
  [500, { type: 'card_error', code: 'card_declined' }, false],
])('%i %j is a decline: %s', async (status, fields, isOne) => {
  expect(isDecline(await errorOf([status, error(fields)]))).toBe(isOne);
});

test.each([
  [400, 'payment_intent_unexpected_state', true],
  [400, 'setup_intent_unexpected_state', true],
  [400, 'intent_invalid_state', true],
  [400, 'resource_missing', false],
  [402, 'payment_intent_unexpected_state', false],
])('%i %s means that the present state is the answer: %s', async (status, code, isOne) => {
  expect(isUnexpectedState(await errorOf([status, error({ type: INVALID, code })]))).toBe(isOne);
});
