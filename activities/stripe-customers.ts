// Creates the customer at Stripe.
import type { EventOf } from '../domain/model/events.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { HOUR, SECOND } from '../domain/shared/time.ts';
import { callStripe } from '../stripe/errors.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { hasMetadata } from '../stripe/metadata.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/** Clocks differ, and a listing that begins too early costs a page at most. */
const EARLIER = HOUR;

interface Contact {
  readonly email?: string;
  readonly locale?: string;
}

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createStripeCustomerActivities({ stripe, ledger }: StripeDependencies) {
  return {
    /**
     * Creates the customer at Stripe, or after an unanswered try finds the one it made: by listing, for Stripe's search
     * lags. Nothing is set there that Stripe Billing may be using.
     */
    async createStripeCustomer(
      step: CustomerStep<'createStripeCustomer'>,
    ): Promise<EventOf<'stripeCustomerCreated'>> {
      const { customerId, enrolmentNumber, tries, openedAtMs } = step;
      const { installationId } = ledger;
      const metadata = { customerId, installationId };
      const contact = await ledger.getPersonal<Contact>(customerId, 'contact');
      const customer = await callStripe(async () => {
        const created = { gte: Math.floor((openedAtMs - EARLIER) / SECOND) };
        if (tries > 0)
          for await (const made of stripe.customers.list({ created, limit: 100 }))
            if (hasMetadata(made.metadata, metadata)) return made;
        return await stripe.customers.create(
          {
            metadata,
            ...omitUndefined({
              email: contact?.email,
              preferred_locales: contact?.locale === undefined ? undefined : [contact.locale],
            }),
          },
          {
            idempotencyKey: idempotencyKey(
              installationId,
              'create-customer',
              customerId,
              enrolmentNumber,
              tries,
            ),
          },
        );
      });
      await ledger.addStripeObject({ stripeId: customer.id, customerId });
      return { kind: 'stripeCustomerCreated', stripeCustomerId: customer.id };
    },
  };
}
