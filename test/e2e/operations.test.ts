// What operators do past the api: customers brought back after a lost Temporal cluster, the kill switch, erasure,
// export.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { exportCustomer } from '../../ops/commands/export.ts';
import { recoverAll, recoverOne } from '../../ops/commands/recover.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import { type Merchant, startMerchant } from '../support/merchant.ts';
import {
  CONSENT,
  DAY,
  startSharedBackends,
  startTestStack,
  type TestStack,
  UNTIL_GIVEN_UP,
} from '../support/stack.ts';

const BY = { actor: 'olga', reason: 'an exercise' };

interface Item {
  readonly data: { readonly noticeId?: string };
  readonly delivery?: { readonly outcome: string };
}
const FAILING = { method: 'POST', kind: 500, when: 'before', times: 50 };

let backends: Awaited<ReturnType<typeof startSharedBackends>>;
let merchant: Merchant;
let stack: TestStack;
beforeAll(async () => {
  [backends, merchant] = await Promise.all([startSharedBackends(), startMerchant()]);
  stack = await startTestStack({ backends, merchantUrl: merchant.url });
});
afterAll(async () => {
  await stack?.stop();
  await merchant?.stop();
  await backends?.stop();
});

const open = (customerId: string, more: object = {}) =>
  stack.post(`/v1/customers/${customerId}/charges`, {
    chargeId: `${customerId}-1`,
    amount: 1000,
    currency: 'eur',
    ...more,
  });

async function enrolAnd(customerId: string, ...outcomes: string[]) {
  const paymentMethod = await stack.enrol(customerId);
  if (outcomes.length > 0) await stack.control('outcomes', { paymentMethod, outcomes });
}

async function withKillSwitch(meanwhile: () => Promise<void>) {
  await backends.ledger.setKillSwitch({ isOn: true, ...BY });
  try {
    await meanwhile();
  } finally {
    await backends.ledger.setKillSwitch({ isOn: false, ...BY });
  }
}

const historyOf = (customerId: string) =>
  stack.client.workflow.getHandle(workflowIdOf(customerId)).fetchHistory();

/** The try that the attempt under way is at; 0 when none is. */
async function triesUnderWay(customerId: string): Promise<number> {
  const { raw } = await stack.client.workflow.getHandle(workflowIdOf(customerId)).describe();
  const confirm = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'attemptCharge');
  return confirm?.attempt ?? 0;
}

/** Why activities failed in the end. */
async function failuresOf(customerId: string) {
  const { events } = await historyOf(customerId);
  return events?.map(
    ({ activityTaskFailedEventAttributes: failed }) => failed?.failure?.applicationFailureInfo?.type,
  );
}

test('after the whole Temporal cluster is lost, recover all brings every customer back with nothing doubled', async () => {
  const owing = async (customerId: string, status: string, ...outcomes: string[]) => {
    await enrolAnd(customerId, ...outcomes);
    await open(customerId);
    return stack.untilCharge(customerId, `${customerId}-1`, status);
  };
  const closing = async () => {
    await owing('closing', 'awaiting_step_up', 'authentication_required');
    await stack.control('faults', {
      ...FAILING,
      path: '/v1/payment_intents/*/cancel',
      customerId: 'closing',
    });
    await stack.post('/v1/customers/closing/charges/closing-1/cancel');
    await stack.untilOnRecord('closing', 'charge_cancel_requested');
  };
  const unknown = async () => {
    await enrolAnd('unknown');
    const dropped = { ...FAILING, kind: 'drop', when: 'after' };
    const path = '/v1/payment_intents/*/confirm';
    await stack.control('faults', { ...dropped, path, customerId: 'unknown' });
    await open('unknown');
    await vi.waitFor(async () => expect((await stack.truth('unknown-1')).succeeded).toBe(1), 60_000);
  };
  const gone = async () => {
    await enrolAnd('gone');
    await stack.post('/v1/customers/gone/cancel');
    await stack.untilCustomer('gone', 'cancelled');
  };
  const later = async () => {
    await enrolAnd('later');
    await open('later', { dueAt: new Date(Date.now() + 10 * DAY).toISOString() });
  };
  const [retrying, waiting, came, slow] = await Promise.all([
    owing('soft', 'retrying', 'insufficient_funds'),
    owing('waiting', 'awaiting_step_up', 'authentication_required'),
    owing('came', 'awaiting_step_up', 'authentication_required'),
    owing('slow', 'processing', 'processing'),
    owing('settled', 'succeeded'),
    owing('cardless', 'awaiting_card', 'lost_card'),
    enrolAnd('promised'),
    closing(),
    unknown(),
    gone(),
    later(),
  ]);

  // The notices that had arrived, and are on record as such, before the loss.
  const told = ['enrolled-1', 'succeeded-settled-1'].map((noticeId) => `settled:${noticeId}`);
  await vi.waitFor(async () => {
    const { items } = await stack.get('/v1/customers/settled/evidence');
    const delivered = items.filter(
      ({ data, delivery }: Item) => data.noticeId && delivery?.outcome === 'sent',
    );
    expect(delivered.map(({ data }: Item) => `settled:${data.noticeId}`)).toEqual(told);
  }, 60_000);

  await stack.stop(); // and nobody will ever work in that namespace again
  await fetch(`${backends.emulatorUrl}/_emulator/faults`, { method: 'DELETE' });
  // A charge whose caller had their 202 in the very moment of the loss.
  const terms = { chargeId: 'promised-1', amount: 1000, currency: 'eur' };
  await backends.ledger.claimCharge('promised', terms, 'shop');
  await backends.ledger.acceptCharge('promised', 'promised-1');
  // Meanwhile the backends goes on, and nobody listens.
  await stack.control(`challenges/${came.paymentIntentId}`, { result: 'succeed' });
  await stack.control(`settle/${slow.paymentIntentId}`, {});

  stack = await startTestStack({ backends, merchantUrl: merchant.url });
  const bringBack = () => recoverAll({ ledger: backends.ledger, client: stack.client }, () => {});
  expect(await bringBack()).toEqual({ started: 10, running: 0, over: 1 });
  expect(await bringBack()).toEqual({ started: 0, running: 10, over: 1 });

  for (const id of ['settled', 'came', 'slow', 'promised', 'unknown']) {
    await stack.untilCharge(id, `${id}-1`, 'succeeded');
    const truth = await stack.truth(`${id}-1`);
    expect({ id, succeeded: truth.succeeded, intents: truth.intents.length }).toEqual({
      id,
      succeeded: 1,
      intents: 1,
    });
  }
  await stack.untilCharge('closing', 'closing-1', 'cancelled');
  expect(await stack.truth('closing-1')).toMatchObject({ succeeded: 0, intents: [{ status: 'canceled' }] });

  await stack.untilCustomer('waiting', 'awaiting_step_up');
  const still = await stack.get('/v1/customers/waiting/charges/waiting-1');
  expect(still).toMatchObject({ status: 'awaiting_step_up', paymentIntentId: waiting.paymentIntentId });
  expect(still.stepUp.deadline).toBe(waiting.stepUp.deadline);
  await stack.control(`challenges/${waiting.paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('waiting', 'waiting-1', 'succeeded');
  expect((await stack.truth('waiting-1')).succeeded).toBe(1);

  expect(await stack.get('/v1/customers/soft/charges/soft-1')).toMatchObject({
    status: 'retrying',
    nextAttemptAt: retrying.nextAttemptAt,
    attempts: [{ number: 1, outcome: 'declined' }],
  });
  expect((await stack.truth('soft-1')).attempts).toBe(1);
  expect((await stack.get('/v1/customers/cardless/charges/cardless-1')).status).toBe('awaiting_card');
  expect((await stack.get('/v1/customers/later/charges/later-1')).status).toBe('scheduled');
  expect((await stack.truth('later-1')).intents).toEqual([]);

  // No notice arrives twice, and those of what came after arrive.
  const receivedIds = () => merchant.received.map(({ id }) => id);
  await vi.waitFor(() => expect(receivedIds()).toContain('came:succeeded-came-1'), 60_000);
  for (const id of told) expect(receivedIds().filter((other) => other === id)).toEqual([id]);

  // Each answer of the bank's is on record once.
  for (const id of ['came', 'slow', 'promised', 'unknown', 'waiting']) {
    const { items } = await stack.get(`/v1/customers/${id}/evidence`);
    const paid = items.filter(
      ({ kind, data }: { kind: string; data: { outcome?: string } }) =>
        kind === 'attempt' && data.outcome === 'succeeded',
    );
    expect({ id, paid: paid.length }).toEqual({ id, paid: 1 });
  }
});

test('a customer whose run was ended is brought back alone, waits for the bank as before, and pays once', async () => {
  await enrolAnd('ended', 'authentication_required');
  await open('ended');
  const { paymentIntentId, stepUp } = await stack.untilCharge('ended', 'ended-1', 'awaiting_step_up');
  await stack.untilOnRecord('ended', 'notice');
  await stack.client.workflow.getHandle(workflowIdOf('ended')).terminate('TMPRL1100');
  expect(await recoverOne('ended', { ledger: backends.ledger, client: stack.client })).toBe('started');
  const back = await stack.untilCharge('ended', 'ended-1', 'awaiting_step_up');
  expect(back).toMatchObject({ paymentIntentId, stepUp: { deadline: stepUp.deadline } });
  await stack.control(`challenges/${paymentIntentId}`, { result: 'succeed' });
  await stack.untilCharge('ended', 'ended-1', 'succeeded');
  expect(await stack.truth('ended-1')).toMatchObject({ succeeded: 1, intents: [{ paymentIntentId }] });
});

test('somebody nobody knows is not recovered, and a customer who is closed stays as they are', async () => {
  const { ledger } = backends;
  expect(await recoverOne('nobody', { ledger, client: stack.client })).toBeNull();
  const before = (await stack.get('/v1/customers/gone/evidence')).items.length;
  expect(await recoverOne('gone', { ledger, client: stack.client })).toBe('over');
  expect((await stack.get('/v1/customers/gone/evidence')).items).toHaveLength(before);
});

test('while the kill switch is on nothing is attempted, all else goes on; released, it is collected once', async () => {
  await enrolAnd('away', 'authentication_required');
  await open('away');
  const away = await stack.untilCharge('away', 'away-1', 'awaiting_step_up');
  await withKillSwitch(async () => {
    expect(await stack.get('/readyz')).toMatchObject({ status: 'ready', killSwitch: 'on', workers: 1 });
    // The customer's page gives out nothing to confirm with; whoever was at the bank already is taken in.
    const session = await stack.post(`${new URL(away.stepUp.url).pathname}/session`);
    expect(session).toMatchObject({ status: 503, body: { code: 'payments_stopped' } });
    await stack.control(`challenges/${away.paymentIntentId}`, { result: 'succeed' });
    await stack.untilCharge('away', 'away-1', 'succeeded');

    await enrolAnd('stopped');
    await open('stopped');
    await open('stopped', { chargeId: 'stopped-2' });
    const held = await stack.untilCharge('stopped', 'stopped-1', 'held');
    expect(held.attempts).toEqual([]);
    const { currentDetails } = await stack.client.workflow
      .getHandle(workflowIdOf('stopped'))
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('Waits until the kill switch is released.');
    expect(currentDetails).not.toContain('Nothing to do.');
    await stack.passTime('stopped', 11 * 60_000);
    expect((await stack.get('/v1/customers/stopped/charges/stopped-1')).status).toBe('held');
    await stack.post('/v1/customers/stopped/charges/stopped-2/cancel');
    await stack.untilCharge('stopped', 'stopped-2', 'cancelled');
    expect((await stack.truth('stopped-1')).attempts).toBe(0);
  });
  await stack.passTime('stopped', 6 * 60_000);
  const charge = await stack.untilCharge('stopped', 'stopped-1', 'succeeded');
  expect(charge.attempts).toMatchObject([{ number: 1, outcome: 'succeeded' }]);
  expect(await stack.truth('stopped-1')).toMatchObject({ attempts: 1, succeeded: 1 });
  expect((await stack.get('/readyz')).killSwitch).toBe('off');
});

test('the kill switch stays on over many requests: events are taken in, nobody is charged, and then each charge once', async () => {
  await enrolAnd('patient', 'processing');
  await open('patient', { chargeId: 'patient-0' });
  const { paymentIntentId } = await stack.untilCharge('patient', 'patient-0', 'processing');
  const held = ['patient-1', 'patient-2', 'patient-3'];
  await withKillSwitch(async () => {
    for (const chargeId of held) await open('patient', { chargeId });
    for (const chargeId of held) await stack.untilCharge('patient', chargeId, 'held');
    await stack.passTime('patient', 11 * 60_000);
    await stack.control(`settle/${paymentIntentId}`, {});
    await stack.untilCharge('patient', 'patient-0', 'succeeded');
    await stack.passTime('patient', 11 * 60_000);
    const { events } = await historyOf('patient');
    const asked = events?.filter(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === 'attemptCharge',
    );
    expect(asked?.length).toBeGreaterThanOrEqual(1 + 4); // patient-0 was sent; then at once, and every five minutes
    for (const chargeId of held) {
      const charge = await stack.get(`/v1/customers/patient/charges/${chargeId}`);
      expect(charge).toMatchObject({ status: 'held', attempts: [] });
      expect((await stack.truth(chargeId)).attempts).toBe(0);
    }
  });
  await stack.passTime('patient', 6 * 60_000);
  for (const chargeId of held) {
    const charge = await stack.untilCharge('patient', chargeId, 'succeeded');
    expect(charge.attempts).toMatchObject([{ number: 1, outcome: 'succeeded' }]);
    expect(await stack.truth(chargeId)).toMatchObject({ attempts: 1, succeeded: 1, intents: [{}] });
  }
});

test('a try repeated under the kill switch may have been sent: the intent is read, and only what was not is held', async () => {
  for (const [customerId, when] of [
    ['sent', 'after'],
    ['unsent', 'before'],
  ] as const) {
    await stack.enrol(customerId);
    const path = '/v1/payment_intents/*/confirm';
    await stack.control('faults', { method: 'POST', path, kind: 'drop', when, times: UNTIL_GIVEN_UP });
    await open(customerId);
    await expect.poll(() => triesUnderWay(customerId), { timeout: 60_000, interval: 20 }).toBeGreaterThan(1);
    await withKillSwitch(async () => {
      const status = when === 'after' ? 'succeeded' : 'held';
      await stack.untilCharge(customerId, `${customerId}-1`, status);
      expect(await failuresOf(customerId)).toContain('KillSwitchOn');
      expect((await stack.truth(`${customerId}-1`)).attempts).toBe(when === 'after' ? 1 : 0);
    });
    await fetch(`${backends.emulatorUrl}/_emulator/faults`, { method: 'DELETE' });
  }
  await stack.passTime('unsent', 6 * 60_000);
  const { attempts } = await stack.untilCharge('unsent', 'unsent-1', 'succeeded');
  expect(attempts).toMatchObject([
    { number: 1, outcome: 'unknown' },
    { number: 2, outcome: 'succeeded' },
  ]);
  for (const chargeId of ['sent-1', 'unsent-1'])
    expect(await stack.truth(chargeId)).toMatchObject({ attempts: 1, succeeded: 1, intents: [{}] });
});

test('erasure removes personal data and leaves the money trail; the export shows what is still there', async () => {
  const secrets = ['ada@example.com', '198.51.100.7', 'Mozilla', 'her knee', 'VIP'];
  await stack.enrol('erased', 'pm_card_visa', {
    email: 'ada@example.com',
    metadata: { note: 'VIP' },
    consent: { ...CONSENT, ip: '198.51.100.7', userAgent: 'Mozilla' },
  });
  await open('erased', { description: 'her knee' });
  await stack.untilCharge('erased', 'erased-1', 'succeeded');
  const paths = ['', '/charges', '/charges/erased-1', '/evidence'].map(
    (path) => `/v1/customers/erased${path}`,
  );
  const all = async () =>
    JSON.stringify([
      await Promise.all(paths.map(stack.get)),
      await exportCustomer('erased', backends.ledger),
    ]);
  const before = await all();
  for (const secret of secrets) expect(before).toContain(secret);

  expect(await backends.ledger.erase({ customerId: 'erased', ...BY })).toHaveLength(3);
  const after = await all();
  for (const secret of secrets) expect(after).not.toContain(secret);
  expect(await stack.get('/v1/customers/erased/charges/erased-1')).toMatchObject({ status: 'succeeded' });
  expect((await open('erased', { description: 'her knee' })).status).toBe(200);
  expect((await open('erased', { amount: 1001 })).status).toBe(409);
  expect((await stack.truth('erased-1')).succeeded).toBe(1);

  const record = await exportCustomer('erased', backends.ledger);
  expect(record).toMatchObject({
    customerId: 'erased',
    personalData: {},
    metadata: {},
    charges: [{ status: 'succeeded' }],
    operatorActions: [{ kind: 'erased', ...BY }],
  });
  const { evidence, stripeObjects } = record as { evidence: { kind: string }[]; stripeObjects: object[] };
  expect(evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['consent', 'mandate', 'attempt']));
  expect(stripeObjects.length).toBeGreaterThanOrEqual(3);
});
