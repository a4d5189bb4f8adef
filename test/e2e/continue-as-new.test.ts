// Runs that continue as new all the while: what arrives at that moment is taken in by one run, and once.
import { setTimeout } from 'node:timers/promises';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES, stripeEventReceived, workflowIdOf } from '../../workflows/messages.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** A charge that goes well is 11 events, and a refund that is read about as many: a run lasts about as long as a charge. */
const EVENTS_PER_RUN = 20;
/** Below the 15 attempts that a card has in 30 days. */
const CHARGES = 12;

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

let server: TemporalServer;
let stack: TestStack;
beforeAll(async () => {
  server = await startTemporal({
    searchAttributes: Object.values(SEARCH_ATTRIBUTES),
    ui: false,
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': EVENTS_PER_RUN },
    onProgress: () => {},
  });
  stack = await startTestStack({ temporalAddress: server.address });
});
afterAll(async () => {
  await stack.stop();
  await server.stop();
});

/** Every run of the customer until now, newest first, as Temporal has it. */
async function historiesOf(customerId: string) {
  const { workflow } = stack.client;
  const { runId: newest } = await workflow.getHandle(workflowIdOf(customerId)).describe();
  const histories: HistoryEvent[][] = [];
  for (let runId: string | undefined = newest; runId; ) {
    const history = await workflow.getHandle(workflowIdOf(customerId), runId).fetchHistory();
    const events: HistoryEvent[] = history.events ?? [];
    histories.push(events);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return histories;
}

/** Which refunds have been read, by all runs: each event makes one reading. */
async function refundsRead(customerId: string): Promise<string[]> {
  const events = (await historiesOf(customerId)).flat();
  return events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => {
    if (scheduled?.activityType?.name !== 'readRefund') return [];
    const [input] = scheduled.input?.payloads ?? [];
    return input ? [defaultPayloadConverter.fromPayload<{ refundId: string }>(input).refundId] : [];
  });
}

test('charges, events and cancellation requests arrive all the while: each charge is collected once, each event is taken in once, and no request fails', async () => {
  await stack.enrol('busy');
  const handle = stack.client.workflow.getHandle(workflowIdOf('busy'));
  let sent = 0;
  let isSending = true;
  const sending = (async () => {
    for (; isSending || sent <= CHARGES; sent += 1) {
      // Of a refund that Stripe does not know: each such event makes the workflow ask for it once.
      const event = { eventId: `evt_${sent}`, type: 'refund.created', objectId: `re_${sent}` };
      const sentAt = performance.now();
      await handle.signal(stripeEventReceived, event);
      if (sent % 10 === 0) await handle.cancel();
      // A busy machine answers later, and gets the next one later: what is tested is the moment, not the throughput.
      await setTimeout(60 + 5 * (performance.now() - sentAt));
    }
  })();
  const ids = Array.from({ length: CHARGES }, (_, index) => `busy-${index + 1}`);
  for (const chargeId of ids) {
    const request = { chargeId, amount: 1000, currency: 'eur' };
    const answers = await Promise.all([
      stack.post('/v1/customers/busy/charges', request),
      stack.post('/v1/customers/busy/charges', request),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 202]);
  }
  for (const chargeId of ids) await stack.untilCharge('busy', chargeId, 'succeeded');
  isSending = false;
  await sending;
  for (const chargeId of ids)
    expect(await stack.truth(chargeId)).toMatchObject({ succeeded: 1, attempts: 1 });
  expect(sent).toBeGreaterThan(CHARGES);
  const notified = Array.from({ length: sent }, (_, index) => `re_${index}`);
  await expect.poll(() => refundsRead('busy'), { timeout: 90_000 }).toHaveLength(sent);
  expect((await refundsRead('busy')).sort()).toEqual(notified.sort());
  expect((await historiesOf('busy')).length).toBeGreaterThan(CHARGES / 4);
});
