// What is taken from a SetupIntent with its attempt, card and mandate: the listed fields only, for it carries its client secret.
import type Stripe from 'stripe';
import type { Card, MandateStatus, ThreeDSecure } from '../../domain/model/enrolment.ts';
import type { SetupIntentReading } from '../../domain/model/stripe-objects.ts';
import { declineFrom } from './decline.ts';

type SetupIntent = Stripe.SetupIntent & { readonly lastResponse?: { readonly requestId?: string } };

/** Of a SetupIntent whose `latest_attempt`, `payment_method` and `mandate` are expanded. */
export function setupIntentReading(setup: SetupIntent): SetupIntentReading {
  const method = typeof setup.payment_method === 'object' ? setup.payment_method : null;
  const attempt = typeof setup.latest_attempt === 'object' ? setup.latest_attempt : null;
  const mandate = typeof setup.mandate === 'object' ? setup.mandate : null;
  const error = setup.last_setup_error;
  return {
    setupIntentId: setup.id,
    status: setup.status,
    paymentMethodId: method?.id ?? null,
    attached: method?.customer != null,
    card: method?.card ? cardReading(method.card) : null,
    setupAttemptId: attempt?.id ?? null,
    threeDSecure: threeDSecureReading(attempt),
    stripeMandateId: mandate?.id ?? null,
    stripeMandateStatus: mandate === null ? null : mandateStatus(mandate.status),
    decline: error ? declineFrom(error) : null,
    requestId: setup.lastResponse?.requestId ?? null,
  };
}

function cardReading(card: Stripe.PaymentMethod.Card): Card {
  return {
    brand: card.brand,
    last4: card.last4,
    expMonth: card.exp_month,
    expYear: card.exp_year,
    country: card.country,
    fingerprint: card.fingerprint ?? null,
  };
}

/** A status Stripe adds later is not a permission. */
function mandateStatus(status: string): MandateStatus {
  return status === 'active' || status === 'pending' ? status : 'inactive';
}

function threeDSecureReading(attempt: Stripe.SetupAttempt | null): ThreeDSecure | null {
  const secure = attempt?.payment_method_details.card?.three_d_secure;
  if (!secure) return null;
  return {
    result: secure.result,
    resultReason: secure.result_reason,
    version: secure.version,
    authenticationFlow: secure.authentication_flow,
    electronicCommerceIndicator: secure.electronic_commerce_indicator,
    transactionId: secure.transaction_id,
  };
}
