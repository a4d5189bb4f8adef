// Money of a paid charge that goes back: refunds and disputes that people and banks make. They are read and kept as
// evidence; they decide nothing here, and nothing is asked of Stripe.

import type { Reversal, ReversalKind } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';
import type { ReversalReading } from '../model/readings.ts';
import type { CustomerState } from '../model/state.ts';
import { backoffDelay } from '../shared/backoff.ts';
import { note } from '../shared/facts.ts';
import { CHECK_BACKOFF, REVERSALS_REMEMBERED } from '../shared/policy.ts';

/** By the name of an event's type; null where it is about neither (docs.stripe.com/api/events/types). */
export function reversalKindOf(eventType: string): ReversalKind | null {
  if (eventType.startsWith('refund.')) return 'refund';
  return eventType.startsWith('charge.dispute.') ? 'dispute' : null;
}

/** There is news of it: it is read at once. */
export function reversalRang(
  state: CustomerState,
  kind: ReversalKind,
  objectId: string,
  nowMs: number,
): CustomerState {
  const known = state.reversals.find((reversal) => reversal.objectId === objectId);
  const others = state.reversals.filter((reversal) => reversal !== known);
  const notified: Reversal = { kind, objectId, seen: known?.seen ?? null, nextCheckAtMs: nowMs, checks: 0 };
  // Forgotten is only what has been read: at worst the same reading is noted once more.
  const forgotten = others.length < REVERSALS_REMEMBERED ? undefined : others.find(isRead);
  return { ...state, reversals: [...others.filter((reversal) => reversal !== forgotten), notified] };
}

/** Stripe's word on it. Each state of it is noted once, however often it is rung for. */
export function reversalSeen(state: CustomerState, reading: ReversalReading, nowMs: number): CustomerState {
  const { reversal: kind, chargeId, objectId, ...data } = reading;
  const { requestId: _which, ...what } = data;
  const seen = JSON.stringify(what);
  return noteOnce(state, objectId, seen, nowMs, {
    ...(chargeId === null ? {} : { chargeId }),
    data: { [`${kind}Id`]: objectId, ...data },
  });
}

/** Stripe rang for something that it will not show: that too is on record. */
export function reversalRefused(
  state: CustomerState,
  objectId: string,
  { code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  return noteOnce(state, objectId, `refused ${code}`, nowMs, {
    data: { objectId, refused: code, requestId: requestId ?? null },
  });
}

export function reversalUnanswered(state: CustomerState, objectId: string, nowMs: number): CustomerState {
  return change(state, objectId, (reversal) => ({
    ...reversal,
    checks: reversal.checks + 1,
    nextCheckAtMs: nowMs + backoffDelay(CHECK_BACKOFF, reversal.checks),
  }));
}

export function isRead({ nextCheckAtMs }: Reversal): boolean {
  return nextCheckAtMs === null;
}

function noteOnce(
  state: CustomerState,
  objectId: string,
  seen: string,
  nowMs: number,
  detail: { readonly chargeId?: string; readonly data: { readonly [key: string]: unknown } },
): CustomerState {
  const before = state.reversals.find((reversal) => reversal.objectId === objectId);
  if (!before) return state;
  const read = change(state, objectId, (reversal) => ({ ...reversal, seen, nextCheckAtMs: null, checks: 0 }));
  return before.seen === seen ? read : note(read, nowMs, before.kind, detail);
}

function change(state: CustomerState, objectId: string, to: (reversal: Reversal) => Reversal): CustomerState {
  return {
    ...state,
    reversals: state.reversals.map((reversal) => (reversal.objectId === objectId ? to(reversal) : reversal)),
  };
}
