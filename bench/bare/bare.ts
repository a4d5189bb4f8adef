// Starts the bare workflows and their worker, and lets them charge.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { createStripeClient } from '../../stripe/client.ts';
import { inFlight } from '../in-flight.ts';
import { type BareCharge, bareCustomer, chargeSignal, eventSignal } from './workflows.ts';

export interface Bare {
  readonly pid: number;
  /** Signals so many workflows, 50 at a time; resolves when each has taken the money. */
  charge(count: number): Promise<void>;
  /**
   * Has each of so many workflows set a timer; resolves when all are set.
   * @returns resolves when each has taken the money
   */
  chargeAt(count: number, dueAtMs: number): Promise<() => Promise<void>>;
  /** Signals that change nothing, to so many workflows in turn; resolves when all have been taken. */
  notify(signals: number, count: number): Promise<void>;
  stop(): Promise<void>;
}

const TASK_QUEUE = 'bench-bare';
const AT_ONCE = 50;
const ASK_EVERY_MS = 20;
const STOP_WITHIN_MS = 15_000;

interface Counts {
  readonly armed: number;
  readonly done: number;
}

/**
 * @param emulatorUrl an emulator of its own, whose events go nowhere
 * @param signal aborts all that is waited for
 */
export async function startBare(options: {
  readonly client: Client;
  readonly temporalAddress: string;
  readonly emulatorUrl: string;
  readonly count: number;
  readonly signal: AbortSignal;
}): Promise<Bare> {
  const { client, emulatorUrl, signal } = options;
  const { customer, card } = await savedCard(emulatorUrl);
  const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: {
      PATH: process.env.PATH,
      TEMPORAL_ADDRESS: options.temporalAddress,
      TASK_QUEUE,
      STRIPE_API_BASE: emulatorUrl,
      CUSTOMER: customer,
      CARD: card,
    },
  });
  const endWithUs = () => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  await Promise.race([once(child, 'message', { signal }), failWhenEnded(child)]);

  async function until(what: keyof Counts, count: number): Promise<void> {
    for (;;) {
      child.send('counts?');
      const [counts] = (await once(child, 'message', { signal })) as [Counts];
      if (counts[what] >= count) return;
      await pause(ASK_EVERY_MS, undefined, { signal });
    }
  }
  const wanted = { armed: 0, done: 0 };
  let keys = 0;
  const handles = Array.from({ length: options.count }, (_, index) =>
    client.workflow.getHandle(`bare/${index}`),
  );
  wanted.armed += handles.length;
  await inFlight(AT_ONCE, handles, ({ workflowId }) =>
    client.workflow.start(bareCustomer, { workflowId, taskQueue: TASK_QUEUE }),
  );
  await until('armed', wanted.armed);

  async function request(count: number, more: Omit<BareCharge, 'key'>): Promise<void> {
    wanted.done += count;
    await inFlight(AT_ONCE, handles.slice(0, count), (handle) => {
      keys += 1;
      return handle.signal(chargeSignal, { key: `bare-${keys}`, ...more });
    });
  }
  return {
    pid: child.pid as number,
    async charge(count) {
      await request(count, {});
      await until('done', wanted.done);
    },
    async chargeAt(count, dueAtMs) {
      wanted.armed += count;
      await request(count, { dueAtMs });
      await until('armed', wanted.armed);
      return () => until('done', wanted.done);
    },
    async notify(signals, count) {
      wanted.done += signals;
      const targets = Array.from({ length: signals }, (_, index) => handles[index % count]);
      await inFlight(AT_ONCE, targets, async (handle, index) => {
        await handle?.signal(eventSignal, { eventId: `evt_${index}`, type: 'x', objectId: 'y' });
      });
      await until('done', wanted.done);
    },
    async stop() {
      process.off('exit', endWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended.finally(() => clearTimeout(late));
    },
  };
}

async function failWhenEnded(child: ChildProcess): Promise<never> {
  await once(child, 'exit');
  throw new Error('the worker of the bare workflow has ended');
}

/** One customer with a card, for all bare charges. */
async function savedCard(emulatorUrl: string) {
  const stripe = createStripeClient('sk_test_emulator', emulatorUrl);
  const { id: customer } = await stripe.customers.create({});
  const setup = await stripe.setupIntents.create({
    customer,
    usage: 'off_session',
    allowed_payment_method_types: ['card'],
    payment_method: 'pm_card_visa',
    confirm: true,
  });
  return { customer, card: String(setup.payment_method) };
}
