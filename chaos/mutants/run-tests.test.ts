// A program that is run to its end takes all that it has started with it, and does not run for ever.
import { expect, test } from 'vitest';
import { runToEnd } from './run-tests.ts';

const never = new AbortController().signal;
const sh = (script: string, longestMs: number, signal = never) =>
  runToEnd('sh', ['-c', script], '.', longestMs, signal);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('says how it ended and what it printed', async () => {
  expect(await sh('echo out; echo err >&2; exit 3', 5_000)).toEqual({
    code: 3,
    output: expect.stringMatching(/^(out\nerr\n|err\nout\n)$/),
    isEnded: true,
  });
});

test('leaves nobody behind', async () => {
  const { output } = await sh('sleep 60 >/dev/null 2>&1 & echo $!', 5_000);
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});

test('is ended when it takes too long, and so is what it has started', async () => {
  const { output, isEnded } = await sh('sleep 60 & echo $!; wait', 200);
  expect(isEnded).toBe(false);
  await expect.poll(() => isAlive(Number(output))).toBe(false);
});

test('is ended when somebody interrupts, who is told so', async () => {
  const interrupted = new AbortController();
  setTimeout(() => interrupted.abort(new Error('interrupted')), 100);
  await expect(sh('sleep 60', 60_000, interrupted.signal)).rejects.toThrow('interrupted');
});
