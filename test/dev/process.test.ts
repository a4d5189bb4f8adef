// A kill kills a running process, or it fails.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { expectListening } from '../../chaos/expect-listening.ts';
import { supervise } from '../../dev/process.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A process that says its id and then waits. */
async function waiting() {
  const folder = await mkdtemp(join(tmpdir(), 'offsession-process-'));
  stops.push(() => rm(folder, { recursive: true }));
  const logFile = join(folder, 'log');
  const script = 'console.log(process.pid); setInterval(() => {}, 1000)';
  const supervised = supervise({
    command: process.execPath,
    args: ['--eval', script],
    env: { PATH: process.env.PATH },
    logFile,
  });
  stops.push(() => supervised.stop());
  const ids = async () => (await readFile(logFile, 'utf8')).trim().split('\n').filter(Boolean).map(Number);
  const untilStarted = async (times: number) => {
    await expect.poll(async () => (await ids()).length, { timeout: 20_000 }).toBe(times);
    return ids();
  };
  return { supervised, untilStarted };
}

const isAlive = (id: number | undefined) => {
  try {
    return process.kill(Number(id), 0);
  } catch {
    return false;
  }
};

test('when a kill is over the process is dead, and another one runs', async () => {
  const { supervised, untilStarted } = await waiting();
  const [first] = await untilStarted(1);
  await supervised.kill(0);
  expect(isAlive(first)).toBe(false);
  const [, second] = await untilStarted(2);
  expect(isAlive(second)).toBe(true);
  expect(supervised.endedByItself()).toBe(0);
});

test('what has just ended by itself is waited for, and then killed', async () => {
  const { supervised, untilStarted } = await waiting();
  const [first] = await untilStarted(1);
  process.kill(Number(first));
  await expect.poll(() => supervised.endedByItself(), { interval: 1 }).toBe(1);
  const kill = supervised.kill(0);
  expect(await Promise.race([kill, pause(10, 'nothing is there')])).toBe('nothing is there');
  await kill;
});

test('what ended by itself just before the signal came was not killed, and is started again', async () => {
  const { supervised, untilStarted } = await waiting();
  const [first] = await untilStarted(1);
  process.kill(Number(first), 'SIGHUP');
  await expect(supervised.kill(0)).rejects.toThrow('it ended by itself');
  await untilStarted(2);
});

test('what was stopped cannot be killed', async () => {
  const { supervised, untilStarted } = await waiting();
  await untilStarted(1);
  await supervised.stop();
  await expect(supervised.kill(0)).rejects.toThrow('there is no process to kill');
});

test('a port where nobody listens is no server to kill', async () => {
  await expect(expectListening(1)).rejects.toThrow('nobody listens on port 1');
});
