// The policies that count where nothing else is configured, and the one way to read them.
import type { Charge } from '../model/charge.ts';
import type { CollectionPolicy, Policy } from '../model/policy.ts';
import type { CustomerState } from '../model/state.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

/** docs/decisions/0004 and 0005 say why. */
export const DEFAULT_COLLECTION: CollectionPolicy = {
  soft: { days: [1, 3, 7] },
  unknown: { days: [1, 3] },
  transient: { hours: [1, 4, 12] },
  attempts: 8,
  stepUp: { deadlineDays: 7, reminderDays: [1, 4, 6], failures: 5 },
  card: { waitDays: 60 },
  declineNotices: 'none',
  end: 'fail',
  failedCharges: 'wait',
};

export const DEFAULT_POLICY: Policy = {
  collection: DEFAULT_COLLECTION,
  budgets: {
    visa: { perAmountIn30Days: 15, perCardIn30Days: 35 },
    mastercard: { perCardIn24Hours: 10, perCardIn30Days: 35 },
    other: { perCardIn30Days: 15 },
  },
  budgetWaitMs: 7 * DAY,
  setupRenewalMs: 7 * DAY,
  setupsPerEnrolment: 4,
  setupFailures: 5,
  mandateReadIntervalMs: 30 * DAY,
  checkBackoffMs: [1 * MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 24 * HOUR],
  unknownCheckBackoffMs: [2 * SECOND, 10 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 1 * HOUR],
  enrolmentCheckBackoffMs: [2 * SECOND, 10 * SECOND, 1 * MINUTE, 10 * MINUTE, 1 * HOUR],
  rateLimitPauseMs: 5 * SECOND,
  killSwitchCheckMs: 5 * MINUTE,
  openCharges: 100,
  amountLimits: {},
  searchAttributesLeftOut: [],
};

/** Frozen with the state: a changed configuration reaches a customer by an event, so it cannot change a history. */
export function policyOf({ policy }: Pick<CustomerState, 'policy'>): Policy {
  return policy;
}

/** Frozen with the charge, where it has one of its own. */
export function collectionOf(
  state: Pick<CustomerState, 'policy'>,
  { policy }: Pick<Charge, 'policy'>,
): CollectionPolicy {
  const { collection } = policyOf(state);
  return policy === undefined ? collection : { ...collection, ...policy };
}
