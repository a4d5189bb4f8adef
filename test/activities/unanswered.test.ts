// A worker that dies, or stands still and wakes up later, at any point of an attempt: what everybody else then does.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createFindPaymentIntentActivity } from '../../activities/find-payment-intent.ts';
import { createPaymentIntentActivities } from '../../activities/payment-intents.ts';
import { createSetupIntentActivities } from '../../activities/setup-intents.ts';
import { createStripeCustomerActivities } from '../../activities/stripe-customers.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { createStripeClient } from '../../stripe/client.ts';
import { charge, enrolled, mandate } from '../domain/fixtures.ts';
import { type Emulator, enrol, startEmulator } from '../emulator/start.ts';
import { inMemory } from '../support/databases.ts';
import { attemptOnce, requests, stepOf } from './_attempts.ts';
import { Run } from './_run.ts';

const DAY_AND_HOUR_S = 25 * 3600;

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger.close());

const stripeOf = (emulator: Emulator) => createStripeClient('sk_test_worker', emulator.url);

/** The activities of one worker. */
function workerOf(emulator: Emulator, workersLedger: Ledger = ledger) {
  const dependencies = { stripe: stripeOf(emulator), ledger: workersLedger };
  return {
    ...createStripeCustomerActivities(dependencies),
    ...createSetupIntentActivities(dependencies),
    ...createPaymentIntentActivities(dependencies),
    ...createFindPaymentIntentActivity(dependencies),
    ...requests(dependencies),
  };
}

/** Every write to the index of Stripe's objects fails, as for a worker that is killed just before it. */
const killed = () => Promise.reject(new Error('killed'));
const ledgerOfKilledWorker = (): Ledger => ({ ...ledger, addStripeObject: killed, claimIntent: killed });

const truth = async (emulator: Emulator, chargeId: string) =>
  (await emulator.control(`/truth?chargeId=${chargeId}`)).body as {
    attempts: number;
    succeeded: number;
    intents: object[];
  };

/** What a worker asks of the ledger in an attempt, in this order; `confirm` is the only thing it asks of Stripe after a claim. */
const MOMENTS = {
  'before the intent is made': { at: 'getPersonal', when: 'before' },
  'right after the creation': { at: 'claimIntent', when: 'before' },
  'right after the claim': { at: 'claimIntent', when: 'after' },
  'after the kill switch was asked': { at: 'isKillSwitchOn', when: 'after' },
  'right after the confirm': { at: 'recordAttempt', when: 'before' },
  'after the record, before Temporal hears': { at: 'recordAttempt', when: 'after' },
} as const;
type Moment = keyof typeof MOMENTS;
const ALL_MOMENTS = Object.keys(MOMENTS) as Moment[];

/** By then the bank has said yes. */
const isPaid = (moment: Moment) => MOMENTS[moment].at === 'recordAttempt';

/** A ledger that runs `then` at this moment. */
function interruptedAt(moment: Moment, then: () => Promise<unknown>): Ledger {
  const { at, when } = MOMENTS[moment];
  const whole = ledger[at] as (...input: unknown[]) => Promise<unknown>;
  return {
    ...ledger,
    [at]: async (...input: unknown[]) => {
      if (when === 'before') await then();
      const answer = await whole(...input);
      if (when === 'after') await then();
      return answer;
    },
  };
}

/** A customer with one charge of 20 EUR that is due. */
async function scene(chargeId: string) {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  const customerId = `of-${chargeId}`;
  await ledger.claimCharge(customerId, { chargeId, amount: 2000, currency: 'eur' }, 'shop');
  const nowMs = Date.now();
  const due = { chargeId, amount: 2000, paymentIntentId: null, dueAtMs: nowMs, openedAtMs: nowMs };
  const state = enrolled({
    customerId,
    policy: DEFAULT_POLICY,
    stripeCustomerId: customer.id,
    mandate: mandate({ paymentMethodId: paymentMethod, readAtMs: nowMs }),
    charges: [charge({ ...due, phase: { is: 'due', atMs: nowMs } })],
  });
  const dependencies = { stripe: stripeOf(emulator), ledger };
  return {
    emulator,
    customerId,
    chargeId,
    dependencies,
    run: new Run(dependencies, state),
    dying: (moment: Moment) => ({ stripe: dependencies.stripe, ledger: interruptedAt(moment, killed) }),
    frozen: (moment: Moment) => {
      let reached: () => void = () => undefined;
      let wake: () => void = () => undefined;
      const isThere = new Promise<void>((resolve) => {
        reached = resolve;
      });
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const standStill = () => {
        reached();
        return woken;
      };
      return {
        dependencies: { stripe: dependencies.stripe, ledger: interruptedAt(moment, standStill) },
        isThere,
        wake: () => wake(),
      };
    },
    truth: () => truth(emulator, chargeId),
    /** How the charge ended, by the ledger; its chain must be whole. */
    end: async () => {
      expect((await ledger.verify(customerId)).broken).toEqual([]);
      return (await ledger.getCharge(customerId, chargeId))?.status;
    },
    kinds: async () => (await ledger.listEvidence(customerId)).items.map(({ kind }) => kind),
  };
}

const named = (what: string, moment: Moment) => `${what}-${moment.replaceAll(/\W+/g, '-')}`;

describe.each(ALL_MOMENTS)('a worker that dies %s', (moment) => {
  test('is made up for by the next try: one intent, one payment, on record once', async () => {
    const { run, dying, dependencies, truth: found, end, kinds } = await scene(named('retried', moment));
    const state = run.startAttempt();
    await expect(attemptOnce(dying(moment), state)).rejects.toThrow();
    run.hear(await attemptOnce(dependencies, state, { attempt: 2 }));
    await run.work();
    expect(run.state.charges).toEqual([]);
    expect(await found()).toMatchObject({ attempts: 1, succeeded: 1, intents: [{ status: 'succeeded' }] });
    expect(await end()).toBe('succeeded');
    expect((await kinds()).filter((kind) => kind === 'charge_closed')).toHaveLength(1);
    expect(run.done.filter((step) => step.startsWith('read') || step.startsWith('find'))).toEqual([]);
  });

  test('and for whom nobody comes: the intent is found and read, and it is paid once', async () => {
    const { run, dying, truth: found, end } = await scene(named('given-up', moment));
    const state = run.startAttempt();
    await expect(attemptOnce(dying(moment), state)).rejects.toThrow();
    run.giveUp();
    await run.work();
    expect(run.state.charges).toEqual([]);
    expect(await found()).toMatchObject({ attempts: 1, succeeded: 1 });
    expect(await end()).toBe('succeeded');
  });

  test('and the charge is called off: it is paid exactly if the bank had said yes', async () => {
    const { run, chargeId, dying, truth: found, end } = await scene(named('called-off', moment));
    const state = run.startAttempt();
    await expect(attemptOnce(dying(moment), state)).rejects.toThrow();
    run.giveUp();
    run.hear({ kind: 'cancelCharge', actor: 'shop', chargeId });
    await run.work();
    expect(await found()).toMatchObject({ succeeded: isPaid(moment) ? 1 : 0 });
    expect(await end()).toBe(isPaid(moment) ? 'succeeded' : 'cancelled');
  });
});

describe.each(ALL_MOMENTS)('a worker that stands still %s, was given up, and wakes up', (moment) => {
  const isHarmless = async (zombie: Promise<unknown>, wake: () => void) => {
    wake();
    await zombie.catch(() => undefined);
  };

  test('after the charge was attempted again: one payment', async () => {
    const { run, frozen, truth: found, end } = await scene(named('zombie', moment));
    const { dependencies: zombies, isThere, wake } = frozen(moment);
    const zombie = attemptOnce(zombies, run.startAttempt());
    await isThere;
    run.giveUp();
    await run.work();
    expect(await end()).toBe('succeeded');
    await isHarmless(zombie, wake);
    expect(await found()).toMatchObject({ succeeded: 1 });
    expect(await end()).toBe('succeeded');
  });

  test('after the charge was called off: nothing is paid that was not', async () => {
    const { run, chargeId, frozen, truth: found, end } = await scene(named('zombie-called-off', moment));
    const { dependencies: zombies, isThere, wake } = frozen(moment);
    const zombie = attemptOnce(zombies, run.startAttempt());
    await isThere;
    run.giveUp();
    run.hear({ kind: 'cancelCharge', actor: 'shop', chargeId });
    await run.work();
    expect(run.state.charges).toEqual([]);
    await isHarmless(zombie, wake);
    expect(await found()).toMatchObject({ succeeded: isPaid(moment) ? 1 : 0 });
    expect(await end()).toBe(isPaid(moment) ? 'succeeded' : 'cancelled');
  });

  test('before anything else was put on record: the run goes on after what it wrote', async () => {
    const { run, frozen, truth: found, end, kinds } = await scene(named('zombie-first', moment));
    const { dependencies: zombies, isThere, wake } = frozen(moment);
    const zombie = attemptOnce(zombies, run.startAttempt());
    await isThere;
    run.giveUp();
    await isHarmless(zombie, wake);
    await run.work();
    expect(run.state.charges).toEqual([]);
    expect(await found()).toMatchObject({ attempts: 1, succeeded: 1 });
    expect(await end()).toBe('succeeded');
    expect(await kinds()).toContain('facts_superseded');
  });
});

test('two tries of one attempt get one answer, and it is on record once', async () => {
  const { run, dependencies, frozen, truth: found, end, kinds } = await scene('both');
  const state = run.startAttempt();
  const { dependencies: slow, isThere, wake } = frozen('right after the confirm');
  const first = attemptOnce(slow, state);
  await isThere;
  const second = await attemptOnce(dependencies, state, { attempt: 2 });
  wake();
  expect(await first).toEqual(second);
  run.hear(second);
  await run.work();
  expect(await found()).toMatchObject({ attempts: 1, succeeded: 1 });
  expect(await end()).toBe('succeeded');
  expect((await kinds()).filter((kind) => kind === 'attempt')).toHaveLength(1);
});

test('a record that fails in the middle has written nothing, and the next try writes all of it', async () => {
  const { run, dependencies, truth: found, end, customerId } = await scene('torn');
  const state = run.startAttempt();
  const torn: Ledger = {
    ...ledger,
    // The last thing that the transaction writes is what it cannot write.
    recordAttempt: (entry, key, answer) => ledger.recordAttempt(entry, key, { ...answer, digest: '\u0000' }),
  };
  await expect(attemptOnce({ ...dependencies, ledger: torn }, state)).rejects.toThrow();
  expect((await ledger.listEvidence(customerId)).items).toEqual([]);
  expect(await ledger.getCustomer(customerId)).toBeNull();
  run.hear(await attemptOnce(dependencies, state, { attempt: 2 }));
  await run.work();
  expect(await found()).toMatchObject({ attempts: 1, succeeded: 1 });
  expect(await end()).toBe('succeeded');
});

test('another release decides otherwise: the workflow’s word counts, and the record says so', async () => {
  const { run, dependencies, end, kinds } = await scene('released');
  const answer = await attemptOnce(dependencies, run.startAttempt());
  const recorded = answer.recorded && { ...answer.recorded, digest: 'of another release' };
  run.hear({ ...answer, recorded });
  await run.work();
  expect(run.state.charges).toEqual([]);
  expect(await end()).toBe('succeeded');
  expect((await kinds()).filter((kind) => kind === 'facts_superseded' || kind === 'charge_closed')).toEqual([
    'charge_closed',
    'facts_superseded',
    'charge_closed',
  ]);
});

test('an attempt that was stopped by the kill switch has made its intent, and leaves its number free', async () => {
  const { run, dependencies, truth: found, end } = await scene('halted');
  await ledger.setKillSwitch({ isOn: true, actor: 'olga', reason: 'test' });
  onTestFinished(() => ledger.setKillSwitch({ isOn: false, actor: 'olga', reason: 'test' }));
  const answer = await attemptOnce(dependencies, run.startAttempt());
  expect(answer).toMatchObject({
    events: [{ event: { kind: 'paymentIntentCreated' } }, { event: { kind: 'halted' } }],
    recorded: null,
  });
  run.hear(answer);
  expect(run.state.charges).toMatchObject([{ phase: { is: 'due' }, attemptCount: 0 }]);
  expect(await found()).toMatchObject({ attempts: 0, intents: [{}] });
  await ledger.setKillSwitch({ isOn: false, actor: 'olga', reason: 'test' });
  await run.work();
  expect(await found()).toMatchObject({ attempts: 1, succeeded: 1, intents: [{}] });
  expect(await end()).toBe('succeeded');
});

test('killed after a creation whose key is forgotten since: the intent is found by its metadata', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = stepOf({ customerId: 'c', chargeId: 'forgotten', stripeCustomerId: customer.id });
  await expect(workerOf(emulator, ledgerOfKilledWorker()).createPaymentIntent(step)).rejects.toThrow(
    'unexpected fault',
  );
  const openedAtMs = Date.now();
  await emulator.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  const found = await workerOf(emulator).findPaymentIntent({ ...step, do: 'findPaymentIntent', openedAtMs });
  const { intents } = await truth(emulator, 'forgotten');
  expect(intents).toMatchObject([{ paymentIntentId: found.paymentIntentId }]);
});

test('two runs of one customer, as after a lost cluster that was not lost, share one intent, and it is paid once', async () => {
  const emulator = await startEmulator();
  const { customer, paymentMethod } = await enrol(emulator);
  const step = stepOf({
    customerId: 'c',
    chargeId: 'twice',
    stripeCustomerId: customer.id,
    paymentMethodId: paymentMethod,
  });
  const recovered = await workerOf(emulator).createPaymentIntent({ ...step, intentNumber: 2 });
  await workerOf(emulator).confirmPaymentIntent({
    ...step,
    intentNumber: 2,
    paymentIntentId: recovered.paymentIntentId,
  });
  const abandonedRun = await workerOf(emulator).createPaymentIntent(step);
  expect(abandonedRun.paymentIntentId).toBe(recovered.paymentIntentId);
  await expect(
    workerOf(emulator).confirmPaymentIntent({
      ...step,
      intentNumber: 1,
      paymentIntentId: abandonedRun.paymentIntentId,
    }),
  ).rejects.toMatchObject({ type: 'StripeRejected' });
  expect(await truth(emulator, 'twice')).toMatchObject({ attempts: 1, succeeded: 1 });
  const index = (await ledger.stripeObjectsOf('c')).filter(({ chargeId }) => chargeId === 'twice');
  expect(index.map(({ stripeId }) => stripeId)).toEqual([abandonedRun.paymentIntentId]);
});

test('a charge whose intent Stripe has canceled gets another', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = stepOf({ customerId: 'c', chargeId: 'again', stripeCustomerId: customer.id });
  const first = await workerOf(emulator).createPaymentIntent(step);
  await workerOf(emulator).cancelPaymentIntent({
    ...step,
    do: 'cancelPaymentIntent',
    paymentIntentId: first.paymentIntentId,
    known: null,
  });
  const second = await workerOf(emulator).createPaymentIntent({ ...step, intentNumber: 2 });
  expect(second.paymentIntentId).not.toBe(first.paymentIntentId);
});

test('a paid intent is found whatever its number: a ledger that was restored may not know of it', async () => {
  const emulator = await startEmulator();
  const { customer } = await enrol(emulator);
  const step = stepOf({ customerId: 'c', chargeId: 'restored', stripeCustomerId: customer.id });
  // What came after the backup is not in the index.
  const afterBackup = workerOf(emulator, ledgerOfKilledWorker());
  for (const intentNumber of [1, 2])
    await expect(afterBackup.createPaymentIntent({ ...step, intentNumber })).rejects.toThrow(
      'unexpected fault',
    );
  const intents = await emulator.stripe.paymentIntents.list({ customer: customer.id });
  const second = intents.data.find(({ metadata }) => metadata.intentNumber === '2');
  await emulator.stripe.paymentIntents.confirm(String(second?.id), { payment_method: 'pm_card_visa' });
  const search = { ...step, do: 'findPaymentIntent', openedAtMs: Date.now() } as const;
  expect((await workerOf(emulator).findPaymentIntent(search)).paymentIntentId).toBe(second?.id);
});

test('killed after the bank’s yes, and the key is forgotten since: the next try reads that it is paid', async () => {
  const { emulator, run, dying, dependencies, truth: found, end } = await scene('late');
  const state = run.startAttempt();
  await expect(attemptOnce(dying('right after the confirm'), state)).rejects.toThrow();
  await emulator.control('/clock', { advanceSeconds: DAY_AND_HOUR_S });
  const answer = await attemptOnce(dependencies, state, { attempt: 2 });
  run.hear(answer);
  await run.work();
  expect(await found()).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(await end()).toBe('succeeded');
});

test('a SetupIntent and a customer whose creation was never answered are found, not made again', async () => {
  const emulator = await startEmulator();
  const enrolment = { customerId: 'found', enrolmentNumber: 1, openedAtMs: Date.now() } as const;
  const creation = { ...enrolment, do: 'createStripeCustomer', tries: 0 } as const;
  await expect(workerOf(emulator, ledgerOfKilledWorker()).createStripeCustomer(creation)).rejects.toThrow(
    'killed',
  );
  const { stripeCustomerId } = await workerOf(emulator).createStripeCustomer({ ...creation, tries: 1 });
  expect((await emulator.stripe.customers.list()).data.map(({ id }) => id)).toEqual([stripeCustomerId]);

  const setup = {
    ...enrolment,
    do: 'createSetupIntent',
    setupNumber: 1,
    tries: 0,
    stripeCustomerId,
    terms: null,
  } as const;
  const first = await workerOf(emulator).createSetupIntent(setup);
  const second = await workerOf(emulator).createSetupIntent({ ...setup, tries: 1 });
  expect(second.setupIntentId).toBe(first.setupIntentId);
  const renewed = await workerOf(emulator).createSetupIntent({ ...setup, setupNumber: 2, tries: 1 });
  expect(renewed.setupIntentId).not.toBe(first.setupIntentId);
});
