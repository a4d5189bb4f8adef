// Measures the CPU time and the length of one piece of work.
import { setTimeout as pause } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { type Cpu, machineBusyMs, meter, total } from './cpu.ts';

export interface Measured {
  readonly count: number;
  /** Until `act` was done, milliseconds. */
  readonly ms: number;
  /** By process, until all of it had come to rest. */
  readonly cpu: Cpu;
  /** How many processors were busy with what does not belong to the bench. */
  readonly elsewhere: number;
}

/** What an answer leaves to be done: webhooks, the last workflow tasks. */
const COMES_TO_REST_MS = 3_000;

/** @param whose which processes count; Temporal's count on both sides */
export async function measured(
  { stage, bare, signal }: Bench,
  whose: 'product' | 'bare',
  count: number,
  act: () => Promise<void>,
): Promise<Measured> {
  const counted = whose === 'product' ? stage.productPids() : { worker: bare.pid, ...stage.temporalPids() };
  const everything = { ...stage.productPids(), ...stage.helperPids(), bare: bare.pid, bench: process.pid };
  const readCounted = meter(counted);
  const readEverything = meter(everything);
  const busyMs = machineBusyMs();
  const startedMs = performance.now();
  await act();
  const ms = performance.now() - startedMs;
  await pause(COMES_TO_REST_MS, undefined, { signal });
  const cpu = readCounted();
  const elsewhereMs = machineBusyMs() - busyMs - total(readEverything());
  stage.expectAllAlive();
  return { count, ms, cpu, elsewhere: Math.max(0, elsewhereMs) / (performance.now() - startedMs) };
}
