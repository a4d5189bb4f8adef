// Everything the workflows may ask the world, grouped by task queue. Wiring only.
import type Stripe from 'stripe';
import type { Ledger } from '../ledger/ledger.ts';
import type { Links } from '../links/links.ts';
import { createCatchUpActivities } from './catch-up.ts';
import { createChargeActivities } from './charge.ts';
import { createEnrolmentActivities } from './enrolment.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createNoticeActivities, type MerchantWebhook } from './notices.ts';
import { createRecordActivities } from './record.ts';
import { createRefundActivities } from './refunds.ts';

export interface ActivityDependencies {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
  readonly links: Links;
  /** Null when the merchant listens nowhere. */
  readonly merchantWebhook: MerchantWebhook | null;
}

/** `stripe` runs under the rate cap of the queue `stripe`; the others on `billing`. */
export function createActivities(dependencies: ActivityDependencies) {
  const catchUp = createCatchUpActivities(dependencies);
  return {
    stripe: withHeartbeat({
      ...createEnrolmentActivities(dependencies),
      ...createChargeActivities(dependencies),
      ...createRefundActivities(dependencies),
      ...catchUp.stripe,
    }),
    ledger: { ...createRecordActivities(dependencies), ...catchUp.ledger },
    notices: createNoticeActivities(dependencies),
  };
}

type Activities = ReturnType<typeof createActivities>;
export type StripeActivities = Activities['stripe'];
export type LedgerActivities = Activities['ledger'];
export type NoticeActivities = Activities['notices'];
