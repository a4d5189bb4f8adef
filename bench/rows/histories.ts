// What an enrolment, a charge, a step-up, a month and a year leave in Temporal.
import { setTimeout as pause } from 'node:timers/promises';
import { skipTime } from '../../dev/time.ts';
import { workflowIdOf } from '../../workflows/messages.ts';
import type { Bench, Goal, RowResult } from '../bench.ts';
import { authenticate, requestCounts, script } from '../emulator.ts';
import { costAtRest, costBetween, type HistoryCost } from '../history-cost.ts';
import { figure } from '../numbers.ts';

const DAY_MS = 24 * 3_600_000;
const MONTH_DAYS = 30;
const MONTHS = 12;
const DUE_IN_MS = 8_000;
const ASK_EVERY_MS = 200;
const ANSWER_WITHIN_MS = 60_000;
const CUSTOMER = 'history';
const CONSENT = { termsVersion: '1', acceptedAt: '2026-01-02T09:00:00Z' };

interface Cost extends HistoryCost {
  readonly requests: number;
}

export async function histories(bench: Bench): Promise<RowResult> {
  const { product, stage, say, signal } = bench;
  const { client, emulatorUrl } = stage;
  const workflowId = workflowIdOf(CUSTOMER);
  const path = `/v1/customers/${CUSTOMER}`;
  let charges = 0;

  const costSoFar = () => costAtRest(client, workflowId);
  async function costOf(what: string, act: () => Promise<unknown>): Promise<Cost> {
    const before = await costSoFar();
    const asked = await requestCounts(emulatorUrl);
    await act();
    const cost = costBetween(before, await costSoFar());
    say(`${what}: ${cost.workflowTasks} workflow tasks, ${cost.events} events, ${cost.bytes} bytes`);
    return { ...cost, requests: (await requestCounts(emulatorUrl)).requests - asked.requests };
  }
  async function untilCharge(chargeId: string, status: string): Promise<{ paymentIntentId: string }> {
    for (const giveUpAt = Date.now() + ANSWER_WITHIN_MS; ; ) {
      const { body } = await product.call('GET', `${path}/charges/${chargeId}`);
      if (body.status === status) return body;
      if (Date.now() > giveUpAt)
        throw new Error(`${chargeId} is ${body.status}, and not ${status}, after a minute`);
      await pause(ASK_EVERY_MS, undefined, { signal });
    }
  }
  async function charge(status: string, dueAtMs?: number) {
    charges += 1;
    const chargeId = `history-${charges}`;
    const due = dueAtMs === undefined ? {} : { dueAt: new Date(dueAtMs).toISOString() };
    await product.call('POST', `${path}/charges`, { chargeId, amount: 1500, currency: 'eur', ...due });
    return { chargeId, ...(await untilCharge(chargeId, status)) };
  }
  /** Charges end in the ledger before the workflow has come to rest, and time is skipped only of one at rest. */
  async function month() {
    await charge('succeeded');
    await costSoFar();
    await skipTime({ client, workflowId, emulatorUrl, ms: MONTH_DAYS * DAY_MS });
  }

  const asked = await requestCounts(emulatorUrl);
  await product.call('POST', '/v1/customers', {
    customerId: CUSTOMER,
    paymentMethod: 'pm_card_visa',
    consent: CONSENT,
  });
  const enrolment: Cost = {
    ...(await costSoFar()),
    requests: (await requestCounts(emulatorUrl)).requests - asked.requests,
  };
  await charge('succeeded'); // the first one is not like the others
  const atOnce = await costOf('a charge asked for at once', () => charge('succeeded'));
  const due = await costOf('a charge due later', () => charge('succeeded', Date.now() + DUE_IN_MS));
  const { body: customer } = await product.call('GET', path);
  const card = await cardOf(emulatorUrl, customer.mandate.setupIntentId);
  const stepUp = await costOf('a step-up', async () => {
    await script(emulatorUrl, card, 'authentication_required');
    const { chargeId, paymentIntentId } = await charge('awaiting_step_up');
    await authenticate(emulatorUrl, paymentIntentId);
    await untilCharge(chargeId, 'succeeded');
  });
  const aMonth = await costOf('a month with one charge', month);
  const aYear = await costOf('a year with twelve charges', async () => {
    for (let index = 0; index < MONTHS; index += 1) await month();
  });

  const named: readonly [string, Cost][] = [
    ['an enrolment', enrolment],
    ['a charge asked for at once', atOnce],
    ['a charge due later, opening included', due],
    ['a step-up: declined, authenticated, paid', stepUp],
    ['a month with one charge', aMonth],
    ['a year with twelve charges', aYear],
  ];
  const numbers = [
    'workflowTasks',
    'events',
    'bytes',
    'actions',
    'activities',
    'timers',
    'signals',
    'searchAttributeUpserts',
    'runs',
    'requests',
  ] as const;
  const atMost = (what: string, most: number, got: number): Goal => ({
    what,
    wanted: `≤ ${figure(most)}`,
    got: figure(got),
    isMet: got <= most,
  });
  return {
    tables: [
      {
        title: 'What is left in Temporal',
        text: `Of one customer without an endpoint for notices. Billable actions as Temporal Cloud counts them, as far as a history
shows them: starts, signals, updates, timers, activities and their retries, search attribute upserts, child workflows.`,
        head: [
          '',
          'workflow tasks',
          'events',
          'bytes',
          'billable actions',
          'activities',
          'timers',
          'signals',
          'upserts',
          'runs',
          'requests to Stripe',
        ],
        rows: named.map(([what, cost]) => [what, ...numbers.map((name) => figure(cost[name]))]),
      },
    ],
    goals: [
      atMost('workflow tasks of a charge asked for at once', 3, atOnce.workflowTasks),
      atMost('workflow tasks of a charge due later, opening included', 3, due.workflowTasks),
      atMost('events of a charge asked for at once', 14, atOnce.events),
      atMost('bytes of a charge asked for at once', 5_000, atOnce.bytes),
      atMost('billable actions of a charge asked for at once', 4, atOnce.actions),
    ],
  };
}

/** The card that this SetupIntent has saved. */
async function cardOf(emulatorUrl: string, setupIntentId: string): Promise<string> {
  const answer = await fetch(`${emulatorUrl}/v1/setup_intents/${setupIntentId}`, {
    headers: { authorization: 'Bearer sk_test_emulator' },
  });
  return ((await answer.json()) as { payment_method: string }).payment_method;
}
