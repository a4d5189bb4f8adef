// Finds a PaymentIntent whose creation was never answered.
import type { EventOf } from '../domain/model/events.ts';
import { DAY, SECOND } from '../domain/shared/time.ts';
import { callStripe } from '../stripe/errors.ts';
import { chargeMetadata, hasMetadata } from '../stripe/metadata.ts';
import { claimIntent } from './claim-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** Clocks differ, and a listing that begins too early costs nothing. */
const EARLIER = DAY;

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createFindPaymentIntentActivity(dependencies: StripeDependencies) {
  const { stripe, ledger } = dependencies;
  return {
    /**
     * By listing: Stripe's search lags and must not decide. Of any number: a ledger restored from a backup may not know
     * how many were made, and one that is paid comes first.
     */
    async findPaymentIntent(
      step: CustomerStep<'findPaymentIntent'>,
    ): Promise<EventOf<'paymentIntentSearched'>> {
      const { chargeId, amount, currency, openedAtMs } = step;
      const { intentNumber: _any, ...wanted } = chargeMetadata(ledger.installationId, step);
      const found = await callStripe(async () => {
        const created = { gte: Math.floor((openedAtMs - EARLIER) / SECOND) };
        const intents = stripe.paymentIntents.list({ customer: step.stripeCustomerId, created, limit: 100 });
        let open: string | null = null;
        for await (const intent of intents) {
          // Metadata can be copied by hand; an intent over another sum is not ours whatever it says.
          const isOurs =
            hasMetadata(intent.metadata, wanted) && intent.amount === amount && intent.currency === currency;
          if (!isOurs || intent.status === 'canceled') continue;
          if (intent.status === 'succeeded' || intent.status === 'processing') return intent.id;
          open ??= intent.id;
        }
        return open;
      });
      const paymentIntentId = found && (await claimIntent(dependencies, step, found));
      return { kind: 'paymentIntentSearched', chargeId, paymentIntentId };
    },
  };
}
