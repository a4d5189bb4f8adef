// The policy that counts where nothing else is configured, and the one way to read it.
import type { Policy } from '../model/policy.ts';
import type { CustomerState } from '../model/state.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

export const DEFAULT_POLICY: Policy = {
  softRetryDays: [1, 3, 7],
  transientRetryHours: [1, 4, 12],
  unknownDeclineRetries: 2,
  attemptsPerCharge: 8,
  attemptsPerCard: 15,
  cardBudgetWindowMs: 30 * DAY,
  stepUpDeadlineMs: 7 * DAY,
  stepUpRemindersMs: [1 * DAY, 4 * DAY, 6 * DAY],
  stepUpFailures: 5,
  awaitingCardDeadlineMs: 60 * DAY,
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
