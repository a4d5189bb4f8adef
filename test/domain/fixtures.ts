// Small values for the tables of domain tests: a customer who has enrolled, a charge, what Stripe says.
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Attempt, Charge, ChargePhase, Decline } from '../../domain/model/charge.ts';
import type { Card, Consent, Enrolment, Mandate } from '../../domain/model/enrolment.ts';
import type { Policy } from '../../domain/model/policy.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type {
  DisputeReading,
  PaymentIntentReading,
  RefundReading,
  SetupIntentReading,
} from '../../domain/model/stripe-objects.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { DAY } from '../../domain/shared/time.ts';

export const T0 = Date.UTC(2026, 0, 1);
export const BY = { actor: 'shop' } as const;

export const CONSENT: Consent = {
  consentId: 'consent-1',
  termsVersion: '2026-01',
  acceptedAtMs: T0,
  source: 'request',
};

export const CARD: Card = {
  brand: 'visa',
  last4: '3155',
  expMonth: 12,
  expYear: 2030,
  country: 'DE',
  fingerprint: 'fp-1',
};

export function mandate(over: Partial<Mandate> = {}): Mandate {
  return {
    status: 'active',
    stripeMandateId: null,
    setupIntentId: 'seti_1',
    setupAttemptId: 'setatt_1',
    paymentMethodId: 'pm_1',
    card: CARD,
    threeDSecure: null,
    consent: CONSENT,
    terms: null,
    readAtMs: T0,
    nextCheckAtMs: null,
    ...over,
  };
}

export function enrolment(over: Partial<Enrolment> = {}): Enrolment {
  return {
    number: 1,
    requestId: 'request-1',
    status: 'awaiting_customer',
    paymentMethodId: null,
    consent: CONSENT,
    terms: null,
    openedAtMs: T0,
    setupNumber: 1,
    setupIntentId: 'seti_1',
    setupOpenedAtMs: T0,
    confirm: 'done',
    closed: false,
    failures: 0,
    setupAttemptId: null,
    decline: null,
    nextCheckAtMs: T0,
    checks: 0,
    ...over,
  };
}

/** So that nothing is due at Stripe but what a test is about: the mandate is read after a century without an event. */
const QUIET_POLICY: Policy = { ...DEFAULT_POLICY, mandateReadIntervalMs: 36_500 * DAY };

/** A customer who has given a card, with everything recorded. */
export function enrolled(over: Partial<CustomerState> = {}): CustomerState {
  return {
    ...newCustomer('alice'),
    loaded: true,
    policy: QUIET_POLICY,
    stripeCustomerId: 'cus_1',
    currency: 'eur',
    enrolment: enrolment({ status: 'succeeded', closed: true }),
    mandate: mandate(),
    ...over,
  };
}

export function attempt(over: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    intentNumber: 1,
    atMs: T0,
    paymentMethodId: 'pm_1',
    stripeMandateId: null,
    fingerprint: 'fp-1',
    outcome: 'declined',
    decline: null,
    onSession: false,
    ...over,
  };
}

/** Due since T0, its intent open at Stripe, never attempted. */
export function charge(over: Partial<Charge> = {}): Charge {
  return {
    chargeId: 'one',
    amount: 4900,
    currency: 'eur',
    openedAtMs: T0,
    dueAtMs: T0,
    phase: { is: 'due', atMs: T0 },
    intentNumber: 1,
    paymentIntentId: 'pi_1',
    stripeChargeId: null,
    attempts: [],
    attemptCount: over.attempts?.length ?? 0,
    decline: null,
    nextCheckAtMs: null,
    checks: 0,
    ...over,
  };
}

/** Attempted once, at T0; what came of it depends on the phase. */
export function tried(phase: ChargePhase, outcome: Attempt['outcome'], over: Partial<Charge> = {}): Charge {
  return charge({ phase, attempts: [attempt({ outcome })], ...over });
}

export function stepUp(over: Partial<Extract<ChargePhase, { is: 'awaiting_step_up' }>> = {}): ChargePhase {
  return {
    is: 'awaiting_step_up',
    sinceMs: T0,
    deadlineMs: T0 + 7 * 24 * 3_600_000,
    reminders: 0,
    failures: 0,
    isAtBank: false,
    lastFailure: 'ch_1 authentication_required',
    ...over,
  };
}

/** The intent of `charge()`, unpaid and open. */
export function reading(over: Partial<PaymentIntentReading> = {}): PaymentIntentReading {
  return {
    paymentIntentId: 'pi_1',
    status: 'requires_payment_method',
    amount: 4900,
    amountReceived: over.status === 'succeeded' ? 4900 : 0,
    amountRefunded: 0,
    currency: 'eur',
    stripeCustomerId: 'cus_1',
    cancellationReason: null,
    stripeChargeId: null,
    decline: null,
    paymentMethodId: null,
    fingerprint: null,
    processingUntilMs: null,
    requestId: null,
    networkTransactionId: null,
    exemption: null,
    electronicCommerceIndicator: null,
    threeDSecureResult: null,
    ...over,
  };
}

export function setupReading(over: Partial<SetupIntentReading> = {}): SetupIntentReading {
  return {
    setupIntentId: 'seti_1',
    status: 'requires_payment_method',
    paymentMethodId: null,
    attached: false,
    card: null,
    setupAttemptId: null,
    threeDSecure: null,
    stripeMandateId: null,
    stripeMandateStatus: null,
    decline: null,
    requestId: null,
    ...over,
  };
}

/** A finished SetupIntent with another card than `mandate()`'s. */
export function setupDone(over: Partial<SetupIntentReading> = {}): SetupIntentReading {
  return setupReading({
    status: 'succeeded',
    paymentMethodId: 'pm_2',
    attached: true,
    card: { ...CARD, fingerprint: 'fp-2' },
    setupAttemptId: 'setatt_2',
    ...over,
  });
}

/** As an off-session card error has it: the reason is the decline code, unless Stripe makes it the code itself. */
export function decline(reason: string, adviceCode: string | null = null): Decline {
  return {
    code: reason === 'authentication_required' ? reason : 'card_declined',
    declineCode: reason,
    adviceCode,
    networkDeclineCode: null,
    networkAdviceCode: null,
  };
}

const MONEY_BACK = {
  chargeId: 'one',
  amount: 500,
  currency: 'eur',
  paymentIntentId: 'pi_1',
  stripeChargeId: 'ch_1',
  requestId: 'req_1',
} as const;

export function refundReading(over: Partial<RefundReading> = {}): RefundReading {
  return {
    ...MONEY_BACK,
    refundId: 're_1',
    status: 'succeeded',
    reason: 'requested_by_customer',
    failureReason: null,
    ...over,
  };
}

export function disputeReading(over: Partial<DisputeReading> = {}): DisputeReading {
  return {
    ...MONEY_BACK,
    disputeId: 'du_1',
    status: 'needs_response',
    reason: 'fraudulent',
    networkReasonCode: null,
    respondByMs: null,
    ...over,
  };
}
