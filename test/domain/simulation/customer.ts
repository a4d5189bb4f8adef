// Drives one customer as the workflow does, against models of Stripe and of the ledger, and checks at every step what
// must always hold.
import { isDeepStrictEqual } from 'node:util';
import { advance, advanceAll } from '../../../domain/advance.ts';
import { newCustomer } from '../../../domain/lifecycle.ts';
import type { Charge } from '../../../domain/model/charge.ts';
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { Fact } from '../../../domain/model/facts.ts';
import type { CustomerState } from '../../../domain/model/state.ts';
import type { Step, StepOf } from '../../../domain/model/steps.ts';
import type { PaymentIntentReading } from '../../../domain/model/stripe-objects.ts';
import { mustBeRecorded, nextStep } from '../../../domain/next-step.ts';
import { refuse } from '../../../domain/refuse.ts';
import { digestOfState } from '../../../domain/sent-state.ts';
import { chargeableCard } from '../../../domain/shared/chargeable-card.ts';
import { isAboutMoneyBack } from '../../../domain/shared/stripe-events.ts';
import { HOUR } from '../../../domain/shared/time.ts';
import { viewOf } from '../../../domain/view.ts';
import { askForMoney, executeStep } from './activities.ts';
import { LedgerModel } from './ledger.ts';
import { type FaultProfile, type IssuerScript, StripeModel, stream } from './stripe.ts';
import { brokenTruth, stillPayable } from './truth.ts';

/** How Stripe's eventDelivery travel: chances of loss and doubling, and the longest delay in ms. */
export interface EventDelivery {
  readonly lost: number;
  readonly twice: number;
  readonly latestMs: number;
}

export const PROMPT_EVENTS: EventDelivery = { lost: 0, twice: 0, latestMs: 0 };

/** When the run's state is lost: before the next step is carried out, or after it, before its answer is known. */
export type CrashTime = 'before' | 'after';

const EPOCH_MS = Date.UTC(2026, 0, 1);
const LONGEST_SLEEP_MS = 7 * 24 * HOUR;
/** More steps than this without time passing means that it runs in a circle. */
const STEPS_AT_ONE_INSTANT = 300;
const SAME_STEP_AT_ONE_INSTANT = 6;
const TRACE_SHOWN = 60;

/** What time brings about is decided and taken in within one round, so it never comes twice. */
const canRepeat = ({ kind }: CustomerEvent) => kind !== 'stepUpReminderDue';

export class SimulatedCustomer {
  readonly ledger = new LedgerModel();
  readonly stripe: StripeModel;
  #trace: (() => string)[] = [];
  state: CustomerState = newCustomer('alice');
  nowMs = EPOCH_MS;
  isOver = false;
  eventDelivery: EventDelivery = PROMPT_EVENTS;
  crashes: CrashTime | null = null;
  /** Chance that an attempt is given up although it is on record. */
  attemptsLost = 0;
  /** Chance that an attempt is made by a release that decides otherwise. */
  otherRelease = 0;
  readonly #chance: () => number;
  #inbox: CustomerEvent[] = [];
  #underWay: { atMs: number; event: CustomerEvent }[] = [];
  #eventCount = 0;
  #stepsNow: string[] = [];
  /** Charges whose confirm nobody answered and nobody has asked about since. */
  readonly #unanswered = new Set<string>();
  /** All that are on record and count. */
  #facts: Fact[] = [];
  /** By which newest fact each charge was closed. */
  readonly #closedWith = new Map<string, number>();
  readonly #lastRead = new Map<string, string>();
  /** When a charge is to be tried again, as decided after its last decline. */
  readonly #promised = new Map<string, number>();
  /** SetupIntents of mandates that were there when the customer cancelled. */
  readonly #ended = new Set<string>();

  constructor(seed: number, script: IssuerScript) {
    this.#chance = stream(seed + 1);
    this.stripe = new StripeModel(seed, script, this.nowMs, (type, objectId) =>
      this.#deliver(type, objectId),
    );
  }

  set faultProfile(faultProfile: FaultProfile) {
    this.stripe.faultProfile = faultProfile;
  }

  // — from outside —

  /** A person's request, as an update handler takes it: refused by the words of `refuse`, or in the inbox. */
  ask(event: CustomerEvent): string | null {
    if (this.isOver) {
      if (event.kind !== 'enrol') return 'customer_cancelled';
      this.isOver = false;
      this.state = newCustomer('alice');
    }
    if (!this.state.loaded) this.step();
    const projectedState = this.#inbox.reduce(
      (next, waiting) => advance(next, waiting, this.nowMs),
      this.state,
    );
    const refusal = refuse(projectedState, event, this.nowMs);
    this.#log(() => `ask ${brief(event)}${refusal ? ` → ${refusal.code}` : ''}`);
    if (refusal) return refusal.code;
    this.#inbox.push(event);
    if (event.kind === 'openCharge' && !this.ledger.accepted.has(event.chargeId))
      this.ledger.accepted.set(event.chargeId, { ...event, openedAtMs: this.nowMs });
    return null;
  }

  /** A signal: an event of Stripe's, or the page saying that the customer is back. One about money back starts a run. */
  signal(event: CustomerEvent): void {
    if (this.isOver && event.kind === 'stripeEventReceived' && isAboutMoneyBack(event.type)) {
      this.isOver = false;
      this.state = newCustomer('alice');
    }
    if (!this.isOver) this.#inbox.push(event);
  }

  /** The whole state is lost, with what nobody had drained; what the ledger has is what remains. */
  crash(): void {
    this.#log(() => 'CRASH');
    this.crashes = null;
    this.#inbox = [];
    this.#unanswered.clear();
    this.#promised.clear();
    this.state = newCustomer('alice');
  }

  /** Works until there is nothing to do now, at most `limit` steps. @returns the last step asked for */
  work(limit = Number.POSITIVE_INFINITY): Step {
    let step = this.step();
    for (let count = 1; count < limit && step.do !== 'wait' && step.do !== 'end'; count++) step = this.step();
    return step;
  }

  /** Lets time pass, waking whenever a step asks for it or an event arrives. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const step = this.work();
      const next = [
        untilMs,
        ...(step.do === 'wait' ? [step.untilMs] : []),
        ...this.#underWay.map(({ atMs }) => atMs),
      ];
      const nowMs = Math.max(this.nowMs, Math.min(...next));
      if (nowMs > this.nowMs) {
        this.#stepsNow = [];
        this.nowMs = nowMs;
        this.stripe.tick(nowMs);
      }
      const due = this.#underWay.filter(({ atMs }) => atMs <= this.nowMs);
      this.#underWay = this.#underWay.filter(({ atMs }) => atMs > this.nowMs);
      for (const { event } of due) this.signal(event);
      if (due.length === 0 && this.nowMs >= untilMs) {
        this.work();
        return;
      }
    }
  }

  /** One round of the workflow's loop. */
  step(): Step {
    if (this.isOver) return { do: 'end' };
    if (this.state.loaded && this.#inbox.length > 0) {
      this.#stepsNow = [];
      for (const event of this.#inbox.splice(0)) this.#advance(event);
    }
    const step = nextStep(this.state, this.nowMs);
    this.#checkStep(step);
    if (step.do === 'wait') return step;
    this.#log(() => brief(step));
    if (step.do === 'end') {
      this.isOver = true;
      for (const chargeId of this.ledger.accepted.keys())
        if (!this.ledger.closed.has(chargeId))
          this.fail(`a workflow that ends leaves nothing open: ${chargeId}`);
      return step;
    }
    if (step.do === 'decide') {
      this.#advance(step.event);
      return step;
    }
    if (this.crashes === 'before') {
      this.crash();
      return step;
    }
    if (step.do === 'attemptCharge') this.#advance({ kind: 'attemptStarted', step });
    const event = this.#executeStep(step);
    if (this.crashes === 'after') {
      this.crash();
      return step;
    }
    this.#log(() => `  ${brief(event)}`);
    const before = this.state;
    this.#advance(event);
    // Otherwise the same step would be next, at once and for ever.
    if (this.state === before) this.fail(`an answer changes something: ${brief(event)}`);
    return step;
  }

  fail(rule: string): never {
    const shown = this.#trace.slice(-TRACE_SHOWN).map((words) => words());
    throw new Error(`${rule}\n${shown.join('\n')}\n${JSON.stringify(this.state.charges)}`);
  }

  // — as the activities do it —

  #executeStep(step: Exclude<Step, { do: 'decide' | 'wait' | 'end' }>): CustomerEvent {
    switch (step.do) {
      case 'load':
        return this.ledger.load();
      case 'record':
        return this.#record();
    }
    const event =
      step.do === 'attemptCharge' ? this.#attempt(step) : executeStep(step, this.stripe, this.ledger);
    if (event.kind === 'unanswered' && step.do === 'attemptCharge') this.#unanswered.add(step.chargeId);
    if (event.kind === 'paymentIntentSearched' && event.paymentIntentId === null)
      this.#unanswered.delete(event.chargeId);
    const readings = event.kind === 'chargeAttempted' ? event.events.map((timed) => timed.event) : [event];
    for (const answer of readings) {
      if (answer.kind !== 'paymentIntentRead') continue;
      this.#unanswered.delete(answer.chargeId);
      this.#lastRead.set(answer.reading.paymentIntentId, answer.reading.status);
    }
    return event;
  }

  /** The activity puts on record what came of it, and may be given up after that. */
  #attempt(step: StepOf<'attemptCharge'>): CustomerEvent {
    const { chargeId } = step;
    const isOver = this.#isOver(chargeId);
    if (!isOver && this.ledger.closed.has(chargeId))
      this.fail(`nothing is asked of Stripe for a charge that is over: ${chargeId}`);
    const answers: readonly CustomerEvent[] | null = isOver
      ? [{ kind: 'alreadyClosed', chargeId }]
      : askForMoney(step, this.stripe, this.ledger);
    if (answers === null) return { kind: 'unanswered', step };
    const events = answers.map((event) => ({ event, atMs: this.nowMs }));
    const next = advanceAll(this.state, events);
    if (!mustBeRecorded(next)) return { kind: 'chargeAttempted', chargeId, events, recorded: null };
    const written = this.#write(next);
    this.ledger.newestAttempt = { chargeId, after: this.state.sequence, through: written.through };
    if (this.#chance() < this.attemptsLost) return { kind: 'unanswered', step };
    const isOtherRelease = this.#chance() < this.otherRelease;
    const digest = isOtherRelease ? 'of another release' : digestOfState(next);
    return { kind: 'chargeAttempted', chargeId, events, recorded: { ...written, digest } };
  }

  /** By facts that the state has behind it. */
  #isOver(chargeId: string): boolean {
    const closedWith = this.#closedWith.get(chargeId);
    return closedWith !== undefined && closedWith <= this.state.sequence;
  }

  #record(): CustomerEvent {
    const { newestAttempt } = this.ledger;
    const first = this.state.facts[0];
    if (newestAttempt && first && first.sequence <= newestAttempt.through)
      return { kind: 'overtaken', ...newestAttempt };
    return { kind: 'recorded', ...this.#write(this.state) };
  }

  #write(state: CustomerState): { readonly through: number; readonly alreadyClosed: readonly string[] } {
    const { ledger } = this;
    let expected = (ledger.snapshot?.sequence ?? 0) + 1;
    for (const fact of state.facts) {
      if (fact.sequence !== expected++)
        this.fail(`facts have consecutive sequences: ${fact.sequence} where ${expected - 1} was next`);
      if (fact.kind === 'facts_superseded') this.#forget(Number(fact.data.from), Number(fact.data.through));
      this.#count(fact);
      this.#facts.push(fact);
    }
    if (state.sequence !== expected - 1) this.fail('facts have consecutive sequences: the newest is missing');
    for (const { kind, chargeId } of state.facts)
      if (kind === 'charge_reopened' && chargeId && ledger.closed.get(chargeId) === 'failed') {
        ledger.closed.delete(chargeId);
        this.#closedWith.delete(chargeId);
      }
    const alreadyClosed: string[] = [];
    for (const { chargeId, phase } of state.charges) {
      const isNoted = state.facts.some((fact) => fact.chargeId === chargeId);
      const isWaived = phase.is === 'closed' && phase.as === 'waived';
      if (ledger.closed.has(chargeId) && isNoted && !isWaived) alreadyClosed.push(chargeId);
      else if (phase.is === 'closed' && isNoted) {
        ledger.closed.set(chargeId, phase.as);
        this.#closedWith.set(chargeId, state.sequence);
      }
    }
    if (state.mandate && state.facts.some(({ kind }) => kind === 'cancelled'))
      this.#ended.add(state.mandate.setupIntentId);
    ledger.snapshot = structuredClone({ ...state, facts: [] });
    return { through: state.facts.at(-1)?.sequence ?? 0, alreadyClosed };
  }

  /** Facts that do not count any more: what follows from the others is counted anew. */
  #forget(from: number, through: number): void {
    const { ledger } = this;
    this.#facts = this.#facts.filter(({ sequence }) => sequence < from || sequence > through);
    for (const [chargeId, sequence] of this.#closedWith)
      if (sequence === through) {
        ledger.closed.delete(chargeId);
        this.#closedWith.delete(chargeId);
      }
    for (const counted of [ledger.closings, ledger.amountsDiffer, ledger.outcomes, ledger.moneyBack])
      counted.clear();
    for (const fact of this.#facts) this.#count(fact);
  }

  #count(fact: Fact): void {
    const { ledger } = this;
    if (['charge_closed', 'charge_waived'].includes(fact.kind) && fact.chargeId)
      ledger.closings.add(fact.chargeId);
    if (fact.kind === 'charge_reopened' && fact.chargeId) ledger.closings.delete(fact.chargeId);
    if (fact.kind === 'amount_differs' && fact.chargeId) ledger.amountsDiffer.add(fact.chargeId);
    if (fact.kind === 'attempt') this.#recordAttempt(fact);
    if (fact.kind === 'refund' || fact.kind === 'dispute') this.#recordMoneyBack(fact);
  }

  #recordAttempt({ data }: Fact): void {
    const { outcome, answer } = data as { outcome: string; answer: PaymentIntentReading | null };
    if (!answer?.stripeChargeId || outcome === 'unknown') return;
    const { outcomes } = this.ledger;
    const before = outcomes.get(answer.stripeChargeId) ?? [];
    if (before.includes(outcome))
      this.fail(`an answer is on record once: ${answer.stripeChargeId} ${outcome}`);
    outcomes.set(answer.stripeChargeId, [...before, outcome]);
  }

  #recordMoneyBack({ kind, data }: Fact): void {
    const id = String(data[`${kind}Id`]);
    const words = JSON.stringify(data);
    if (this.ledger.moneyBack.get(id) === words) this.fail(`each state of ${id} is on record once: ${words}`);
    this.ledger.moneyBack.set(id, words);
  }

  #deliver(type: string, objectId: string): void {
    const event = (): CustomerEvent => ({
      kind: 'stripeEventReceived',
      eventId: `evt_${this.#eventCount}`,
      type,
      objectId,
    });
    this.#eventCount++;
    const { lost, twice, latestMs } = this.eventDelivery;
    if (this.#chance() < lost) return;
    const times = this.#chance() < twice ? 2 : 1;
    for (let time = 0; time < times; time++)
      this.#underWay.push({
        atMs: this.nowMs + Math.floor(this.#chance() * latestMs),
        event: event(),
      });
  }

  // — what must always hold —

  #advance(event: CustomerEvent): void {
    const before = this.state;
    const after = advance(before, event, this.nowMs);
    this.state = after;
    const leak = impurity(after, 'state');
    if (leak) this.fail(`state survives JSON unchanged: ${leak} after ${event.kind}`);
    if (canRepeat(event)) {
      const twice = advance(after, event, this.nowMs);
      if (!isDeepStrictEqual(timeless(twice), timeless(after)))
        this.fail(`the same event twice changes nothing the second time: ${brief(event)}`);
    }
    viewOf(after, this.nowMs);
    for (const charge of after.charges) {
      const was = before.charges.find(({ chargeId }) => chargeId === charge.chargeId);
      if (charge.phase.is === 'closed' && was?.phase.is !== 'closed') this.#checkClosed(charge);
    }
    if (event.kind === 'loaded') this.#checkLoaded();
    this.#remember(event, before);
    for (const { kind, chargeId, sequence } of after.facts)
      if (kind === 'charge_reopened' && chargeId && sequence > before.sequence)
        this.ledger.asksBeforeReopening.set(chargeId, this.stripe.askedByUs.length);
    for (const charge of after.charges) {
      this.#checkCharge(charge);
      this.#checkOtherCard(charge);
    }
    for (const { chargeId } of before.charges) {
      const isGone = !after.charges.some((charge) => charge.chargeId === chargeId);
      if (isGone && !this.ledger.closings.has(chargeId))
        this.fail(`a charge leaves with its end recorded: ${chargeId}`);
    }
  }

  #remember(event: CustomerEvent, before: CustomerState): void {
    const { mandate, charges } = this.state;
    if (event.kind === 'retryCharge') this.#promised.delete(event.chargeId);
    if (mandate?.setupIntentId !== before.mandate?.setupIntentId) this.#promised.clear();
    const answers = event.kind === 'chargeAttempted' ? event.events.map((timed) => timed.event) : [event];
    for (const answer of answers) {
      if (answer.kind !== 'paymentIntentRead') continue;
      const { decline, status } = answer.reading;
      if (decline === null || status === 'canceled') continue;
      const charge = charges.find(({ chargeId }) => chargeId === answer.chargeId);
      if (charge?.phase.is === 'due') this.#promised.set(charge.chargeId, charge.phase.atMs);
      else this.#promised.delete(answer.chargeId);
    }
  }

  #checkCharge({ chargeId, phase, attempts, attemptCount }: Charge): void {
    const isUnderWay = phase.is === 'attempting';
    const isOpen = attempts.some(
      ({ outcome }, index) => outcome === null && !(isUnderWay && index === attempts.length - 1),
    );
    if (isOpen) this.fail(`an attempt that is not under way has an outcome: ${chargeId}`);
    const isCounted = attempts.every(
      ({ number }, index) => number === attemptCount - attempts.length + 1 + index,
    );
    const isSorted = attempts.every(
      ({ number }, index) => index === 0 || number > (attempts[index - 1]?.number ?? 0),
    );
    if (!isSorted || (attempts.length < 20 && !isCounted))
      this.fail(`attempts are numbered in order: ${chargeId}`);
    if (phase.is === 'awaiting_step_up' && phase.failures < 0)
      this.fail(`failures are counted from 0: ${chargeId}`);
  }

  /** Whatever is learnt of an attempt, the next one is decided with the card that is on file now. */
  #checkOtherCard(charge: Charge): void {
    const { state, nowMs } = this;
    const newest = charge.attempts.at(-1);
    const { card } = chargeableCard(state, charge, nowMs);
    if (!newest || !card || card.paymentMethodId === newest.paymentMethodId) return;
    const { phase } = charge;
    // What Stripe turned away, or cancelled by itself, is spaced by an hour at most.
    const waits = phase.is === 'awaiting_card' || (phase.is === 'due' && phase.atMs > nowMs + HOUR);
    if (waits) this.fail(`a card that was given since is asked at once: ${charge.chargeId} is ${phase.is}`);
  }

  #checkLoaded(): void {
    for (const chargeId of this.ledger.accepted.keys()) {
      const isOpen = !this.ledger.closed.has(chargeId);
      if (isOpen && !this.state.charges.some((charge) => charge.chargeId === chargeId))
        this.fail(`an accepted charge is not lost with a run: ${chargeId}`);
    }
  }

  #checkClosed({ chargeId, phase }: Charge): void {
    if (phase.is !== 'closed' || this.ledger.closed.has(chargeId)) return;
    const payments = this.stripe.paymentsOf(chargeId);
    if (phase.as === 'succeeded' && payments !== 1)
      this.fail(`a charge closed as succeeded is paid exactly once: ${chargeId} was paid ${payments} times`);
    if (phase.as === 'succeeded') return;
    if (payments > 0) this.fail(`a charge closed as ${phase.as} was never paid: ${chargeId}`);
    const payable = stillPayable(chargeId, this.stripe, this.ledger);
    if (payable) this.fail(payable);
  }

  #checkStep(step: Step): void {
    if (step.do === 'wait') {
      if (!(step.untilMs > this.nowMs && step.untilMs <= this.nowMs + LONGEST_SLEEP_MS))
        this.fail(`a customer who is not over wakes within a week: in ${step.untilMs - this.nowMs} ms`);
      return;
    }
    if (step.do === 'attemptCharge') this.#checkAttempt(step);
    const words = JSON.stringify(step);
    this.#stepsNow.push(step.do === 'record' ? `record ${this.state.sequence}` : words);
    const same = this.#stepsNow.filter((other) => other === this.#stepsNow.at(-1)).length;
    if (same > SAME_STEP_AT_ONE_INSTANT || this.#stepsNow.length > STEPS_AT_ONE_INSTANT)
      this.fail(`no step is repeated for ever at one instant: ${words}`);
  }

  #checkAttempt(step: StepOf<'attemptCharge'>): void {
    const { state, nowMs } = this;
    const { chargeId, paymentIntentId } = step;
    const charge = state.charges.find((other) => other.chargeId === chargeId);
    if (!charge) throw this.fail(`no attempt for a charge that is not there: ${chargeId}`);
    if (state.mandate?.status !== 'active') this.fail(`no attempt without an active mandate: ${chargeId}`);
    if (state.mandate.paymentMethodId !== step.paymentMethodId)
      this.fail(`no attempt on a card that is not the mandate's: ${chargeId}`);
    if (state.cancelled) this.fail(`no attempt after cancel: ${chargeId}`);
    if (state.paused) this.fail(`no attempt while paused: ${chargeId}`);
    if (nowMs < charge.dueAtMs) this.fail(`no attempt before it is due: ${chargeId}`);
    if (charge.phase.is === 'due' && nowMs < charge.phase.atMs)
      this.fail(`no attempt before its next time: ${chargeId}`);
    // Asked for again after its end, it is due at once, and its attempt asks nothing of Stripe.
    if (nowMs < (this.#promised.get(chargeId) ?? 0) && !this.#isOver(chargeId))
      this.fail(`no attempt before the calendar says so: ${chargeId}`);
    if (this.#ended.has(state.mandate.setupIntentId))
      this.fail(`a card given before a cancel is not charged after it: ${chargeId}`);
    const waiting = state.charges.find(({ phase }) => phase.is === 'awaiting_step_up');
    if (waiting) this.fail(`no attempt while a step-up waits: ${chargeId} during ${waiting.chargeId}`);
    if (this.#unanswered.size > 0)
      this.fail(`no attempt while an outcome is unknown: ${chargeId} during ${[...this.#unanswered]}`);
    if (paymentIntentId === null) return;
    if (this.#lastRead.get(paymentIntentId) === 'requires_action')
      this.fail(`no attempt on an intent that is at the bank: ${chargeId}`);
    if (!this.ledger.objectIndex.some(({ stripeId }) => stripeId === paymentIntentId))
      this.fail(`no attempt on an intent that is not on record: ${chargeId}`);
  }

  /** Everything that the truth at Stripe must say at any time. */
  checkTruth(): void {
    const broken = brokenTruth(this.stripe, this.ledger);
    if (broken) this.fail(broken);
  }

  /** Put into words only when something fails. */
  #log(words: () => string): void {
    const { nowMs } = this;
    this.#trace.push(() => `${((nowMs - EPOCH_MS) / HOUR).toFixed(2)} h  ${words()}`);
    if (this.#trace.length > 400) this.#trace = this.#trace.slice(-TRACE_SHOWN);
  }
}

/** Where a value would not come back from JSON as it went in, or null. */
function impurity(value: unknown, path: string): string | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null;
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path} is ${value}`;
  if (typeof value !== 'object') return `${path} is ${typeof value}`;
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (!isPlain) return `${path} is not plain`;
  for (const [key, inner] of Object.entries(value)) {
    const leak = impurity(inner, `${path}.${key}`);
    if (leak) return leak;
  }
  return null;
}

/** A state without the times of its next checks: asking again later is all that a repetition may change. */
function timeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(timeless);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'nextCheckAtMs' && key !== 'checks')
      .map(([key, inner]) => [key, timeless(inner)]),
  );
}

function brief(words: CustomerEvent | Step): string {
  return JSON.stringify(words, (key, value) =>
    ['consent', 'card', 'snapshot'].includes(key) ? undefined : value,
  );
}
