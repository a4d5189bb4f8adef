// An action counts when it has been done, and not when it has only begun or has failed.
import { expect, test } from 'vitest';
import { createFaultInjector } from './fault-injector.ts';
import type { PlannedAction } from './plan.ts';

const KILL: PlannedAction = { after: 0, action: { do: 'kill', what: 'worker', which: 0, downMs: 0 } };

function injectorWith(kills: (() => Promise<void>)[], action = KILL) {
  const failures: string[] = [];
  const proxies = {} as Parameters<typeof createFaultInjector>[1]['proxies'];
  const processes = { worker: kills.map((kill) => ({ kill })), api: [], temporal: [], postgres: [] };
  const system = { proxies, processes, emulatorUrl: 'http://127.0.0.1:1' };
  return { ...createFaultInjector([action], system, (what) => failures.push(what)), failures };
}

test('a kill counts once it has happened', async () => {
  const { promise, resolve } = deferred();
  const injector = injectorWith([() => promise]);
  injector.advance(1);
  await settle();
  expect([...injector.counts()]).toEqual([]);
  expect(injector.killedAt()).toEqual([]);
  resolve();
  await settle();
  expect([...injector.counts()]).toEqual([['kill worker', 1]]);
  expect(injector.killedAt()).toHaveLength(1);
  expect(injector.failures).toEqual([]);
});

test('a kill that fails does not count, and is reported', async () => {
  const injector = injectorWith([() => Promise.reject(new Error('there is no process to kill'))]);
  injector.advance(1);
  await settle();
  expect([...injector.counts()]).toEqual([]);
  expect(injector.killedAt()).toEqual([]);
  expect(injector.failures).toEqual(['kill worker 0 failed: Error: there is no process to kill']);
});

test('a kill of a process that does not exist fails', async () => {
  const injector = injectorWith([]);
  injector.advance(1);
  await settle();
  expect([...injector.counts()]).toEqual([]);
  expect(injector.failures).toEqual(['kill worker 0 failed: Error: there is no such process']);
});

test('lost webhooks that could not be ordered does not count, and is reported', async () => {
  const injector = injectorWith([], { after: 0, action: { do: 'webhooks', mode: 'lose', ms: 60_000 } });
  injector.advance(1);
  await expect.poll(() => injector.failures).toEqual(['webhooks lose failed: TypeError: fetch failed']);
  expect([...injector.counts()]).toEqual([]);
  await expect(injector.heal()).rejects.toThrow('fetch failed'); // there is no emulator to heal
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
