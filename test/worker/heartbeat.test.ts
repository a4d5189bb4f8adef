// A killed worker is missed after a few silent seconds: while an activity runs it sends heartbeats.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { HEARTBEAT_INTERVAL_MS, heartbeat } from '../../worker/heartbeat.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a call that takes long sends a heartbeat every few seconds, and none at its start or once it is over', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let answer = (_word: string): void => {};
  const slow = (question: string) =>
    new Promise<string>((resolve) => {
      answer = (word) => resolve(`${question} ${word}`);
    });
  const environment = new MockActivityEnvironment(undefined, { interceptors: [heartbeat] });
  let heartbeats = 0;
  environment.on('heartbeat', () => {
    heartbeats += 1;
  });
  const running = environment.run(slow, 'paid?');
  while (vi.getTimerCount() === 0) await nextTurn(); // `vi.waitFor` would advance the clock
  vi.advanceTimersByTime(HEARTBEAT_INTERVAL_MS - 1);
  expect(heartbeats).toBe(0);
  vi.advanceTimersByTime(1);
  expect(heartbeats).toBe(1);
  vi.advanceTimersByTime(4 * HEARTBEAT_INTERVAL_MS);
  expect(heartbeats).toBe(5);
  answer('yes');
  expect(await running).toBe('paid? yes');
  vi.advanceTimersByTime(4 * HEARTBEAT_INTERVAL_MS);
  expect(heartbeats).toBe(5);
});
