// Plays the people around the product: a caller who repeats until there is an answer, a customer who authenticates, an
// operator who retries.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { createEmulatorControl } from './emulator-control.ts';
import { createInterferer } from './interferer.ts';
import type { ChargeKind, Interference, PlannedCharge, PlannedCustomer } from './plan.ts';

// biome-ignore lint/suspicious/noExplicitAny: bodies are what the server sends; callers read them as JSON
type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export interface Caller {
  /** Enrols a customer and follows each of their charges to its end. */
  run(customer: PlannedCustomer): Promise<void>;
  get(path: string): Promise<Json>;
}

/** What the bank answers to a charge of this kind; after that it pays. */
const SCRIPT: { readonly [Kind in ChargeKind]?: readonly string[] } = {
  soft_decline: ['insufficient_funds'],
  step_up: ['authentication_required'],
  new_card: ['lost_card'],
  processing: ['processing'],
  cancelled_at_step_up: ['authentication_required'],
};
const FIRST_CARD = 'pm_card_visa';
/** Given by every customer, and never to be found in a log. */
export const PERSONAL = {
  emailDomain: 'private.example',
  ip: '203.0.113.77',
  userAgent: 'Netscape/4.08 (of a customer)',
};
const CONSENT = {
  termsVersion: '1',
  acceptedAt: '2026-01-02T09:00:00Z',
  ip: PERSONAL.ip,
  userAgent: PERSONAL.userAgent,
};
const FAR_AWAY_MS = 30 * 24 * 3_600_000;

const ANSWER_WITHIN_MS = 20_000;
const REPEAT_AFTER_MS = 400;
const FIRST_CHECK_MS = 700;
const LONGEST_CHECK_MS = 5_000;
const ENDED: readonly string[] = ['succeeded', 'failed', 'cancelled'];

/**
 * @param onEnded is called once for each charge that has ended, with the time it was requested (epoch milliseconds)
 * @param onInterference is called once for each interference that was done
 * @param signal aborts everything that is waited for
 */
export function createCaller({
  apiUrls,
  apiKey,
  emulatorUrl,
  temporal,
  signal,
  onEnded,
  onInterference,
}: {
  readonly apiUrls: readonly string[];
  readonly apiKey: string;
  readonly emulatorUrl: string;
  /** For what people do in the Temporal UI. */
  readonly temporal: Client;
  readonly signal: AbortSignal;
  readonly onEnded: (chargeId: string, requestedMs: number) => void;
  readonly onInterference: (what: Interference) => void;
}): Caller {
  let requests = 0;

  /**
   * Repeats the request, at each api in turn, until one answers: 5xx and silence are no answer. It waits for as long as
   * `Retry-After` says, because an overloaded api would only be loaded more.
   */
  async function request(method: string, path: string, body?: object): Promise<Answer> {
    for (;;) {
      signal.throwIfAborted();
      requests += 1;
      let repeatAfterMs = REPEAT_AFTER_MS;
      try {
        const response = await fetch(`${apiUrls[requests % apiUrls.length]}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${apiKey}`,
            ...omitUndefined({ 'content-type': body && 'application/json' }),
          },
          ...omitUndefined({ body: body && JSON.stringify(body) }),
          signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
        });
        const text = await response.text();
        if (response.status < 500 && response.status !== 429)
          return { status: response.status, body: text === '' ? null : JSON.parse(text) };
        const retryAfter = response.headers.get('retry-after');
        if (retryAfter !== null) repeatAfterMs = Number(retryAfter) * 1_000;
      } catch {
        signal.throwIfAborted(); // anything else is no answer, and the request is repeated
      }
      await pause(repeatAfterMs, undefined, { signal });
    }
  }
  const get = async (path: string) => (await request('GET', path)).body;
  const post = (path: string, body: object = {}) => request('POST', path, body);

  const emulator = createEmulatorControl(emulatorUrl, signal);

  /** Polls until there is a mandate: while the workflow does not answer, the api shows what was recorded last. */
  async function mandateOf(
    customerId: string,
    isIt = (_setupIntentId: string) => true,
  ): Promise<{ readonly setupIntentId: string }> {
    for (let wait = FIRST_CHECK_MS; ; wait = Math.min(wait * 1.5, LONGEST_CHECK_MS)) {
      const { mandate } = await get(`/v1/customers/${customerId}`);
      if (mandate?.status === 'active' && isIt(mandate.setupIntentId)) return mandate;
      await pause(wait, undefined, { signal });
    }
  }

  async function cardOf(customerId: string): Promise<string> {
    const { setupIntentId } = await mandateOf(customerId);
    return (await emulator(`v1/setup_intents/${setupIntentId}`)).payment_method;
  }

  async function enrol(customerId: string): Promise<void> {
    const email = `${customerId}@${PERSONAL.emailDomain}`;
    await post('/v1/customers', { customerId, email, paymentMethod: FIRST_CARD, consent: CONSENT });
    await mandateOf(customerId);
  }

  async function giveCard(customerId: string, paymentMethod: string): Promise<void> {
    await post(`/v1/customers/${customerId}/enrolments`, { paymentMethod, consent: CONSENT });
  }

  /** Until another card than before is on file: an answer may name no SetupIntent yet, and a repeated one a later one. */
  async function replaceCard(customerId: string, paymentMethod: string): Promise<void> {
    const { setupIntentId: before } = await mandateOf(customerId);
    await giveCard(customerId, paymentMethod);
    await mandateOf(customerId, (setupIntentId) => setupIntentId !== before);
  }

  const interferer = createInterferer({
    temporal,
    emulator,
    signal,
    replaceCard,
    get,
    onInterference,
  });

  async function charge(customerId: string, planned: PlannedCharge): Promise<void> {
    if (planned.interference?.what === 'delete_customer') await interferer.deleteCustomer(customerId);
    const requestedMs = Date.now();
    await requestCharge(customerId, planned);
    await Promise.all([follow(customerId, planned, requestedMs), interferer.interfere(customerId, planned)]);
  }

  async function requestCharge(customerId: string, { chargeId, kind, amount }: PlannedCharge): Promise<void> {
    const script = SCRIPT[kind];
    if (script)
      await emulator('_emulator/outcomes', { paymentMethod: await cardOf(customerId), outcomes: script });
    const path = `/v1/customers/${customerId}/charges`;
    const dueAt =
      kind === 'cancelled_before_due' ? { dueAt: new Date(Date.now() + FAR_AWAY_MS).toISOString() } : {};
    await post(path, { chargeId, amount, currency: 'eur', ...dueAt });
    if (kind === 'cancelled_before_due' || kind === 'cancelled_in_flight')
      await post(`${path}/${chargeId}/cancel`);
  }

  async function follow(customerId: string, planned: PlannedCharge, requestedMs: number): Promise<void> {
    const { chargeId } = planned;
    const path = `/v1/customers/${customerId}/charges`;
    for (let wait = FIRST_CHECK_MS; ; wait = Math.min(wait * 1.5, LONGEST_CHECK_MS)) {
      await pause(wait, undefined, { signal });
      // The list is read from the ledger alone, so polling it costs the workflows nothing.
      const { items } = await get(path);
      const now = items.find((item: Json) => item.chargeId === chargeId);
      if (ENDED.includes(now?.status)) return onEnded(chargeId, requestedMs);
      if (now) await intervene(`${path}/${chargeId}`, customerId, planned, now);
    }
  }

  /** Does what somebody has to do for this charge to go on. Doing it twice does no harm. */
  async function intervene(
    path: string,
    customerId: string,
    { kind, nextCard, interference }: PlannedCharge,
    now: Json,
  ): Promise<void> {
    switch (now.status) {
      case 'awaiting_step_up':
        if (kind === 'cancelled_at_step_up') return void (await post(`${path}/cancel`));
        await emulator(`_emulator/challenges/${now.paymentIntentId}`, { result: 'succeed' });
        return void (await post(`${path}/step-up`));
      case 'retrying':
        if (now.attempts.at(-1)?.outcome !== 'declined') return;
        if (interference?.what === 'change_amount') await interferer.changeAmount(now.paymentIntentId);
        return void (await post(`${path}/retry`));
      case 'awaiting_card':
        return giveCard(customerId, nextCard);
      case 'processing':
        await emulator(`_emulator/settle/${now.paymentIntentId}`, { result: 'succeed' });
    }
  }

  return {
    get,
    async run({ customerId, rounds }) {
      await enrol(customerId);
      for (const round of rounds) await Promise.all(round.map((each) => charge(customerId, each)));
    },
  };
}
