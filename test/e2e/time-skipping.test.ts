// Skipping time on a real server: what falls due on the way is done, at its time, and nothing else.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { skipTime, workflowNow } from '../../dev/time.ts';
import { startSampleWorkflows } from '../support/sample-workflows.ts';
import type * as toys from './sample-workflows.ts';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
/** The workflow's clock runs on while a test reads it, and a busy machine reads slowly. */
const LOOKING = 60_000;

let client: Client;
let stopAll: () => Promise<void>;
let notes: { what: string; afterDays: number; emulatorDays: number }[];
let emulatorMs = 0;
let onNote: (() => Promise<unknown>) | undefined;
let startedAt = 0;
let workflowId: string;

beforeAll(async () => {
  const stumbled = new Map<string, number>();
  const activities: toys.SampleActivities = {
    async note(_id, what, atMs) {
      await onNote?.();
      notes.push({ what, afterDays: (atMs - startedAt) / DAY, emulatorDays: emulatorMs / DAY });
    },
    work: (realMs) => pause(realMs),
    async stumble(id, times) {
      await pause(100); // see the limit that dev/time.ts names
      const before = stumbled.get(id) ?? 0;
      stumbled.set(id, before + 1);
      if (before < times) throw new Error('stumbled');
    },
  };
  ({ client, stop: stopAll } = await startSampleWorkflows({ taskQueue: 'toys', activities }));
});
afterAll(() => stopAll());
beforeEach(() => {
  notes = [];
  emulatorMs = 0;
  onNote = undefined;
  workflowId = randomUUID();
});

async function start(name: keyof typeof toys, ...args: number[]): Promise<WorkflowHandle> {
  startedAt = Date.now();
  return client.workflow.start(name, { taskQueue: 'toys', workflowId, args });
}
const days = () => notes.map(({ afterDays }) => Math.round(afterDays * 100) / 100);
const skip = (ms: number) => skipTime({ client, workflowId, ms });

test('a year passes in parts, and the clock of the workflow says so', async () => {
  await start('sleeper', 365 * DAY);
  const skipped = await skip(100 * DAY);
  expect(skipped).toBeLessThanOrEqual(100 * DAY);
  expect(skipped).toBeGreaterThan(100 * DAY - LOOKING);
  expect((await workflowNow({ client, workflowId })) - startedAt - 100 * DAY).toBeLessThan(LOOKING);
  await skip(264 * DAY);
  expect(notes).toEqual([]);
  await skip(2 * DAY);
  expect(days()).toEqual([365]);
});

test('everything periodic happens at its own time, across continue-as-new', async () => {
  await start('periodic', 10 * DAY, 2);
  await skip(95 * DAY);
  expect(days()).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
});

test('a timer exactly at the end of the span still fires before the skip returns', async () => {
  await start('periodic', 10 * DAY, 99);
  await skip(0); // at rest: the timer is set
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const timer = events?.find((event) => event.timerStartedEventAttributes);
  const dueAt = tsToMs(timer?.eventTime) + 10 * DAY;
  await skip(dueAt - (await workflowNow({ client, workflowId })));
  expect(days()).toEqual([10]);
});

test('afterwards time passes as before, and the workflow answers from the new time', async () => {
  const handle = await start('periodic', 10 * DAY, 99);
  await skip(15 * DAY);
  await pause(300);
  expect(days()).toEqual([10]); // no time is skipped any more
  expect((await handle.executeUpdate<number, []>('knock')) - startedAt).toBeGreaterThan(15 * DAY - LOOKING);
  await skip(1 * DAY);
  expect(days()).toEqual([10, 15]);
});

test('a running activity is waited for, not jumped over', async () => {
  await start('worker', 700);
  const before = Date.now();
  await skip(0.5 * DAY);
  expect(Date.now() - before).toBeGreaterThan(600);
  expect(notes).toEqual([]);
});

test('retries of an activity happen at their own times', async () => {
  await start('stumbler', 5);
  await skip(5.5 * HOUR);
  expect(notes.map(({ what, afterDays }) => [what, Math.round(afterDays * 24)])).toEqual([['stood', 5]]);
});

test('a workflow that ends on the way ends the skip', async () => {
  await start('sleeper', 3 * DAY);
  expect(await skip(30 * DAY)).toBeLessThan(3 * DAY + LOOKING);
  await expect(skip(DAY)).rejects.toThrow('closed');
});

test('the caller can stop at any step', async () => {
  await start('periodic', 10 * DAY, 99);
  const skipped = await skipTime({
    client,
    workflowId,
    ms: 95 * DAY,
    onStep: () => (notes.length === 3 ? 'stop' : ''),
  });
  expect(days()).toEqual([10, 20, 30]);
  expect(skipped).toBeLessThan(31 * DAY);
});

test('an open child holds its parent, and skipping its time lets it go', async () => {
  await start('parent', 2 * DAY);
  const parentId = workflowId;
  await expect.poll(() => client.workflow.getHandle(`${parentId}/child`).describe()).toBeTruthy();
  const waiting = skip(5 * DAY);
  await pause(200);
  expect((await workflowNow({ client, workflowId: parentId })) - Date.now()).toBeLessThan(LOOKING);
  await skipTime({ client, workflowId: `${parentId}/child`, ms: 3 * DAY });
  expect(await waiting).toBeGreaterThan(4 * DAY);
});

/** A emulator that has nothing but a clock, and is slow to set it. */
async function startClock(answersAfterMs = 0): Promise<{ url: string; stop: () => void }> {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    emulatorMs += JSON.parse(Buffer.concat(chunks).toString()).advanceSeconds * 1000;
    await pause(answersAfterMs);
    response.writeHead(request.url === '/_emulator/clock' ? 200 : 404).end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

test('the emulator goes along, and is at the same time when activities run', async () => {
  const clock = await startClock();
  await start('periodic', 10 * DAY, 2);
  const skipped = await skipTime({ client, workflowId, ms: 45 * DAY, emulatorUrl: clock.url });
  clock.stop();
  expect(days()).toEqual([10, 20, 30, 40]);
  for (const { afterDays, emulatorDays } of notes) expect(emulatorDays).toBeCloseTo(afterDays, 3);
  // The emulator's clock goes in whole seconds; the other second is for reading two clocks one after the other.
  expect(Math.abs(emulatorMs - skipped)).toBeLessThan(2_000);
});

test('however late a jump begins, it ends at the next wake-up: nothing is skipped while the workflow is at work', async () => {
  const clock = await startClock(400);
  const skipping: unknown[] = [];
  onNote = async () => {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    skipping.push(raw.workflowExtendedInfo?.timeSkippingInfo?.effectiveConfig?.enabled);
  };
  await start('periodic', 10 * DAY, 2);
  await skipTime({ client, workflowId, ms: 35 * DAY, emulatorUrl: clock.url });
  clock.stop();
  expect(skipping).toEqual([false, false, false]);
  expect((await workflowNow({ client, workflowId })) - startedAt - 35 * DAY).toBeLessThan(LOOKING);
});
