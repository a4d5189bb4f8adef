// A customer who is charged 10,000 times through the domain: what is kept and sent stops growing once all that is
// remembered is full.
import { expect, test } from 'vitest';
import { advance } from '../../domain/advance.ts';
import type { CustomerEvent } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { Step } from '../../domain/model/steps.ts';
import type { PaymentIntentReading } from '../../domain/model/stripe-objects.ts';
import { nextStep } from '../../domain/next-step.ts';
import { sentState } from '../../domain/sent-state.ts';
import { findCharge } from '../../domain/shared/charges.ts';
import { DAY, HOUR } from '../../domain/shared/time.ts';
import { CARD, decline, reading, setupDone } from './fixtures.ts';
import { begin, CONSENT, WHO } from './simulation/actions.ts';

const CHARGES = 10_000;
/** Two charges a day: nearly fourteen years. */
const APART = 12 * HOUR;
const A_YEAR = 730;
/** Bytes, of which 1,000 are the policy (docs/decisions/0016); a payload may have 2 MB. */
const STATE_BOUND = 18_000;
const RECORD_BOUND = 15_000;

const EVERYTHING = [
  ...['record', 'attemptCharge', 'readPaymentIntent', 'cancelPaymentIntent'],
  ...['createSetupIntent', 'confirmSetupIntent', 'readSetupIntent'],
];

const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
/** As long as Stripe's ids are. */
const idOf = (prefix: string, ...parts: (string | number)[]) =>
  `${prefix}_${parts.join('x').padStart(24, '0')}`;

/** What the bank says to this attempt: one in ten is declined once, one wants the customer, some cards are lost. */
function bankSays(index: number, attempt: number): string {
  if (index % 100 === 60) return 'insufficient_funds';
  if (attempt > 1) return 'succeed';
  if (index % 50 === 49) return 'lost_card';
  if (index % 10 === 3) return 'insufficient_funds';
  return index % 10 === 7 ? 'authentication_required' : 'succeed';
}

class Customer {
  state: CustomerState;
  nowMs: number;
  readonly ends = { succeeded: 0, failed: 0, waived: 0, cancelled: 0 };
  readonly happened = new Set<string>();
  /** Where sizes are kept, bytes: the state at rest, and what the ledger was sent. Null: they are not measured. */
  largest: { state: number; record: number } | null = null;
  #cards = 0;
  #eventDelivery = 0;
  /** Intents whose customer has authenticated. */
  readonly #authenticated = new Set<string>();

  constructor() {
    const { state, nowMs } = begin(7, ['succeed']);
    this.state = state;
    this.nowMs = nowMs;
  }

  hear(event: CustomerEvent): void {
    this.state = advance(this.state, event, this.nowMs);
  }

  /** Works, and sleeps when there is nothing to do, until `untilMs`. */
  liveUntil(untilMs: number): void {
    for (;;) {
      const step = nextStep(this.state, this.nowMs);
      if (step.do === 'wait') {
        if (this.largest) this.largest.state = Math.max(this.largest.state, bytes(this.state));
        if (this.#peopleAct()) continue;
        this.nowMs = Math.min(step.untilMs, untilMs);
        if (this.nowMs === untilMs) return;
        continue;
      }
      this.happened.add(step.do);
      if (step.do === 'decide') {
        this.hear(step.event);
        continue;
      }
      if (step.do === 'attemptCharge') this.hear({ kind: 'attemptStarted', step });
      this.hear(this.#answer(step));
    }
  }

  /** Whoever is waited for comes: to the bank's page, or with another card. */
  #peopleAct(): boolean {
    for (const { phase, paymentIntentId, chargeId } of this.state.charges) {
      if (phase.is === 'awaiting_step_up' && paymentIntentId && !this.#authenticated.has(paymentIntentId)) {
        this.#authenticated.add(paymentIntentId);
        this.hear({ kind: 'stepUpCompleted', chargeId });
        return true;
      }
      if (phase.is === 'awaiting_card' && this.state.enrolment?.closed) {
        const requestId = `card-${++this.#cards}`;
        const paymentMethodId = idOf('pm', this.#cards);
        this.hear({ kind: 'enrol', ...WHO, requestId, paymentMethodId, consent: CONSENT });
        return true;
      }
    }
    return false;
  }

  #answer(step: Exclude<Step, { do: 'decide' | 'wait' }>): CustomerEvent {
    switch (step.do) {
      case 'record':
        return this.#record();
      case 'attemptCharge': {
        const { chargeId, attemptNumber } = step;
        const paymentIntentId = idOf('pi', chargeId);
        const index = Number(chargeId.split('-')[1]);
        const answer = this.#bank(chargeId, bankSays(index, attemptNumber), attemptNumber);
        const eventId = idOf('evt', ++this.#eventDelivery);
        const type = 'payment_intent.processing';
        this.hear({ kind: 'stripeEventReceived', eventId, type, objectId: paymentIntentId });
        const events: readonly CustomerEvent[] = [
          { kind: 'paymentIntentCreated', chargeId, paymentIntentId },
          { kind: 'paymentIntentRead', chargeId, reading: answer },
        ];
        const timed = events.map((event) => ({ event, atMs: this.nowMs }));
        return { kind: 'chargeAttempted', chargeId, events: timed, recorded: null };
      }
      case 'readPaymentIntent': {
        const attempts = findCharge(this.state, step.chargeId)?.attemptCount ?? 0;
        const isPaid = this.#authenticated.has(step.paymentIntentId);
        const says = isPaid ? 'succeed' : 'authentication_required';
        return {
          kind: 'paymentIntentRead',
          chargeId: step.chargeId,
          reading: this.#bank(step.chargeId, says, isPaid ? attempts + 1 : attempts),
        };
      }
      case 'cancelPaymentIntent': {
        const { chargeId, paymentIntentId } = step;
        return {
          kind: 'paymentIntentRead',
          chargeId,
          reading: reading({ paymentIntentId, status: 'canceled' }),
        };
      }
      case 'createSetupIntent':
        return {
          kind: 'setupIntentCreated',
          enrolmentNumber: step.enrolmentNumber,
          setupIntentId: idOf('seti', step.enrolmentNumber),
        };
      case 'confirmSetupIntent':
      case 'readSetupIntent':
      case 'cancelSetupIntent':
        return {
          kind: 'setupIntentRead',
          reading: setupDone({
            setupIntentId: step.setupIntentId,
            paymentMethodId: idOf('pm', this.#cards),
            setupAttemptId: idOf('setatt', this.#cards),
            card: { ...CARD, fingerprint: idOf('fp', this.#cards) },
          }),
        };
      default:
        throw new Error(`nobody answers ${step.do}`);
    }
  }

  #bank(chargeId: string, says: string, nth: number): PaymentIntentReading {
    const paymentIntentId = idOf('pi', chargeId);
    const stripeChargeId = idOf('ch', chargeId, nth);
    const requestId = idOf('req', chargeId, nth);
    if (says === 'succeed')
      return reading({ paymentIntentId, stripeChargeId, requestId, status: 'succeeded' });
    return reading({ paymentIntentId, stripeChargeId, requestId, decline: decline(says) });
  }

  #record(): CustomerEvent {
    const { state } = this;
    if (this.largest)
      this.largest.record = Math.max(
        this.largest.record,
        bytes({ state: sentState(state), nowMs: this.nowMs }),
      );
    for (const { phase } of state.charges) if (phase.is === 'closed') this.ends[phase.as] += 1;
    return { kind: 'recorded', through: state.sequence, alreadyClosed: [] };
  }
}

/** It computes the whole time: some seconds on an idle machine. */
const PATIENCE_MS = 120_000;

test('10,000 charges leave no trace in the size of a customer: the last year is as small as the second', {
  timeout: PATIENCE_MS,
}, () => {
  const customer = new Customer();
  const beganMs = customer.nowMs;
  const second = { state: 0, record: 0 };
  const last = { state: 0, record: 0 };
  for (let index = 1; index <= CHARGES; index += 1) {
    customer.largest = index > CHARGES - A_YEAR ? last : Math.ceil(index / A_YEAR) === 2 ? second : null;
    customer.hear({ kind: 'openCharge', ...WHO, chargeId: `charge-${index}`, amount: 4900, currency: 'eur' });
    customer.liveUntil(beganMs + index * APART);
    for (const { chargeId } of customer.state.failedCharges)
      customer.hear({ kind: 'waiveCharge', ...WHO, chargeId });
  }
  customer.liveUntil(customer.nowMs + 60 * DAY);

  expect(customer.ends).toEqual({ succeeded: 9_900, failed: 100, waived: 100, cancelled: 0 });
  expect(customer.happened).toEqual(new Set(EVERYTHING));
  expect(customer.state.charges).toEqual([]);
  expect(last.state).toBeLessThan(second.state * 1.01);
  expect(last.record).toBeLessThan(second.record * 1.01);
  expect(last.state).toBeLessThan(STATE_BOUND);
  expect(last.record).toBeLessThan(RECORD_BOUND);
});
