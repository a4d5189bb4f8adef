// Everything the workflows may ask the world, grouped by task queue.
import type { AmountLimits, Budgets, Policy } from '../domain/model/policy.ts';
import { DEFAULT_POLICY } from '../domain/shared/policy.ts';
import type { Links } from '../links/links.ts';
import { createAttemptChargeActivity } from './attempt-charge.ts';
import { createCatchUpActivities } from './catch-up.ts';
import type { StripeDependencies } from './dependencies.ts';
import { createDisputeActivities } from './disputes.ts';
import { createFindPaymentIntentActivity } from './find-payment-intent.ts';
import type { MerchantWebhook } from './merchant-endpoint.ts';
import { createNoticeActivities } from './notices.ts';
import { createPaymentIntentActivities } from './payment-intents.ts';
import { createRecordActivities } from './record.ts';
import { createRefundActivities } from './refunds.ts';
import { createSetupIntentActivities } from './setup-intents.ts';
import { createSweepNoticesActivity, type NoticeStarter } from './start-notices.ts';
import { createStripeCustomerActivities } from './stripe-customers.ts';

export interface ActivityDependencies extends StripeDependencies {
  readonly links: Links;
  /** The merchant's own largest amounts. */
  readonly amountLimits: AmountLimits;
  /** How often a card may be asked in vain. */
  readonly budgets: Budgets;
  /** Names of search attributes that workflows are not to write. */
  readonly searchAttributesLeftOut: readonly string[];
  /** Null when the merchant has no endpoint. */
  readonly merchantWebhook: MerchantWebhook | null;
  readonly notices: NoticeStarter;
}

/** Activities named `stripe` run on the queue `stripe`; the others on `billing`. */
export function createActivities(dependencies: ActivityDependencies) {
  const { stripe, ledger, amountLimits, budgets, searchAttributesLeftOut } = dependencies;
  const policy: Policy = { ...DEFAULT_POLICY, amountLimits, budgets, searchAttributesLeftOut };
  const catchUp = createCatchUpActivities(dependencies);
  const notices = dependencies.merchantWebhook && dependencies.notices;
  return {
    stripe: {
      ...createStripeCustomerActivities(dependencies),
      ...createSetupIntentActivities(dependencies),
      ...createPaymentIntentActivities(dependencies),
      ...createAttemptChargeActivity({ stripe, ledger, policy, notices }),
      ...createFindPaymentIntentActivity(dependencies),
      ...createRefundActivities(dependencies),
      ...createDisputeActivities(dependencies),
      ...catchUp.stripe,
    },
    ledger: {
      ...createRecordActivities({ ledger, policy, notices }),
      ...catchUp.ledger,
      ...createSweepNoticesActivity(dependencies),
    },
    notices: createNoticeActivities(dependencies),
  };
}

type Activities = ReturnType<typeof createActivities>;
export type StripeActivities = Activities['stripe'];
export type LedgerActivities = Activities['ledger'];
export type NoticeActivities = Activities['notices'];

export { LONGEST_NOTICE_PAUSE, noticeActivityIdOf } from './notices.ts';
export type { NoticeStarter } from './start-notices.ts';
