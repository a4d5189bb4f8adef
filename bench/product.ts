// Plays the product's callers: enrols customers, charges them, and waits until all is settled.
import { setTimeout as pause } from 'node:timers/promises';
import { inFlight } from './in-flight.ts';
import type { Stage } from './stage.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the server sends; callers read them as JSON
type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly ms: number;
}

export interface Product {
  /** Everybody enrolled so far. */
  readonly customers: readonly string[];
  /** Enrols so many more, 20 at a time; resolves when each has a mandate. */
  enrol(count: number): Promise<void>;
  /** Enrols as many as are missing to this number. */
  enrolUpTo(count: number): Promise<void>;
  /**
   * One charge for each of the first so many customers, by 50 callers at once; who is told to come back later does.
   * @param round names the charges
   * @returns how long each call took until it was answered (milliseconds), and how many were told to come back later
   */
  charge(round: string, count: number, dueAtMs?: number): Promise<{ waitsMs: number[]; refusals: Refusals }>;
  /** How many charges of the round are on record as succeeded. */
  settled(round: string): Promise<number>;
  untilSettled(round: string, count: number): Promise<void>;
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer>;
}

/** Answers that are none, by status. */
export type Refusals = Record<number, number>;

const CALLERS = 50;
const ENROLMENTS_AT_ONCE = 20;
const CONSENT = { termsVersion: '1', acceptedAt: '2026-01-02T09:00:00Z' };
const COME_BACK = [429, 503];
const ASK_LEDGER_EVERY_MS = 200;

/** @param signal aborts every call and all that is waited for */
export function createProduct({ apiUrl, apiKey, ledger }: Stage, signal: AbortSignal): Product {
  const customers: string[] = [];

  async function call(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const startedMs = performance.now();
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...(body && { 'content-type': 'application/json' }) },
      signal,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { status } = response;
    const answer = { status, body: text === '' ? null : JSON.parse(text), ms: performance.now() - startedMs };
    if (response.ok || COME_BACK.includes(status)) return answer;
    throw new Error(`${method} ${path}: ${status} ${text}`);
  }

  /** Asks again until there is an answer, and counts the times it was told to come back. */
  async function patient(path: string, body: object, refusals: Refusals): Promise<Answer> {
    for (;;) {
      const answer = await call('POST', path, body);
      if (!COME_BACK.includes(answer.status)) return answer;
      refusals[answer.status] = (refusals[answer.status] ?? 0) + 1;
      await pause(1_000, undefined, { signal });
    }
  }

  async function count(statement: string, ...values: string[]): Promise<number> {
    const { rows } = await ledger.query(statement, values);
    return Number(rows[0].count);
  }
  async function until(isIt: () => Promise<boolean>): Promise<void> {
    while (!(await isIt())) await pause(ASK_LEDGER_EVERY_MS, undefined, { signal });
  }

  const settled = (round: string) =>
    count(`select count(*) from charges where status = 'succeeded' and charge_id like $1`, `${round}-%`);
  async function enrol(more: number): Promise<void> {
    const added = Array.from({ length: more }, (_, index) => `customer-${customers.length + index}`);
    await inFlight(ENROLMENTS_AT_ONCE, added, (customerId) =>
      patient('/v1/customers', { customerId, paymentMethod: 'pm_card_visa', consent: CONSENT }, {}),
    );
    customers.push(...added);
    const active = () =>
      count(`select count(*) from customers where status = 'active' and customer_id = any($1)`, `{${added}}`);
    await until(async () => (await active()) === more);
  }

  return {
    customers,
    enrol,
    enrolUpTo: (wanted) => enrol(Math.max(0, wanted - customers.length)),
    async charge(round, wanted, dueAtMs) {
      const waitsMs: number[] = [];
      const refusals: Refusals = {};
      const due = dueAtMs === undefined ? {} : { dueAt: new Date(dueAtMs).toISOString() };
      await inFlight(CALLERS, customers.slice(0, wanted), async (customerId) => {
        const body = { chargeId: `${round}-${customerId}`, amount: 1000, currency: 'eur', ...due };
        const startedMs = performance.now();
        await patient(`/v1/customers/${customerId}/charges`, body, refusals);
        waitsMs.push(performance.now() - startedMs);
      });
      return { waitsMs, refusals };
    },
    settled,
    untilSettled: (round, wanted) => until(async () => (await settled(round)) >= wanted),
    call,
  };
}
