// Asks Stripe about PaymentIntents: one question, one event back. A decline is an answer; everything else throws.
import { ApplicationFailure, activityInfo } from '@temporalio/activity';
import type Stripe from 'stripe';
import type { Decline } from '../domain/model/charge.ts';
import type { EventOf } from '../domain/model/events.ts';
import type { IssuerAnswer, PaymentIntentReading } from '../domain/model/readings.ts';
import type { Step, StepOf } from '../domain/model/steps.ts';
import type { OurMetadata } from '../domain/shared/metadata.ts';
import type { ChargeTexts } from '../ledger/charge-rows.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { declineFrom, failureFrom, isDecline, isRateLimit, isUnexpectedState } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { idIn } from '../stripe/owner.ts';

/** A step, and whose it is. */
export type Of<Do extends Step['do']> = StepOf<Do> & { readonly customerId: string };

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createChargeActivities({
  stripe,
  ledger,
}: {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
}) {
  async function read(paymentIntentId: string, known: string | null): Promise<PaymentIntentReading> {
    const intent = await stripe.paymentIntents.retrieve(paymentIntentId, { expand: ['latest_charge'] });
    return withUnrecordedAnswers(intent, known);
  }

  /** The issuer may have answered more than once since `known`; an intent shows its newest charge only. */
  async function withUnrecordedAnswers(
    intent: PaymentIntent,
    known: string | null,
  ): Promise<PaymentIntentReading> {
    const reading = readingOf(intent);
    const latest = reading.stripeChargeId;
    if (latest === null || latest === known) return reading;
    const since: Stripe.Charge[] = [];
    for await (const charge of stripe.charges.list({ payment_intent: intent.id, limit: 100 })) {
      if (charge.id === known) break;
      since.push(charge);
    }
    const newest = since.findIndex(({ id }) => id === latest);
    const said = since[newest] ? answerOf(since[newest]) : {};
    const unrecordedAnswers = since.slice(newest + 1).map(answerOf);
    return { ...reading, ...said, decline: reading.decline, unrecordedAnswers: unrecordedAnswers.reverse() };
  }

  /**
   * The one intent of the charge: `own`, or one that is alive and was written down before it. Another run may bill the
   * same customer, on a cluster that was given up; it numbers its intents for itself.
   */
  async function intentOf(
    step: Of<'createPaymentIntent' | 'findPaymentIntent'>,
    own: string,
  ): Promise<string> {
    const { customerId, chargeId } = step;
    for (const canceled: string[] = []; ; ) {
      const paymentIntentId = await ledger.claimIntent({
        customerId,
        chargeId,
        paymentIntentId: own,
        canceled,
      });
      if (paymentIntentId === own) return own;
      const { status } = await ask(() => stripe.paymentIntents.retrieve(paymentIntentId));
      if (status !== 'canceled') return paymentIntentId;
      canceled.push(paymentIntentId);
    }
  }

  return {
    /**
     * Creates the intent unconfirmed and writes it into the address book. No money can move on it yet, so a creation
     * whose answer is lost is harmless; the same key brings the same intent. Where the book has another one that is
     * alive, that one is the charge's, and the new one is never confirmed.
     */
    async createPaymentIntent(step: Of<'createPaymentIntent'>): Promise<EventOf<'paymentIntentCreated'>> {
      const { customerId, chargeId, intentNumber } = step;
      const texts = await ledger.getPersonal<ChargeTexts>(customerId, `charge/${chargeId}`);
      const intent = await ask(() =>
        stripe.paymentIntents.create(
          {
            amount: step.amount,
            currency: step.currency,
            customer: step.stripeCustomerId,
            allowed_payment_method_types: ['card'],
            metadata: { ...texts?.metadata, ...ours(customerId, chargeId, intentNumber) },
            ...(texts?.description === undefined ? {} : { description: texts.description }),
            ...(texts?.statementDescriptorSuffix === undefined
              ? {}
              : { statement_descriptor_suffix: texts.statementDescriptorSuffix }),
          },
          {
            idempotencyKey: idempotencyKey(
              ledger.installationId,
              'create-payment-intent',
              customerId,
              chargeId,
              intentNumber,
            ),
          },
        ),
      );
      return { kind: 'paymentIntentCreated', chargeId, paymentIntentId: await intentOf(step, intent.id) };
    },

    /**
     * Asks for the money, while the customer is away. The one call here that can move it, so the emergency brake is
     * looked at last before it.
     * @throws ApplicationFailure `Braked` (not retried) where an earlier try of this activity may have been sent
     */
    async confirmPaymentIntent(
      step: Of<'confirmPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentRead'> | EventOf<'halted'> | EventOf<'rateLimited'>> {
      const { customerId, chargeId, paymentIntentId, intentNumber, attemptNumber, stripeMandateId } = step;
      const key = idempotencyKey(
        ledger.installationId,
        'confirm-payment-intent',
        customerId,
        chargeId,
        intentNumber,
        attemptNumber,
      );
      const isFirstTry = () => activityInfo().attempt === 1;
      if (await ledger.isKillSwitchOn()) {
        if (isFirstTry()) return { kind: 'halted', chargeId };
        throw ApplicationFailure.nonRetryable(
          'the brake is on; an earlier try may have been sent',
          'KillSwitchOn',
        );
      }
      try {
        const intent = await stripe.paymentIntents.confirm(
          paymentIntentId,
          {
            off_session: true,
            // Stripe clears the intent's card after a decline, and the customer's default is not ours to use.
            payment_method: step.paymentMethodId,
            ...(stripeMandateId === null ? {} : { mandate: stripeMandateId }),
            expand: ['latest_charge'],
          },
          { idempotencyKey: key },
        );
        // The first attempt hides nothing.
        const isFirst = attemptNumber === 1;
        const reading = isFirst
          ? readingOf(intent)
          : await ask(() => withUnrecordedAnswers(intent, step.known));
        return { kind: 'paymentIntentRead', chargeId, reading };
      } catch (error) {
        if (isRateLimit(error) && isFirstTry()) return { kind: 'rateLimited', chargeId };
        if (!isDecline(error) || !error.payment_intent) throw failureFrom(error);
        // An error is not expanded, and what the network said stands on the charge.
        const latest_charge = error.charge ?? idIn(error.payment_intent.latest_charge);
        const unpaid = { ...error.payment_intent, latest_charge };
        const reading = await ask(() => withUnrecordedAnswers(unpaid, step.known));
        const requestId = error.requestId ?? null;
        return {
          kind: 'paymentIntentRead',
          chargeId,
          reading: { ...reading, decline: declineFrom(error), requestId },
        };
      }
    },

    /** What Stripe knows of the intent now: authoritative at any age. */
    async readPaymentIntent({
      chargeId,
      paymentIntentId,
      known,
    }: Of<'readPaymentIntent'>): Promise<EventOf<'paymentIntentRead'>> {
      const reading = await ask(() => read(paymentIntentId, known));
      return { kind: 'paymentIntentRead', chargeId, reading };
    },

    /** Ends the intent, so that nobody can pay it any more; where that is too late, says what it has become. */
    async cancelPaymentIntent({
      chargeId,
      paymentIntentId,
      known,
    }: Of<'cancelPaymentIntent'>): Promise<EventOf<'paymentIntentRead'>> {
      const reading = await ask(async () => {
        try {
          const canceled = await stripe.paymentIntents.cancel(paymentIntentId, {
            cancellation_reason: 'abandoned',
            expand: ['latest_charge'],
          });
          return await withUnrecordedAnswers(canceled, known);
        } catch (error) {
          if (isUnexpectedState(error)) return await read(paymentIntentId, known);
          throw error;
        }
      });
      return { kind: 'paymentIntentRead', chargeId, reading };
    },

    /**
     * Finds an intent whose creation was never answered, by listing: Stripe's search lags and must not decide. Of any
     * number: a ledger restored from a backup may not know how many were made, and one that is paid comes first.
     */
    async findPaymentIntent(step: Of<'findPaymentIntent'>): Promise<EventOf<'paymentIntentSearched'>> {
      const { customerId, chargeId } = step;
      const { intentNumber: _any, ...wanted } = ours(customerId, chargeId, step.intentNumber);
      const found = await ask(async () => {
        const created = { gte: Math.floor(step.openedAtMs / 1000) - ONE_DAY_S };
        const { amount, currency } = step;
        const intents = stripe.paymentIntents.list({ customer: step.stripeCustomerId, created, limit: 100 });
        let open: string | null = null;
        for await (const intent of intents) {
          // Metadata can be copied by hand; an intent over another sum is not ours whatever it says.
          const isIt =
            bears(intent.metadata, wanted) && intent.amount === amount && intent.currency === currency;
          if (!isIt || intent.status === 'canceled') continue;
          if (intent.status === 'succeeded' || intent.status === 'processing') return intent.id;
          open ??= intent.id;
        }
        return open;
      });
      return {
        kind: 'paymentIntentSearched',
        chargeId,
        paymentIntentId: found && (await intentOf(step, found)),
      };
    },
  };

  /** Our metadata: it leads from the object back to us where the address book does not know it yet. */
  function ours(customerId: string, chargeId: string, intentNumber: number): OurMetadata {
    return {
      customerId,
      chargeId,
      installationId: ledger.installationId,
      intentNumber: String(intentNumber),
    };
  }
}

/** Clocks differ, and a listing that begins too early costs nothing. */
const ONE_DAY_S = 86_400;

/** Whether an object's metadata says all of `wanted`. */
export function bears(metadata: Stripe.Metadata | null, wanted: { readonly [key: string]: string }): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata?.[key] === value);
}

/** Runs a call and turns its error into the failure to throw. */
export async function ask<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    throw failureFrom(error);
  }
}

type PaymentIntent = Stripe.PaymentIntent & { lastResponse?: { requestId?: string } };

/** The listed fields only: an intent also carries its client secret. */
function readingOf(intent: PaymentIntent): PaymentIntentReading {
  const { latest_charge: latest, last_payment_error: problem } = intent;
  const completesAt = intent.processing?.card?.customer_notification?.completes_at ?? null;
  return {
    ...answerOf(typeof latest === 'object' ? latest : null),
    paymentIntentId: intent.id,
    status: intent.status,
    cancellationReason: intent.cancellation_reason,
    stripeChargeId: idIn(latest),
    decline: problem ? declineFrom(problem) : null,
    processingUntilMs: completesAt === null ? null : completesAt * 1000,
    requestId: intent.lastResponse?.requestId ?? null,
  };
}

function answerOf(charge: Stripe.Charge | null): IssuerAnswer {
  const card = charge?.payment_method_details?.card ?? null;
  const secure = card?.three_d_secure ?? null;
  return {
    stripeChargeId: charge?.id ?? null,
    decline: charge?.failure_code ? declineOf(charge, charge.failure_code) : null,
    networkTransactionId: card?.network_transaction_id ?? null,
    exemption: secure?.exemption_indicator ?? null,
    electronicCommerceIndicator:
      card?.electronic_commerce_indicator ?? secure?.electronic_commerce_indicator ?? null,
    threeDSecureResult: secure?.result ?? null,
  };
}

/** On a charge the decline code stands as the reason of its outcome (docs.stripe.com/api/charges/object). */
function declineOf({ outcome }: Stripe.Charge, code: string): Decline {
  return declineFrom({
    code,
    decline_code: outcome?.reason ?? null,
    advice_code: outcome?.advice_code ?? null,
    network_decline_code: outcome?.network_decline_code ?? null,
    network_advice_code: outcome?.network_advice_code ?? null,
  });
}
