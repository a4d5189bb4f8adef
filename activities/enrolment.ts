// Asks Stripe about customers and SetupIntents: one question, one event back. It never charges.
import type Stripe from 'stripe';
import type { Card, MandateTerms, ThreeDSecure } from '../domain/model/enrolment.ts';
import type { EventOf } from '../domain/model/events.ts';
import type { SetupIntentReading } from '../domain/model/readings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { declineFrom, isDecline, isUnexpectedState } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { ask, bears, type Of } from './charge.ts';

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createEnrolmentActivities({
  stripe,
  ledger,
}: {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
}) {
  const keyOf = (operation: string, ...parts: readonly (string | number)[]) => ({
    idempotencyKey: idempotencyKey(ledger.installationId, operation, ...parts),
  });

  /** The SetupIntent with its newest attempt, card and mandate; the address book learns the last two. */
  async function read(customerId: string, setupIntentId: string): Promise<SetupIntentReading> {
    const setup = await stripe.setupIntents.retrieve(setupIntentId, {
      expand: ['latest_attempt', 'payment_method', 'mandate'],
    });
    const reading = readingOf(setup);
    if (setup.status === 'succeeded') {
      for (const stripeId of [reading.paymentMethodId, reading.stripeMandateId]) {
        if (stripeId !== null) await ledger.addStripeObject({ stripeId, customerId });
      }
    }
    return reading;
  }

  return {
    /**
     * Creates the customer at Stripe, or after an unanswered try finds the one it made: by listing, for Stripe's search
     * lags. Nothing is set there that Stripe Billing may be using.
     */
    async createStripeCustomer(step: Of<'createStripeCustomer'>): Promise<EventOf<'stripeCustomerCreated'>> {
      const { customerId, enrolmentNumber, tries } = step;
      const metadata = { customerId, installationId: ledger.installationId };
      const contact = await ledger.getPersonal<Contact>(customerId, 'contact');
      const customer = await ask(async () => {
        const created = { gte: Math.floor(step.openedAtMs / 1000) - ONE_HOUR_S };
        if (tries > 0)
          for await (const made of stripe.customers.list({ created, limit: 100 }))
            if (bears(made.metadata, metadata)) return made;
        return await stripe.customers.create(
          {
            metadata,
            ...(contact?.email === undefined ? {} : { email: contact.email }),
            ...(contact?.locale === undefined ? {} : { preferred_locales: [contact.locale] }),
          },
          keyOf('create-customer', customerId, enrolmentNumber, tries),
        );
      });
      await ledger.addStripeObject({ stripeId: customer.id, customerId });
      return { kind: 'stripeCustomerCreated', stripeCustomerId: customer.id };
    },

    /**
     * Creates the SetupIntent, with the terms of an Indian e-mandate where terms were agreed; after an unanswered try
     * finds the one it made.
     */
    async createSetupIntent(step: Of<'createSetupIntent'>): Promise<EventOf<'setupIntentCreated'>> {
      const { customerId, enrolmentNumber, setupNumber, stripeCustomerId, terms } = step;
      await ledger.addStripeObject({ stripeId: stripeCustomerId, customerId });
      const metadata = {
        customerId,
        installationId: ledger.installationId,
        enrolmentNumber: String(enrolmentNumber),
        setupNumber: String(setupNumber),
      };
      const setup = await ask(async () => {
        if (step.tries > 0) {
          const created = { gte: Math.floor(step.openedAtMs / 1000) - ONE_HOUR_S };
          const made = stripe.setupIntents.list({ customer: stripeCustomerId, created, limit: 100 });
          for await (const intent of made)
            if (bears(intent.metadata, metadata) && intent.status !== 'canceled') return intent;
        }
        return await stripe.setupIntents.create(
          {
            customer: stripeCustomerId,
            usage: 'off_session',
            allowed_payment_method_types: ['card'],
            metadata,
            ...(terms === null
              ? {}
              : {
                  payment_method_options: {
                    card: {
                      mandate_options: mandateOptions(
                        terms,
                        `${customerId}-${enrolmentNumber}`,
                        step.openedAtMs,
                      ),
                    },
                  },
                }),
          },
          keyOf('create-setup-intent', customerId, enrolmentNumber, setupNumber, step.tries),
        );
      });
      await ledger.addStripeObject({ stripeId: setup.id, customerId });
      return { kind: 'setupIntentCreated', enrolmentNumber, setupIntentId: setup.id };
    },

    /** Tries the card that came with the request. Declined, authenticated or waiting: the reading says which. */
    async confirmSetupIntent(step: Of<'confirmSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      const { customerId, setupNumber, setupIntentId, paymentMethodId, tries } = step;
      const reading = await ask(async () => {
        try {
          await stripe.setupIntents.confirm(
            setupIntentId,
            { payment_method: paymentMethodId },
            keyOf('confirm-setup-intent', customerId, setupIntentId, setupNumber, tries),
          );
        } catch (error) {
          if (!isDecline(error) && !isUnexpectedState(error)) throw error;
        }
        return await read(customerId, setupIntentId);
      });
      return { kind: 'setupIntentRead', reading };
    },

    async readSetupIntent({
      customerId,
      setupIntentId,
    }: Of<'readSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      return { kind: 'setupIntentRead', reading: await ask(() => read(customerId, setupIntentId)) };
    },

    /** Ends a SetupIntent nobody is to finish; where that is too late, says what it has become. */
    async cancelSetupIntent({
      customerId,
      setupIntentId,
    }: Of<'cancelSetupIntent'>): Promise<EventOf<'setupIntentRead'>> {
      const reading = await ask(async () => {
        try {
          await stripe.setupIntents.cancel(setupIntentId);
        } catch (error) {
          if (!isUnexpectedState(error)) throw error;
        }
        return await read(customerId, setupIntentId);
      });
      return { kind: 'setupIntentRead', reading };
    },
  };
}

/** Clocks differ; a listing that begins too early costs a page at most. */
const ONE_HOUR_S = 3_600;

interface Contact {
  readonly email?: string;
  readonly locale?: string;
}

/** Only Indian issuers read these (docs.stripe.com/india-recurring-payments); others ignore them. */
function mandateOptions(terms: MandateTerms, reference: string, startMs: number) {
  return {
    amount: terms.maxAmount,
    amount_type: 'maximum' as const,
    currency: terms.currency,
    reference,
    start_date: Math.floor(startMs / 1000),
    supported_types: ['india' as const],
    ...(terms.every === undefined
      ? { interval: 'sporadic' as const }
      : { interval: terms.every.unit, interval_count: terms.every.count }),
  };
}

/** The listed fields only: a SetupIntent also carries its client secret. */
function readingOf(
  setup: Stripe.SetupIntent & { lastResponse?: { requestId?: string } },
): SetupIntentReading {
  const method = typeof setup.payment_method === 'object' ? setup.payment_method : null;
  const attempt = typeof setup.latest_attempt === 'object' ? setup.latest_attempt : null;
  const mandate = typeof setup.mandate === 'object' ? setup.mandate : null;
  const problem = setup.last_setup_error;
  return {
    setupIntentId: setup.id,
    status: setup.status,
    paymentMethodId: method?.id ?? null,
    attached: method?.customer != null,
    card: method?.card ? cardOf(method.card) : null,
    setupAttemptId: attempt?.id ?? null,
    threeDSecure: threeDSecureOf(attempt),
    stripeMandateId: mandate?.id ?? null,
    stripeMandateStatus: mandate === null ? null : mandateStatusOf(mandate.status),
    decline: problem ? declineFrom(problem) : null,
    requestId: setup.lastResponse?.requestId ?? null,
  };
}

function cardOf(card: Stripe.PaymentMethod.Card): Card {
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
function mandateStatusOf(status: string): 'pending' | 'active' | 'inactive' {
  return status === 'active' || status === 'pending' ? status : 'inactive';
}

function threeDSecureOf(attempt: Stripe.SetupAttempt | null): ThreeDSecure | null {
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
