// Reads again which of Stripe's events were never delivered, and for whom they are.
import { metricMeter } from '@temporalio/activity';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { isAboutMoneyBack, STRIPE_EVENTS } from '../domain/shared/stripe-events.ts';
import { SECOND } from '../domain/shared/time.ts';
import { callStripe } from '../stripe/errors.ts';
import { idOf } from '../stripe/object-id.ts';
import { isCancelled, ownerOf } from '../stripe/owner.ts';
import type { StripeDependencies } from './dependencies.ts';

/** Stripe takes 20 names at most, and no patterns (docs.stripe.com/api/events/list). */
const TYPES = Object.keys(STRIPE_EVENTS);
const PAGE = 100;

/** An event that no endpoint has taken, and whose it is. */
export interface UndeliveredEvent {
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly customerId: string;
  /** It is about money that goes back from a cancelled customer: a run may be started for it. */
  readonly mayStart: boolean;
}

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createCatchUpActivities({ stripe, ledger }: StripeDependencies) {
  async function mayStart(customerId: string, type: string): Promise<boolean> {
    return isAboutMoneyBack(type) && (await isCancelled(customerId, ledger));
  }

  return {
    stripe: {
      /**
       * One page, newest first, of the events since `sinceMs` that an endpoint has not taken. Those that are nobody's
       * are kept as unclaimed here.
       * @returns `next` to ask with for the page after it, or null at the end
       */
      async listUndeliveredEvents({
        sinceMs,
        after,
      }: {
        readonly sinceMs: number;
        readonly after: string | null;
      }) {
        const page = await callStripe(() =>
          stripe.events.list({
            types: TYPES,
            created: { gte: Math.floor(sinceMs / SECOND) },
            delivery_success: false,
            limit: PAGE,
            ...omitUndefined({ starting_after: after ?? undefined }),
          }),
        );
        const events: UndeliveredEvent[] = [];
        for (const { id: eventId, type, data } of page.data) {
          const object = data.object as unknown as { readonly [key: string]: unknown };
          const objectId = idOf(object);
          const owner = await ownerOf(object, ledger);
          if (owner.customerId !== null && objectId !== null) {
            const { customerId } = owner;
            events.push({ eventId, type, objectId, customerId, mayStart: await mayStart(customerId, type) });
          } else {
            const reason = owner.customerId === null ? owner.reason : 'unknown_object';
            await ledger.addUnclaimedEvent({ eventId, type, objectId, reason });
          }
        }
        return { events, next: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
      },
    },

    ledger: {
      /** Epoch ms up to which everything has been read; null when nothing has. */
      async caughtUpThrough(): Promise<number | null> {
        return await ledger.caughtUpThrough();
      },

      /** Of customers whose run has ended: kept and counted. */
      async keepUnclaimed(events: readonly UndeliveredEvent[]): Promise<void> {
        for (const { eventId, type, objectId } of events)
          await ledger.addUnclaimedEvent({ eventId, type, objectId, reason: 'customer_ended' });
      },

      /** @returns how many events are unclaimed, which the worker's metrics show too */
      async setCaughtUp({ throughMs }: { readonly throughMs: number }): Promise<number> {
        await ledger.setCaughtUp(throughMs);
        const unclaimed = await ledger.countUnclaimedEvents();
        metricMeter.createGauge('offsession_unclaimed_events').set(unclaimed);
        return unclaimed;
      },
    },
  };
}
