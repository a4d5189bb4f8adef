// Finds the PaymentIntent of a charge that nobody here knows of: its creation, or its attempt, was never answered.
import type Stripe from 'stripe';
import type { EventOf } from '../domain/model/events.ts';
import { DAY, SECOND } from '../domain/shared/time.ts';
import { callStripe } from '../stripe/errors.ts';
import { recogniseIntent } from '../stripe/recognise-intent.ts';
import { claimIntent, findClaimedIntent } from './claim-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** Clocks differ, and a listing that begins too early costs nothing. */
const EARLIER = DAY;

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createFindPaymentIntentActivity(dependencies: StripeDependencies) {
  const { stripe, ledger } = dependencies;
  return {
    /**
     * The one that is written down, for nothing else can have been confirmed. Where there is none, Stripe's list (its
     * search lags and must not decide): a ledger that was restored from a backup may not know of it.
     */
    async findPaymentIntent(
      step: CustomerStep<'findPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentSearched'>> {
      const { customerId, chargeId, stripeCustomerId } = step;
      const claimed = await findClaimedIntent(dependencies, step);
      if (claimed !== null || stripeCustomerId === null)
        return { kind: 'paymentIntentSearched', chargeId, paymentIntentId: claimed };
      const intents = await callStripe(async () => {
        const created = { gte: Math.floor((step.openedAtMs - EARLIER) / SECOND) };
        const listed: Stripe.PaymentIntent[] = [];
        for await (const intent of stripe.paymentIntents.list({
          customer: stripeCustomerId,
          created,
          limit: 100,
        }))
          if (intent.metadata.chargeId === chargeId) listed.push(intent);
        return listed;
      });
      const { paymentIntentId: found, ambiguous } = recogniseIntent(intents, {
        ...step,
        stripeCustomerId,
        installationId: ledger.installationId,
        nonceOf: (intentNumber) => ledger.intentNonce({ customerId, chargeId, intentNumber }),
      });
      if (ambiguous) return { kind: 'paymentIntentSearched', chargeId, paymentIntentId: null, ambiguous };
      const adopted = found === null ? null : await claimIntent(dependencies, step, found, null);
      return { kind: 'paymentIntentSearched', chargeId, paymentIntentId: adopted?.paymentIntentId ?? null };
    },
  };
}
