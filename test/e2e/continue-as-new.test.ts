// Runs that continue as new all the while: what arrives at that moment is taken in by one run, and once.
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';
import { SEARCH_ATTRIBUTES, stripeEventReceived, workflowIdOf } from '../../workflows/messages.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** A charge that goes well is about 40 events, so a run lasts about as long as a charge. */
const EVENTS_PER_RUN = 40;
/** Below the 15 attempts that a card has in 30 days. */
const CHARGES = 12;

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

/** The refunds on record, in the order in which they were asked for. */
async function refundsOnRecord(): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ; ) {
    const { items, nextCursor } = await stack.get(`/v1/customers/busy/evidence${cursor}`);
    for (const { kind, data } of items) if (kind === 'refund') found.push(data.refundId);
    if (!nextCursor) return found;
    cursor = `?cursor=${nextCursor}`;
  }
}

async function runs(customerId: string): Promise<number> {
  let count = 0;
  const { workflow } = stack.client;
  for (
    let runId: string | undefined = (await workflow.getHandle(workflowIdOf(customerId)).describe()).runId;
    runId;
  ) {
    count += 1;
    const { events } = await workflow.getHandle(workflowIdOf(customerId), runId).fetchHistory();
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return count;
}

test('charges, events and cancellation requests arrive all the while: each charge is collected once, each event is taken in once, and no request fails', async () => {
  await stack.enrol('busy');
  const handle = stack.client.workflow.getHandle(workflowIdOf('busy'));
  let sent = 0;
  let isSending = true;
  const sending = (async () => {
    for (; isSending; sent += 1) {
      // Of a refund that Stripe does not know: each such event leaves its trace in the evidence.
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
  await expect.poll(refundsOnRecord, { timeout: 90_000 }).toHaveLength(sent);
  expect((await refundsOnRecord()).sort()).toEqual(notified.sort());
  expect(await runs('busy')).toBeGreaterThan(CHARGES / 4);
});
