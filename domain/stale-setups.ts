// SetupIntents nobody will finish: each is cancelled at Stripe, and kept until Stripe says it is over.
import type { SetupReading } from './events.ts';
import { lookDelay } from './looks.ts';
import { LOOKS } from './policy.ts';
import type { CustomerState } from './state.ts';

export function addStaleSetup(state: CustomerState, setupIntentId: string, nowMs: number): CustomerState {
  if (state.staleSetups.some((setup) => setup.setupIntentId === setupIntentId)) return state;
  return { ...state, staleSetups: [...state.staleSetups, { setupIntentId, lookAtMs: nowMs, looks: 0 }] };
}

export function staleSetupSeen(state: CustomerState, reading: SetupReading, nowMs: number): CustomerState {
  const isOver = reading.status === 'canceled' || reading.status === 'succeeded';
  return isOver
    ? dropStaleSetup(state, reading.setupIntentId)
    : staleSetupUnanswered(state, reading.setupIntentId, nowMs);
}

export function staleSetupUnanswered(
  state: CustomerState,
  setupIntentId: string,
  nowMs: number,
): CustomerState {
  return {
    ...state,
    staleSetups: state.staleSetups.map((setup) =>
      setup.setupIntentId === setupIntentId
        ? { ...setup, looks: setup.looks + 1, lookAtMs: nowMs + lookDelay(LOOKS, setup.looks) }
        : setup,
    ),
  };
}

export function dropStaleSetup(state: CustomerState, setupIntentId: string): CustomerState {
  return {
    ...state,
    staleSetups: state.staleSetups.filter((setup) => setup.setupIntentId !== setupIntentId),
  };
}
