// One customer with one charge, from the first decline to the end of the road, through the real domain and in no time.
import { frozenPolicy, type Policies } from '../config/policies.ts';
import { advance } from '../domain/advance.ts';
import { newCustomer } from '../domain/lifecycle.ts';
import type { Card } from '../domain/model/enrolment.ts';
import type { CustomerEvent } from '../domain/model/events.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { Step, StepOf } from '../domain/model/steps.ts';
import type { PaymentIntentReading, SetupIntentReading } from '../domain/model/stripe-objects.ts';
import { nextStep } from '../domain/next-step.ts';
import { noticesIn } from '../domain/shared/facts.ts';
import { budgetLeft } from '../domain/shared/issuer-budgets.ts';
import { DEFAULT_POLICY } from '../domain/shared/policy.ts';
import { DAY } from '../domain/shared/time.ts';
import type { Issuer } from './issuer.ts';

/** A Thursday, so that there are weekdays and a month's end ahead. */
export const T0 = Date.UTC(2026, 0, 1, 3);
const OWED = { amount: 4900, currency: 'eur' };
const LAB = { actor: 'lab' } as const;

/** How one charge went. */
export interface Outcome {
  readonly reason: string;
  /** From the first attempt on; null where it was never paid. */
  readonly paidAfterMs: number | null;
  /** How often an issuer was asked. */
  readonly asks: number;
  /** Notices that somebody is to read. */
  readonly mails: number;
  /** Of what the first card's network allows in 30 days. */
  readonly budgetSpent: number;
}

interface Act {
  readonly atMs: number;
  readonly is: 'authenticate' | 'giveAnotherCard' | 'payIn';
}

/** @param days after which nobody waits any longer */
export function lifeOf(issuer: Issuer, policies: Policies, days: number): Outcome {
  return new Life(issuer, policies).until(T0 + days * DAY);
}

class Life {
  #state = newCustomer('lab');
  #nowMs = T0;
  readonly #issuer: Issuer;
  #acts: Act[] = [];
  #paidAtMs: number | null = null;
  #asks = 0;
  #mails = 0;
  #left: number | null = null;
  #intent: { status: string; stripeChargeId: string | null; decline: PaymentIntentReading['decline'] } = NEW;
  /** Cards given so far. */
  #cards = 1;

  constructor(issuer: Issuer, policies: Policies) {
    this.#issuer = issuer;
    const policy = { ...DEFAULT_POLICY, budgets: policies.budgets };
    this.#state = { ...(ENROLLED.get(issuer.network) ?? this.#enrolled()), policy };
    const frozen = frozenPolicy(policies, undefined, { dueAtMs: T0, nowMs: T0 });
    const request = { kind: 'openCharge', ...LAB, chargeId: 'one', ...OWED } as const;
    this.#take(frozen ? { ...request, policy: frozen } : request);
  }

  /** With the first card. It is the same for all who have one of this network, and so done once. */
  #enrolled(): CustomerState {
    this.#state = newCustomer('lab');
    this.#take({ kind: 'loaded', snapshot: null, charges: [] });
    this.#take({ kind: 'enrol', ...LAB, requestId: 'card-1', paymentMethodId: 'pm_1', consent: CONSENT });
    for (
      let step = nextStep(this.#state, T0);
      step.do !== 'wait' && step.do !== 'end';
      step = nextStep(this.#state, T0)
    )
      this.#work(step);
    this.#mails = 0;
    ENROLLED.set(this.#issuer.network, this.#state);
    return this.#state;
  }

  until(endMs: number): Outcome {
    while (this.#nowMs < endMs && (this.#state.charges.length > 0 || this.#state.facts.length > 0)) {
      const step = nextStep(this.#state, this.#nowMs);
      if (step.do === 'end') break;
      if (step.do === 'wait') this.#wait(Math.min(step.untilMs, endMs));
      else this.#work(step);
    }
    return {
      reason: this.#issuer.reason,
      paidAfterMs: this.#paidAtMs === null ? null : this.#paidAtMs - T0,
      asks: this.#asks,
      mails: this.#mails,
      budgetSpent: this.#left === null ? 0 : 1 - this.#left / this.#leftOf([]),
    };
  }

  #take(event: CustomerEvent): void {
    this.#state = advance(this.#state, event, this.#nowMs);
  }

  #wait(untilMs: number): void {
    const [act] = this.#acts;
    if (!act || act.atMs > untilMs) {
      this.#nowMs = untilMs;
      return;
    }
    this.#acts = this.#acts.slice(1);
    this.#nowMs = Math.max(this.#nowMs, act.atMs);
    this.#perform(act);
  }

  #perform({ is }: Act): void {
    switch (is) {
      case 'payIn':
        this.#issuer.paidIn(this.#nowMs);
        return;
      case 'authenticate':
        if (this.#state.charges[0]?.phase.is !== 'awaiting_step_up') return;
        this.#issuer.authenticated();
        this.#paid();
        this.#take({ kind: 'stepUpCompleted', chargeId: 'one' });
        return;
      case 'giveAnotherCard':
        if (this.#state.charges[0]?.phase.is !== 'awaiting_card') return;
        this.#cards += 1;
        this.#take({
          kind: 'enrol',
          ...LAB,
          requestId: `card-${this.#cards}`,
          paymentMethodId: `pm_${this.#cards}`,
          consent: CONSENT,
        });
    }
  }

  #work(step: Exclude<Step, { do: 'wait' | 'end' }>): void {
    if (step.do === 'record') this.#record();
    else if (step.do === 'attemptCharge') this.#attempt(step);
    else this.#take(this.#answerTo(step));
  }

  #answerTo(step: Exclude<Step, { do: 'wait' | 'end' | 'record' | 'attemptCharge' }>): CustomerEvent {
    switch (step.do) {
      case 'decide':
        return step.event;
      case 'createStripeCustomer':
        return { kind: 'stripeCustomerCreated', stripeCustomerId: 'cus_1' };
      case 'createSetupIntent': {
        const { enrolmentNumber } = step;
        return { kind: 'setupIntentCreated', enrolmentNumber, setupIntentId: `seti_${this.#cards}` };
      }
      case 'confirmSetupIntent':
      case 'readSetupIntent':
      case 'cancelSetupIntent':
        return { kind: 'setupIntentRead', reading: this.#setupIntent(step.setupIntentId) };
      case 'readPaymentIntent':
        return this.#intentRead();
      case 'cancelPaymentIntent':
        if (this.#intent.status !== 'succeeded') this.#intent = { ...this.#intent, status: 'canceled' };
        return this.#intentRead();
      default:
        throw new Error(`nobody expects ${step.do} in the lab`);
    }
  }

  /** What is on record is what is told: the customer reads it, and does something about it or not. */
  #record(): void {
    for (const { kind, data } of noticesIn(this.#state.facts)) {
      if (kind === 'charge.succeeded') continue;
      this.#mails += 1;
      if (kind === 'charge.step_up_required')
        this.#will('authenticate', this.#issuer.willAuthenticateAt(this.#nowMs, Number(data.reminder)));
      if (kind === 'charge.awaiting_card')
        this.#will('giveAnotherCard', this.#issuer.willGiveAnotherCardAt(this.#nowMs));
      if (kind === 'charge.declined') this.#will('payIn', this.#issuer.willPayInAt(this.#nowMs));
    }
    this.#take({ kind: 'recorded', through: this.#state.sequence, alreadyClosed: [] });
  }

  #will(is: Act['is'], atMs: number | null): void {
    if (atMs === null) return;
    this.#acts = [...this.#acts, { is, atMs }].toSorted((one, other) => one.atMs - other.atMs);
  }

  #attempt(step: StepOf<'attemptCharge'>): void {
    this.#take({ kind: 'attemptStarted', step });
    if (step.paymentIntentId === null)
      this.#take({ kind: 'paymentIntentCreated', chargeId: 'one', paymentIntentId: 'pi_1' });
    const said = this.#issuer.ask(this.#nowMs, step.paymentMethodId === 'pm_1');
    this.#asks += said?.blockedFor === undefined ? 1 : 0;
    const stripeChargeId = `ch_${step.attemptNumber}`;
    if (said === null) this.#paid();
    else this.#intent = { status: 'requires_payment_method', stripeChargeId, decline: said };
    this.#take(this.#intentRead(step.paymentMethodId));
    if (step.paymentMethodId === 'pm_1') this.#left = this.#leftOf(this.#state.issuerBudgets);
  }

  /** A card that is blocked has spent no more than it was asked. */
  #leftOf(budgets: CustomerState['issuerBudgets']): number {
    const card = cardOf(1, this.#issuer.network);
    const issuerBudgets = budgets.map((budget) => ({ ...budget, blocked: false }));
    return budgetLeft({ issuerBudgets, policy: this.#state.policy }, card, OWED, this.#nowMs);
  }

  #paid(): void {
    this.#paidAtMs = this.#nowMs;
    this.#intent = { status: 'succeeded', stripeChargeId: `ch_paid_${this.#asks}`, decline: null };
  }

  #intentRead(paymentMethodId: string | null = null): CustomerEvent {
    const { status, stripeChargeId, decline } = this.#intent;
    const reading: PaymentIntentReading = {
      ...READING,
      status,
      stripeChargeId,
      decline,
      paymentMethodId,
      amountReceived: status === 'succeeded' ? OWED.amount : 0,
    };
    return { kind: 'paymentIntentRead', chargeId: 'one', reading };
  }

  #setupIntent(setupIntentId: string): SetupIntentReading {
    const number = Number(setupIntentId.split('_').at(-1));
    return {
      setupIntentId,
      status: 'succeeded',
      paymentMethodId: `pm_${number}`,
      attached: true,
      card: cardOf(number, number === 1 ? this.#issuer.network : 'visa'),
      setupAttemptId: `setatt_${number}`,
      threeDSecure: null,
      stripeMandateId: null,
      stripeMandateStatus: null,
      decline: null,
      requestId: null,
    };
  }
}

/** By network. */
const ENROLLED = new Map<string, CustomerState>();

const NEW = { status: 'requires_payment_method', stripeChargeId: null, decline: null };

const CONSENT = { consentId: 'consent', termsVersion: '1', acceptedAtMs: T0, source: 'request' } as const;

function cardOf(number: number, brand: string): Card {
  return { brand, last4: '4242', expMonth: 12, expYear: 2040, country: 'DE', fingerprint: `fp-${number}` };
}

/** What no policy depends on. */
const READING: PaymentIntentReading = {
  paymentIntentId: 'pi_1',
  status: '',
  ...OWED,
  amountReceived: 0,
  amountRefunded: 0,
  stripeCustomerId: 'cus_1',
  cancellationReason: null,
  processingUntilMs: null,
  requestId: null,
  stripeChargeId: null,
  decline: null,
  paymentMethodId: null,
  fingerprint: null,
  networkTransactionId: null,
  exemption: null,
  electronicCommerceIndicator: null,
  threeDSecureResult: null,
};
