// SetupIntents nobody will finish: each is cancelled at Stripe, and kept until Stripe says it is over.

import type { CustomerState } from '../model/state.ts';
import type { SetupIntentReading } from '../model/stripe-objects.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { policyOf } from '../shared/policy.ts';

export function addAbandonedSetup(state: CustomerState, setupIntentId: string, nowMs: number): CustomerState {
  if (state.abandonedSetups.some((setup) => setup.setupIntentId === setupIntentId)) return state;
  return {
    ...state,
    abandonedSetups: [...state.abandonedSetups, { setupIntentId, nextCheckAtMs: nowMs, checks: 0 }],
  };
}

export function abandonedSetupRead(
  state: CustomerState,
  reading: SetupIntentReading,
  nowMs: number,
): CustomerState {
  const isOver = reading.status === 'canceled' || reading.status === 'succeeded';
  return isOver
    ? dropAbandonedSetup(state, reading.setupIntentId)
    : abandonedSetupUnanswered(state, reading.setupIntentId, nowMs);
}

export function abandonedSetupUnanswered(
  state: CustomerState,
  setupIntentId: string,
  nowMs: number,
): CustomerState {
  return {
    ...state,
    abandonedSetups: state.abandonedSetups.map((setup) =>
      setup.setupIntentId === setupIntentId
        ? {
            ...setup,
            checks: setup.checks + 1,
            nextCheckAtMs: nowMs + backoffDelay(policyOf(state).checkBackoffMs, setup.checks),
          }
        : setup,
    ),
  };
}

export function dropAbandonedSetup(state: CustomerState, setupIntentId: string): CustomerState {
  return {
    ...state,
    abandonedSetups: state.abandonedSetups.filter((setup) => setup.setupIntentId !== setupIntentId),
  };
}
