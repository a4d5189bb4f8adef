// A model of Stripe: intents, setups, keys, cards and events, small enough to be believed.

import type { Decline } from '../../../domain/model/charge.ts';
import type { Card, MandateStatus } from '../../../domain/model/enrolment.ts';
import type { StepOf } from '../../../domain/model/steps.ts';
import type {
  DisputeReading,
  IssuerAnswer,
  PaymentIntentReading,
  RefundReading,
  SetupIntentReading,
} from '../../../domain/model/stripe-objects.ts';
import { DAY, HOUR, MINUTE } from '../../../domain/shared/time.ts';

/** `none`: the call, or its answer, was lost. `rejected`: a 4xx that is not a decline. */
export type Answer<Value> =
  | { readonly is: 'ok'; readonly value: Value }
  | { readonly is: 'rejected'; readonly code: string; readonly param?: string }
  | { readonly is: 'none' };

/** Chances between 0 and 1 of what can go wrong with one call. */
export interface FaultProfile {
  readonly lostBefore: number;
  readonly lostAfter: number;
  /** Stripe answers 500 and keeps that answer under the key; the work may have been done. */
  readonly stored500: number;
  readonly rejected: number;
}

export const NO_FAULTS: FaultProfile = { lostBefore: 0, lostAfter: 0, stored500: 0, rejected: 0 };

export type IssuerVerdict =
  | 'succeed'
  | 'authentication_required'
  | 'processing'
  | 'insufficient_funds'
  | 'issuer_not_available'
  | 'lost_card'
  | 'expired_card'
  | 'a_code_of_tomorrow';

/** Which answers an issuer gives, in equal shares. */
export type IssuerScript = readonly IssuerVerdict[];

/** What we ask for. */
interface AskedIntent {
  readonly chargeId: string;
  readonly number: string;
  readonly amount: number;
  readonly currency: string;
  readonly stripeCustomerId: string;
}

export interface ModelIntent extends AskedIntent {
  readonly id: string;
  /** Somebody may change it by hand. */
  amount: number;
  amountReceived: number;
  readonly createdAtMs: number;
  status: string;
  cancellationReason: string | null;
  latestCharge: string | null;
  /** What the issuer said, once for each charge. */
  readonly answers: IssuerAnswer[];
  decline: Decline | null;
  payments: number;
  confirms: number;
  /** What the customer or we last confirmed it with. */
  paymentMethodId: string | null;
  settlesAtMs: number | null;
}

interface ModelSetup {
  readonly id: string;
  readonly stripeCustomerId: string;
  status: string;
  paymentMethodId: string | null;
  attempts: number;
  decline: Decline | null;
}

interface ModelMethod {
  card: Card;
  attached: boolean;
  /** Null until a SetupIntent has attached it. */
  stripeCustomerId: string | null;
  mandateStatus: MandateStatus | null;
  mandateActiveAtMs: number;
}

const MISSING_CUSTOMER = { is: 'rejected', code: 'resource_missing', param: 'customer' } as const;

/** Each network counts in its own way. */
const BRANDS = ['visa', 'mastercard', 'amex'];
const COUNTRIES = ['DE', 'FR', 'IN', 'US'];

/** A number in [0, 1) that depends on its words only. */
function drawn(...words: readonly (string | number)[]): number {
  let hash = 2166136261;
  for (const character of words.join('|')) {
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 2246822507);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489909);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** A stream of numbers in [0, 1) from one seed. */
export function stream(seed: number): () => number {
  let count = 0;
  return () => drawn('stream', seed, ++count);
}

export class StripeModel {
  readonly intents = new Map<string, ModelIntent>();
  readonly setups = new Map<string, ModelSetup>();
  readonly methods = new Map<string, ModelMethod>();
  /** Ids of customers, and whether somebody has deleted them. */
  readonly customers = new Map<string, 'there' | 'deleted'>();
  readonly refunds = new Map<string, RefundReading>();
  readonly disputes = new Map<string, DisputeReading>();
  /** Every time an issuer was asked because of us, for the budgets. */
  readonly askedByUs: {
    chargeId: string;
    fingerprint: string;
    brand: string;
    atMs: number;
    amount: number;
    isPaid: boolean;
  }[] = [];
  faultProfile: FaultProfile = NO_FAULTS;
  nowMs: number;
  readonly #seed: number;
  readonly #chance: () => number;
  readonly #script: IssuerScript;
  readonly #notify: (type: string, objectId: string) => void;
  readonly #keys = new Map<string, { answer: Answer<unknown>; of: string; atMs: number }>();

  constructor(
    seed: number,
    script: IssuerScript,
    nowMs: number,
    notify: (type: string, objectId: string) => void,
  ) {
    this.#seed = seed;
    this.#chance = stream(seed);
    this.#script = script;
    this.#notify = notify;
    this.nowMs = nowMs;
  }

  // — what our activities call —

  createIntent(asked: AskedIntent, key: string): Answer<string> {
    return this.#call({ key, of: JSON.stringify(asked) }, () => {
      const { chargeId } = asked;
      if (this.#isDeleted(asked.stripeCustomerId)) return MISSING_CUSTOMER;
      const nth = this.intentsOf(chargeId).length + 1;
      const id = `pi_${chargeId}_${nth}`;
      this.intents.set(id, {
        id,
        ...asked,
        amountReceived: 0,
        createdAtMs: this.nowMs,
        status: 'requires_payment_method',
        cancellationReason: null,
        latestCharge: null,
        answers: [],
        decline: null,
        payments: 0,
        confirms: 0,
        paymentMethodId: null,
        settlesAtMs: null,
      });
      this.#notify('payment_intent.created', id);
      return { is: 'ok', value: id };
    });
  }

  /** Found by our metadata, as our activity lists. */
  findIntent(chargeId: string, number: string): Answer<string | null> {
    return this.#call(null, () => {
      const found = this.intentsOf(chargeId).find(
        (intent) => intent.number === number && intent.status !== 'canceled',
      );
      return { is: 'ok', value: found?.id ?? null };
    });
  }

  /** Off session. A decline is an `ok` answer here, as in our activity. */
  confirmPaymentIntent(
    paymentIntentId: string,
    paymentMethodId: string,
    key: string,
  ): Answer<PaymentIntentReading> {
    return this.#call({ key, of: `${paymentIntentId} ${paymentMethodId}` }, () => {
      const intent = this.#intent(paymentIntentId);
      const method = this.methods.get(paymentMethodId);
      if (!['requires_payment_method', 'requires_confirmation'].includes(intent.status))
        return { is: 'rejected', code: 'payment_intent_unexpected_state' };
      if (this.#isDeleted(intent.stripeCustomerId)) return MISSING_CUSTOMER;
      if (!method?.attached) return { is: 'rejected', code: 'resource_missing', param: 'payment_method' };
      intent.confirms++;
      if (intent.confirms > 3 + Math.floor(drawn(this.#seed, paymentIntentId, 'limit') * 6)) {
        this.#cancel(intent, 'automatic');
        return { is: 'rejected', code: 'payment_intent_unexpected_state' };
      }
      const { fingerprint, brand } = method.card;
      intent.paymentMethodId = paymentMethodId;
      this.#issuerAnswers(intent, 'off');
      this.askedByUs.push({
        chargeId: intent.chargeId,
        fingerprint: fingerprint ?? '',
        brand,
        atMs: this.nowMs,
        amount: intent.amount,
        isPaid: intent.status === 'succeeded',
      });
      return { is: 'ok', value: this.readingOf(intent) };
    });
  }

  /** What our activity reads before a later confirm: an intent that may not be confirmed is reported as it is. */
  unlessItDiffers(
    step: StepOf<'attemptCharge'> & { readonly paymentIntentId: string },
    isNew: boolean,
  ): Answer<PaymentIntentReading> | null {
    const { amount, currency, stripeCustomerId, paymentIntentId, known, attemptNumber } = step;
    if (attemptNumber === 1 && isNew) return null;
    const intent = this.#intent(paymentIntentId);
    const isAsOwed =
      ['requires_payment_method', 'requires_confirmation'].includes(intent.status) &&
      intent.amount === amount &&
      intent.currency === currency &&
      intent.stripeCustomerId === stripeCustomerId;
    return isAsOwed ? null : this.readPaymentIntent(paymentIntentId, known);
  }

  readPaymentIntent(paymentIntentId: string, known: string | null): Answer<PaymentIntentReading> {
    return this.#call(null, () => ({
      is: 'ok',
      value: this.#withUnrecordedAnswers(this.#intent(paymentIntentId), known),
    }));
  }

  /** Says what the intent is where it is too late to cancel it, as our activity does. */
  cancelPaymentIntent(paymentIntentId: string, known: string | null): Answer<PaymentIntentReading> {
    return this.#call(null, () => {
      const intent = this.#intent(paymentIntentId);
      if (!['succeeded', 'canceled', 'processing'].includes(intent.status)) this.#cancel(intent, 'abandoned');
      return { is: 'ok', value: this.#withUnrecordedAnswers(intent, known) };
    });
  }

  createSetup(stripeCustomerId: string, key: string): Answer<string> {
    return this.#call({ key, of: stripeCustomerId }, () => {
      if (this.#isDeleted(stripeCustomerId)) return MISSING_CUSTOMER;
      const id = `seti_${this.setups.size + 1}`;
      this.setups.set(id, {
        id,
        stripeCustomerId,
        status: 'requires_payment_method',
        paymentMethodId: null,
        attempts: 0,
        decline: null,
      });
      return { is: 'ok', value: id };
    });
  }

  confirmSetupIntent(
    setupIntentId: string,
    paymentMethodId: string,
    key: string,
  ): Answer<SetupIntentReading> {
    return this.#call({ key, of: `${setupIntentId} ${paymentMethodId}` }, () => {
      const setup = this.#setup(setupIntentId);
      if (this.#isDeleted(setup.stripeCustomerId)) return MISSING_CUSTOMER;
      if (setup.status === 'requires_payment_method') {
        const luck = drawn(this.#seed, paymentMethodId, 'setup');
        if (luck < 0.6) this.#setupSucceeds(setup, paymentMethodId);
        else if (luck < 0.8) this.#setupFails(setup);
        else {
          setup.attempts++;
          setup.status = 'requires_action';
          setup.paymentMethodId = paymentMethodId;
        }
      }
      return { is: 'ok', value: this.setupReadingOf(setup) };
    });
  }

  readSetupIntent(setupIntentId: string): Answer<SetupIntentReading> {
    return this.#call(null, () => ({ is: 'ok', value: this.setupReadingOf(this.#setup(setupIntentId)) }));
  }

  cancelSetupIntent(setupIntentId: string): Answer<SetupIntentReading> {
    return this.#call(null, () => {
      const setup = this.#setup(setupIntentId);
      if (setup.status !== 'succeeded') setup.status = 'canceled';
      return { is: 'ok', value: this.setupReadingOf(setup) };
    });
  }

  readRefund(refundId: string): Answer<RefundReading> {
    return this.#call(null, () => {
      const reading = this.refunds.get(refundId);
      return reading
        ? { is: 'ok', value: { ...reading } }
        : { is: 'rejected', code: 'resource_missing', param: 'id' };
    });
  }

  readDispute(disputeId: string): Answer<DisputeReading> {
    return this.#call(null, () => {
      const reading = this.disputes.get(disputeId);
      return reading
        ? { is: 'ok', value: { ...reading } }
        : { is: 'rejected', code: 'resource_missing', param: 'id' };
    });
  }

  createCustomer(key: string): Answer<string> {
    return this.#call({ key, of: '' }, () => {
      const id = `cus_${this.customers.size + 1}`;
      this.customers.set(id, 'there');
      return { is: 'ok', value: id };
    });
  }

  // — what customers, banks and people at Stripe's dashboard do —

  /** A card the customer typed in; the same number gives the same fingerprint. */
  newCard(number: number): string {
    const id = `pm_${this.methods.size + 1}`;
    const country = COUNTRIES[number] ?? 'DE';
    this.methods.set(id, {
      card: {
        brand: BRANDS[number % BRANDS.length] ?? 'visa',
        last4: '4242',
        expMonth: 12,
        expYear: 2040,
        country,
        fingerprint: `fp-${number}`,
      },
      attached: true,
      stripeCustomerId: null,
      mandateStatus: country === 'IN' ? 'pending' : null,
      mandateActiveAtMs: 0,
    });
    return id;
  }

  customerSetsUp(setupIntentId: string, card: number, isOk: boolean): void {
    const setup = this.#setup(setupIntentId);
    if (this.#isDeleted(setup.stripeCustomerId)) return;
    if (!['requires_payment_method', 'requires_action'].includes(setup.status)) return;
    if (isOk) this.#setupSucceeds(setup, setup.paymentMethodId ?? this.newCard(card));
    else this.#setupFails(setup);
  }

  /** The customer confirms on session: the bank's page opens. */
  customerBegins(paymentIntentId: string): void {
    const intent = this.#intent(paymentIntentId);
    if (this.#isDeleted(intent.stripeCustomerId)) return;
    if (intent.status !== 'requires_payment_method') return;
    intent.status = 'requires_action';
    this.#notify('payment_intent.requires_action', paymentIntentId);
  }

  customerEnds(paymentIntentId: string, isAuthenticated: boolean): void {
    const intent = this.#intent(paymentIntentId);
    if (intent.status !== 'requires_action') return;
    if (isAuthenticated && drawn(this.#seed, paymentIntentId, intent.latestCharge ?? '', 'unpaid') < 0.1) {
      intent.status = 'requires_confirmation';
      return;
    }
    if (isAuthenticated) {
      this.#issuerAnswers(intent, 'on');
      return;
    }
    intent.status = 'requires_payment_method';
    intent.decline = decline('payment_intent_authentication_failure', null);
    this.#notify('payment_intent.payment_failed', paymentIntentId);
  }

  cancelByHand(paymentIntentId: string, reason: 'requested_by_customer' | 'automatic'): void {
    const intent = this.#intent(paymentIntentId);
    if (!['succeeded', 'canceled', 'processing'].includes(intent.status)) this.#cancel(intent, reason);
  }

  /** A part of what was paid goes back, or what went back before comes to its end. */
  refund(chargeId: string): void {
    const paid = this.intentsOf(chargeId).find(({ status }) => status === 'succeeded');
    if (!paid) return;
    const refundId = `re_${paid.id}`;
    const isNew = !this.refunds.has(refundId);
    this.refunds.set(refundId, {
      refundId,
      failureReason: null,
      ...this.#moneyBack(paid, isNew ? 'pending' : 'succeeded'),
    });
    this.#notify(isNew ? 'refund.created' : 'refund.updated', refundId);
  }

  /** The cardholder disputes what was paid, or the bank decides about it. */
  dispute(chargeId: string): void {
    const paid = this.intentsOf(chargeId).find(({ status }) => status === 'succeeded');
    if (!paid) return;
    const disputeId = `du_${paid.id}`;
    const isNew = !this.disputes.has(disputeId);
    this.disputes.set(disputeId, {
      disputeId,
      networkReasonCode: null,
      respondByMs: null,
      ...this.#moneyBack(paid, isNew ? 'needs_response' : 'lost'),
    });
    this.#notify(isNew ? 'charge.dispute.created' : 'charge.dispute.closed', disputeId);
  }

  #moneyBack(paid: ModelIntent, status: string) {
    return {
      chargeId: paid.chargeId,
      status,
      amount: 500,
      currency: 'eur',
      reason: null,
      paymentIntentId: paid.id,
      stripeChargeId: paid.latestCharge,
      requestId: null,
    };
  }

  /** Somebody deletes the customer in the Dashboard: their cards are detached, and that has no events of its own. */
  deleteCustomer(stripeCustomerId: string): void {
    if (this.customers.get(stripeCustomerId) !== 'there') return;
    this.customers.set(stripeCustomerId, 'deleted');
    for (const method of this.methods.values())
      if (method.stripeCustomerId === stripeCustomerId) method.attached = false;
    this.#notify('customer.deleted', stripeCustomerId);
  }

  /** Somebody changes what an unpaid intent is over; nobody is that quick on one that was made a minute ago. */
  changeAmount(paymentIntentId: string, amount: number): void {
    const intent = this.#intent(paymentIntentId);
    if (this.nowMs - intent.createdAtMs <= MINUTE) return;
    if (['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status))
      intent.amount = amount;
  }

  /** The network gives the card another expiry date, and another number where it was lost. */
  updateCard(paymentMethodId: string, isRenumbered: boolean): void {
    const method = this.methods.get(paymentMethodId);
    if (!method?.attached) return;
    const { card } = method;
    const fingerprint = isRenumbered ? `${card.fingerprint}-again` : card.fingerprint;
    method.card = { ...card, expYear: card.expYear + 1, fingerprint };
    this.#notify('payment_method.automatically_updated', paymentMethodId);
  }

  detach(paymentMethodId: string): void {
    const method = this.methods.get(paymentMethodId);
    if (!method?.attached) return;
    method.attached = false;
    this.#notify('payment_method.detached', paymentMethodId);
  }

  /** Banks do what they do with time. */
  tick(nowMs: number): void {
    this.nowMs = nowMs;
    for (const intent of this.intents.values()) {
      if (intent.settlesAtMs !== null && intent.settlesAtMs <= nowMs) {
        intent.settlesAtMs = null;
        const isPaid = drawn(this.#seed, intent.id, intent.latestCharge ?? '', 'settles') < 0.7;
        if (isPaid) this.#paid(intent);
        else this.#declined(intent, 'insufficient_funds');
      }
    }
    for (const [id, method] of this.methods) {
      if (
        method.mandateStatus === 'pending' &&
        method.mandateActiveAtMs > 0 &&
        method.mandateActiveAtMs <= nowMs
      ) {
        method.mandateStatus = 'active';
        this.#notify('mandate.updated', `mandate_${id}`);
      }
    }
  }

  // — the truth, for the tests —

  intentsOf(chargeId: string): ModelIntent[] {
    return [...this.intents.values()].filter((intent) => intent.chargeId === chargeId);
  }

  paymentsOf(chargeId: string): number {
    return this.intentsOf(chargeId).reduce((sum, { payments }) => sum + payments, 0);
  }

  readingOf(intent: ModelIntent): PaymentIntentReading {
    return {
      paymentIntentId: intent.id,
      status: intent.status,
      amount: intent.amount,
      amountReceived: intent.amountReceived,
      amountRefunded: 0,
      currency: intent.currency,
      stripeCustomerId: intent.stripeCustomerId,
      cancellationReason: intent.cancellationReason,
      stripeChargeId: intent.latestCharge,
      decline: intent.decline,
      paymentMethodId: intent.paymentMethodId,
      fingerprint: this.methods.get(intent.paymentMethodId ?? '')?.card.fingerprint ?? null,
      processingUntilMs: intent.settlesAtMs,
      requestId: null,
      networkTransactionId: null,
      exemption: null,
      electronicCommerceIndicator: null,
      threeDSecureResult: null,
    };
  }

  #withUnrecordedAnswers(intent: ModelIntent, known: string | null): PaymentIntentReading {
    const since = intent.answers.findIndex(({ stripeChargeId }) => stripeChargeId === known) + 1;
    return { ...this.readingOf(intent), unrecordedAnswers: structuredClone(intent.answers.slice(since, -1)) };
  }

  setupReadingOf(setup: ModelSetup): SetupIntentReading {
    const method = setup.status === 'succeeded' ? this.methods.get(setup.paymentMethodId ?? '') : undefined;
    return {
      setupIntentId: setup.id,
      status: setup.status,
      paymentMethodId: method ? setup.paymentMethodId : null,
      attached: method?.attached ?? false,
      card: method?.card ?? null,
      setupAttemptId: setup.attempts === 0 ? null : `setatt_${setup.id}_${setup.attempts}`,
      threeDSecure: null,
      stripeMandateId: method?.mandateStatus ? `mandate_${setup.paymentMethodId}` : null,
      stripeMandateStatus: method?.mandateStatus ?? null,
      decline: setup.decline,
      requestId: null,
    };
  }

  #issuerAnswers(intent: ModelIntent, session: 'on' | 'off'): void {
    const before = this.intentsOf(intent.chargeId).reduce((sum, { confirms }) => sum + confirms, 0);
    const nth = session === 'off' ? before : `${before}-${intent.latestCharge}`;
    const luck = drawn(this.#seed, intent.chargeId, session, nth);
    const script = this.#script.filter(
      (answer) => session === 'off' || !['authentication_required', 'lost_card'].includes(answer),
    );
    const answer = script[Math.floor(luck * script.length)] ?? 'succeed';
    intent.latestCharge = `ch_${intent.id}_${Number(intent.latestCharge?.split('_').at(-1) ?? 0) + 1}`;
    const said = {
      stripeChargeId: intent.latestCharge,
      decline: null,
      paymentMethodId: intent.paymentMethodId,
      fingerprint: this.methods.get(intent.paymentMethodId ?? '')?.card.fingerprint ?? null,
      networkTransactionId: null,
      exemption: null,
      electronicCommerceIndicator: null,
      threeDSecureResult: null,
    };
    intent.answers.push(said);
    if (answer === 'succeed') this.#paid(intent);
    else if (answer === 'processing') {
      intent.status = 'processing';
      intent.decline = null;
      intent.settlesAtMs = this.nowMs + 26 * HOUR;
      this.#notify('payment_intent.processing', intent.id);
    } else this.#declined(intent, answer);
  }

  #paid(intent: ModelIntent): void {
    intent.status = 'succeeded';
    intent.decline = null;
    intent.payments++;
    intent.amountReceived = intent.amount;
    this.#notify('payment_intent.succeeded', intent.id);
  }

  #declined(intent: ModelIntent, code: IssuerVerdict): void {
    intent.status = 'requires_payment_method';
    const isOwnCode = code === 'authentication_required' || code === 'expired_card';
    intent.decline = decline(isOwnCode ? code : 'card_declined', code);
    const said = intent.answers.at(-1);
    if (said) intent.answers[intent.answers.length - 1] = { ...said, decline: intent.decline };
    this.#notify('payment_intent.payment_failed', intent.id);
  }

  #cancel(intent: ModelIntent, reason: string): void {
    intent.status = 'canceled';
    intent.cancellationReason = reason;
    this.#notify('payment_intent.canceled', intent.id);
  }

  #setupSucceeds(setup: ModelSetup, paymentMethodId: string): void {
    setup.attempts++;
    setup.status = 'succeeded';
    setup.decline = null;
    setup.paymentMethodId = paymentMethodId;
    const method = this.methods.get(paymentMethodId);
    if (method) method.stripeCustomerId = setup.stripeCustomerId;
    if (method?.mandateStatus === 'pending') method.mandateActiveAtMs = this.nowMs + 20 * MINUTE;
    this.#notify('setup_intent.succeeded', setup.id);
  }

  #setupFails(setup: ModelSetup): void {
    setup.attempts++;
    setup.status = 'requires_payment_method';
    setup.paymentMethodId = null;
    setup.decline = decline('setup_intent_authentication_failure', null);
    this.#notify('setup_intent.setup_failed', setup.id);
  }

  #isDeleted(stripeCustomerId: string): boolean {
    return this.customers.get(stripeCustomerId) === 'deleted';
  }

  /**
   * A key's first answer is kept for 24 hours, and only for the same request: a 4xx too, once the request's execution
   * has begun (docs.stripe.com/api/idempotent_requests).
   */
  #call<Value>(
    keyed: { readonly key: string; readonly of: string } | null,
    run: () => Answer<Value>,
  ): Answer<Value> {
    const { lostBefore, lostAfter, stored500, rejected } = this.faultProfile;
    if (this.#chance() < lostBefore) return { is: 'none' };
    const isLost = this.#chance() < lostAfter;
    const stored = keyed && this.#keys.get(keyed.key);
    if (stored && stored.atMs > this.nowMs - DAY) {
      if (stored.of !== keyed.of) return { is: 'rejected', code: 'idempotency_error' };
      return isLost ? { is: 'none' } : (structuredClone(stored.answer) as Answer<Value>);
    }
    const keep = (answer: Answer<Value>) => {
      if (keyed)
        this.#keys.set(keyed.key, { answer: structuredClone(answer), of: keyed.of, atMs: this.nowMs });
    };
    if (this.#chance() < rejected) {
      const refusal: Answer<Value> = { is: 'rejected', code: 'account_closed' };
      if (this.#chance() < 0.5) keep(refusal);
      return refusal;
    }
    if (keyed && this.#chance() < stored500) {
      if (this.#chance() < 0.5) run();
      keep({ is: 'none' });
      return { is: 'none' };
    }
    const answer = run();
    keep(answer);
    return isLost ? { is: 'none' } : answer;
  }

  #intent(id: string): ModelIntent {
    const intent = this.intents.get(id);
    if (!intent) throw new Error(`no such PaymentIntent: ${id}`);
    return intent;
  }

  #setup(id: string): ModelSetup {
    const setup = this.setups.get(id);
    if (!setup) throw new Error(`no such SetupIntent: ${id}`);
    return setup;
  }
}

function decline(code: string, declineCode: string | null): Decline {
  return { code, declineCode, adviceCode: null, networkDeclineCode: null, networkAdviceCode: null };
}
