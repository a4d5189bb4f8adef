// Reads again which of Stripe's events failed to arrive, and for whom. It rings nobody: the workflow does.
import { metricMeter } from '@temporalio/activity';
import type Stripe from 'stripe';
import { reversalKindOf } from '../domain/refunds/refunds.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { hasGone, idIn, ownerOf } from '../stripe/owner.ts';
import { ask } from './charge.ts';

/** What a life waits for. Stripe takes 20 names at most, and no patterns (docs.stripe.com/api/events/list). */
const TYPES = [
  'setup_intent.requires_action',
  'setup_intent.succeeded',
  'setup_intent.setup_failed',
  'setup_intent.canceled',
  'payment_intent.processing',
  'payment_intent.requires_action',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'payment_method.detached',
  'payment_method.updated',
  'payment_method.automatically_updated',
  'mandate.updated',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
  'charge.dispute.updated',
  'charge.dispute.closed',
];
const PAGE = 100;

/** A bell to ring, and for whom. */
export interface UndeliveredEvent {
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly customerId: string;
  /** Money goes back from a customer who has gone: a run may be started for it. */
  readonly mayStart: boolean;
}

/** @throws ApplicationFailure `StripeRejected` (not retried), `StripeUnavailable`, `StripeRateLimited` */
export function createCatchUpActivities({
  stripe,
  ledger,
}: {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
}) {
  async function recipientOf(customerId: string, type: string) {
    return { customerId, mayStart: reversalKindOf(type) !== null && (await hasGone(customerId, ledger)) };
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
        const page = await ask(() =>
          stripe.events.list({
            types: TYPES,
            created: { gte: Math.floor(sinceMs / 1000) },
            delivery_success: false,
            limit: PAGE,
            ...(after === null ? {} : { starting_after: after }),
          }),
        );
        const missed: UndeliveredEvent[] = [];
        for (const { id: eventId, type, data } of page.data) {
          const object = data.object as unknown as { readonly [key: string]: unknown };
          const objectId = idIn(object);
          const owner = await ownerOf(object, ledger);
          if (owner.customerId !== null && objectId !== null)
            missed.push({ eventId, type, objectId, ...(await recipientOf(owner.customerId, type)) });
          else {
            const reason = owner.customerId === null ? owner.reason : 'unknown_object';
            await ledger.addUnclaimedEvent({ eventId, type, objectId, reason });
          }
        }
        return { missed, next: page.has_more ? (page.data.at(-1)?.id ?? null) : null };
      },
    },

    ledger: {
      /** Epoch ms up to which everything has been read; null when nothing has. */
      async caughtUpThrough(): Promise<number | null> {
        return await ledger.caughtUpThrough();
      },

      /** Whoever they were for is gone; kept and counted. */
      async keepUnclaimed(events: readonly UndeliveredEvent[]): Promise<void> {
        for (const { eventId, type, objectId } of events)
          await ledger.addUnclaimedEvent({ eventId, type, objectId, reason: 'customer_ended' });
      },

      /** @returns how many events are unclaimed by now, which the worker's metrics show too */
      async setCaughtUp({ throughMs }: { readonly throughMs: number }): Promise<number> {
        await ledger.setCaughtUp(throughMs);
        const unclaimed = await ledger.countUnclaimedEvents();
        metricMeter.createGauge('offsession_unclaimed_events').set(unclaimed);
        return unclaimed;
      },
    },
  };
}
