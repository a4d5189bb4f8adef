// A killed worker is missed after a few silent seconds: while a call is under way there are signs of life.
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { HEARTBEAT_INTERVAL_MS, withHeartbeat } from '../../activities/heartbeat.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('a call that takes long gives a sign of life every few seconds, and none once it is over', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let answer = (_word: string): void => {};
  const { slow } = withHeartbeat({
    slow: (question: string) =>
      new Promise<string>((resolve) => {
        answer = (word) => resolve(`${question} ${word}`);
      }),
  });
  const environment = new MockActivityEnvironment();
  let beats = 0;
  environment.on('heartbeat', () => {
    beats += 1;
  });
  const running = environment.run(slow, 'paid?');
  await vi.waitFor(() => expect(beats).toBe(1));
  vi.advanceTimersByTime(4 * HEARTBEAT_INTERVAL_MS);
  expect(beats).toBe(5);
  answer('yes');
  expect(await running).toBe('paid? yes');
  vi.advanceTimersByTime(4 * HEARTBEAT_INTERVAL_MS);
  expect(beats).toBe(5);
});
