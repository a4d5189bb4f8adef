// What an attempt asks of whom, in which order, and what it does not ask again.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { beforeEach, expect, test } from 'vitest';
import { createAttemptChargeActivity } from '../../activities/attempt-charge.ts';
import { advanceAll } from '../../domain/advance.ts';
import type { EventOf } from '../../domain/model/events.ts';
import { sentState } from '../../domain/sent-state.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import type { AttemptAnswer, AttemptKey, ClaimedIntent, Ledger, RecordEntry } from '../../ledger/ledger.ts';
import { type ScriptedAnswer, scriptedStripe } from '../stripe/scripted-stripe.ts';
import { attempting } from './_attempts.ts';

const STATE = attempting({ customerId: 'ada', chargeId: 'july' });
const CHARGE = { id: 'ch_1', object: 'charge', amount_refunded: 0, failure_code: null };
const INTENT = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'requires_payment_method',
  amount: 2000,
  amount_received: 0,
  currency: 'eur',
  customer: 'cus_1',
  latest_charge: null,
};
const PAID = { ...INTENT, status: 'succeeded', amount_received: 2000, latest_charge: CHARGE };

/** Everything that was asked, of the ledger and of Stripe. */
let asked: string[];
/** Of every request to Stripe that may do something. */
let keys: (string | null)[];
let claimed: ClaimedIntent | null;
let isKillSwitchOn: boolean;
let onRecord: Map<string, AttemptAnswer>;
let isOver: boolean;
beforeEach(() => {
  asked = [];
  keys = [];
  claimed = { paymentIntentId: 'pi_1', indexedForMs: 0 };
  isKillSwitchOn = false;
  onRecord = new Map();
  isOver = false;
});

const named = (key: AttemptKey) => JSON.stringify(Object.entries(key).toSorted());

const LEDGER = {
  installationId: 'here',
  intentNonce: () => 'nonce',
  getPersonal: async () => null,
  recordedAttempt: async (key: AttemptKey) => {
    asked.push('is it on record?');
    return isOver ? 'over' : (onRecord.get(named(key)) ?? null);
  },
  claimIntent: async ({ paymentIntentId }: { paymentIntentId: string }) => {
    asked.push(`write ${paymentIntentId} down`);
    return claimed;
  },
  isKillSwitchOn: async () => {
    asked.push('kill switch?');
    return isKillSwitchOn;
  },
  recordAttempt: async (
    { facts }: RecordEntry,
    key: AttemptKey,
    { events, digest }: Pick<AttemptAnswer, 'events'> & { readonly digest: string },
  ): Promise<AttemptAnswer> => {
    asked.push(`record ${facts.map(({ kind }) => kind).join()}`);
    const answer = { events, recorded: { through: 9, digest, alreadyClosed: [] } };
    onRecord.set(named(key), answer);
    return answer;
  },
} as unknown as Ledger;

interface Circumstances {
  readonly state?: typeof STATE;
  readonly confirmed?: ScriptedAnswer;
  readonly created?: ScriptedAnswer;
  readonly attempt?: number;
  readonly startToCloseTimeoutMs?: number;
}

/** Runs the activity once, against a Stripe that answers each of the two requests like this. */
async function make({
  state = STATE,
  created = [200, INTENT],
  confirmed = [200, PAID],
  attempt = 1,
  startToCloseTimeoutMs = 60_000,
}: Circumstances = {}): Promise<EventOf<'chargeAttempted'>> {
  const { stripe } = await scriptedStripe(({ method, path, idempotencyKey }) => {
    if (method === 'POST') keys.push(idempotencyKey);
    asked.push(`${method} ${path.replace('/v1/payment_intents', '')}`);
    if (path.endsWith('/charges')) return [200, { object: 'list', has_more: false, data: [CHARGE] }];
    return path.endsWith('/confirm') ? confirmed : created;
  });
  const policy = DEFAULT_POLICY;
  const { attemptCharge } = createAttemptChargeActivity({ stripe, ledger: LEDGER, policy, notices: null });
  const info = { attempt, scheduledTimestampMs: Date.now(), startToCloseTimeoutMs };
  const environment = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  const input = { chargeId: 'july', state: sentState(state), nowMs: Date.now() };
  return await environment.run(attemptCharge, JSON.parse(JSON.stringify(input)));
}

const ALL = [
  'is it on record?',
  'POST ',
  'write pi_1 down',
  'kill switch?',
  'POST /pi_1/confirm',
  'record payment_intent_created,attempt,charge_closed,notice',
];

test('the intent is made, written down, and only then confirmed, right after the kill switch was asked; then the record', async () => {
  const answer = await make();
  expect(asked).toEqual(ALL);
  expect(answer.events.map(({ event }) => event.kind)).toEqual(['paymentIntentCreated', 'paymentIntentRead']);
});

test('made again, also by a worker that does not know, it is answered from the record, and nobody else is asked', async () => {
  const first = await make();
  asked = [];
  expect(await make({ attempt: 2 })).toEqual(first);
  expect(asked).toEqual(['is it on record?']);
});

test('for a charge that is over in the ledger nothing is asked of Stripe, and it leaves the customer', async () => {
  isOver = true;
  const { events, recorded } = await make();
  expect(asked).toEqual(['is it on record?']);
  expect(events).toMatchObject([{ event: { kind: 'alreadyClosed', chargeId: 'july' } }]);
  expect(recorded).toBeNull();
  expect(advanceAll(STATE, events).charges).toEqual([]);
});

test('a try after one that nobody answered asks for the same under the same keys', async () => {
  await expect(make({ confirmed: [500, { error: { type: 'api_error' } }] })).rejects.toThrow();
  const [create, confirm] = keys;
  await make({ attempt: 2 });
  await make({ attempt: 3, state: { ...STATE, sequence: STATE.sequence + 1 } });
  expect(keys).toEqual([create, confirm, create, confirm, create, confirm]);
  expect(create).not.toBe(confirm);
});

test('what is on record of an attempt answers no other one', async () => {
  await make();
  for (const other of [{ attemptNumber: 2 }, { intentNumber: 2 }, { chargeId: 'july', amount: 2100 }]) {
    asked = [];
    const state = attempting({ customerId: 'ada', chargeId: 'july', ...other });
    await make({ state: 'amount' in other ? { ...state, sequence: state.sequence + 1 } : state });
    expect(asked).toContain('POST /pi_1/confirm');
  }
});

test.each([
  ['another one is the charge’s', { paymentIntentId: 'pi_0', indexedForMs: 9 }, 'pi_0'],
  ['its number was ruled out', null, null],
])('it is not confirmed where %s', async (_why, claim, paymentIntentId) => {
  claimed = claim;
  const { events } = await make({ created: [200, INTENT] });
  expect(events.map(({ event }) => event)).toEqual([
    { kind: 'claimRefused', chargeId: 'july', paymentIntentId },
  ]);
  expect(asked.filter((what) => what.includes('confirm'))).toEqual([]);
});

test.each<[string, ScriptedAnswer]>([
  ['a server error', [500, { error: { type: 'api_error' } }]],
  ['a dropped connection', 'drop'],
  ['silence', 'silence'],
])('%s says nothing: nothing is recorded, and the same is asked again', async (_what, confirmed) => {
  await expect(make({ confirmed })).rejects.toMatchObject({ type: 'StripeUnavailable', nonRetryable: false });
  expect(asked.filter((what) => what.startsWith('record'))).toEqual([]);
});

test('a refusal says of which of the two requests it is', async () => {
  const refused = [400, { error: { type: 'invalid_request_error', code: 'x' } }] as const;
  expect((await make({ created: refused })).events).toMatchObject([
    { event: { kind: 'refused', request: 'create', code: 'x' } },
  ]);
  expect((await make({ state: { ...STATE, sequence: 1 }, confirmed: refused })).events).toMatchObject([
    { event: { kind: 'paymentIntentCreated' } },
    { event: { kind: 'refused', request: 'confirm', code: 'x' } },
  ]);
});

test('turned away for coming too often: nothing was sent, if it is the first try', async () => {
  const tooMany = { confirmed: [429, { error: { type: 'invalid_request_error' } }] } as const;
  const { events, recorded } = await make(tooMany);
  expect(events.at(-1)?.event).toEqual({ kind: 'rateLimited', chargeId: 'july' });
  expect(recorded).toBeNull();
  await expect(make({ ...tooMany, attempt: 2 })).rejects.toMatchObject({ type: 'StripeRateLimited' });
});

test('a try that was given up while it stood still confirms nothing', async () => {
  await expect(make({ startToCloseTimeoutMs: 0 })).rejects.toMatchObject({ type: 'GivenUp' });
  expect(asked.at(-1)).toBe('kill switch?');
});
