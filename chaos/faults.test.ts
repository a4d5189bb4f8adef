// A deed counts when it is done, and not when it is begun or has failed.
import { expect, test } from 'vitest';
import { createTrouble } from './faults.ts';
import type { PlannedAction } from './plan.ts';

const KILL: PlannedAction = { after: 0, action: { do: 'kill', what: 'worker', which: 0, downMs: 0 } };

function troubleWith(kills: (() => Promise<void>)[], action = KILL) {
  const failures: string[] = [];
  const lines = {} as Parameters<typeof createTrouble>[1]['lines'];
  const processes = { worker: kills.map((kill) => ({ kill })), api: [], temporal: [], postgres: [] };
  const system = { lines, processes, emulatorUrl: 'http://127.0.0.1:1' };
  return { ...createTrouble([action], system, (what) => failures.push(what)), failures };
}

test('a kill counts once it has happened', async () => {
  const { promise, resolve } = deferred();
  const trouble = troubleWith([() => promise]);
  trouble.advance(1);
  await settle();
  expect([...trouble.counts()]).toEqual([]);
  expect(trouble.killedAt()).toEqual([]);
  resolve();
  await settle();
  expect([...trouble.counts()]).toEqual([['kill worker', 1]]);
  expect(trouble.killedAt()).toHaveLength(1);
  expect(trouble.failures).toEqual([]);
});

test('a kill that fails does not count, and is heard of', async () => {
  const trouble = troubleWith([() => Promise.reject(new Error('there is no process to kill'))]);
  trouble.advance(1);
  await settle();
  expect([...trouble.counts()]).toEqual([]);
  expect(trouble.killedAt()).toEqual([]);
  expect(trouble.failures).toEqual(['kill worker 0 failed: Error: there is no process to kill']);
});

test('there is nobody to kill', async () => {
  const trouble = troubleWith([]);
  trouble.advance(1);
  await settle();
  expect([...trouble.counts()]).toEqual([]);
  expect(trouble.failures).toEqual(['kill worker 0 failed: Error: there is none']);
});

test('a spell of lost webhooks that could not be ordered does not count, and is heard of', async () => {
  const trouble = troubleWith([], { after: 0, action: { do: 'webhooks', mode: 'lose', ms: 60_000 } });
  trouble.advance(1);
  await expect.poll(() => trouble.failures).toEqual(['webhooks lose failed: TypeError: fetch failed']);
  expect([...trouble.counts()]).toEqual([]);
  await expect(trouble.end()).rejects.toThrow('fetch failed'); // nobody is there to be made whole
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
