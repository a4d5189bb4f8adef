// Refunds and disputes are followed alike: read when there is an event, and each state of one is on record once.
import type { EventOf } from '../model/events.ts';
import type { Fact } from '../model/facts.ts';
import type { CustomerState, FollowedObject } from '../model/state.ts';
import { backoffDelay } from './backoff.ts';
import { recordFact } from './facts.ts';
import { policyOf } from './policy.ts';
import { FOLLOWED_OBJECTS_REMEMBERED, FOLLOWED_OBJECTS_UNREAD } from './state-limits.ts';

type Kind = 'refunds' | 'disputes';

/** There is an event for it: it is read at once. Whoever can sign events could send more than a state can hold. */
export function follow(state: CustomerState, kind: Kind, objectId: string, nowMs: number): CustomerState {
  const earlier = state[kind].find((object) => object.objectId === objectId);
  const others = state[kind].filter((object) => object !== earlier);
  if (!earlier && others.filter((object) => !isRead(object)).length >= FOLLOWED_OBJECTS_UNREAD) return state;
  const unread = earlier ?? { objectId, status: null, onRecord: null };
  const toRead = { ...unread, nextCheckAtMs: nowMs, checks: 0 };
  // Only what has been read is forgotten: at worst the same state of it is put on record twice.
  const forgotten = others.length < FOLLOWED_OBJECTS_REMEMBERED ? undefined : others.find(isRead);
  return { ...state, [kind]: [...others.filter((object) => object !== forgotten), toRead] };
}

/** It has been read, or Stripe will not show it. What differs from `onRecord` is put on record. */
export function takeReading(
  state: CustomerState,
  kind: Kind,
  { objectId, status, onRecord }: Pick<FollowedObject, 'objectId' | 'status'> & { readonly onRecord: string },
  nowMs: number,
  detail: { readonly chargeId?: string; readonly data: Fact['data'] },
): CustomerState {
  const earlier = state[kind].find((object) => object.objectId === objectId);
  if (!earlier) return state;
  const read = { ...earlier, status, onRecord, nextCheckAtMs: null, checks: 0 };
  const taken = put(state, kind, read);
  return earlier.onRecord === onRecord
    ? taken
    : recordFact(taken, nowMs, kind === 'refunds' ? 'refund' : 'dispute', detail);
}

/**
 * Stripe will not show it: that goes on record. An id that Stripe does not know leaves nothing behind, unless Stripe has
 * shown it before: it was chosen by whoever signed the event.
 */
export function takeRefusal(
  state: CustomerState,
  kind: Kind,
  objectId: string,
  { code, requestId }: EventOf<'refused'>,
  nowMs: number,
): CustomerState {
  const isUnknown = state[kind].some((object) => object.objectId === objectId && object.onRecord === null);
  if (code === 'resource_missing' && isUnknown)
    return { ...state, [kind]: state[kind].filter((object) => object.objectId !== objectId) };
  const name = kind === 'refunds' ? 'refundId' : 'disputeId';
  return takeReading(state, kind, { objectId, status: null, onRecord: `refused ${code}` }, nowMs, {
    data: { [name]: objectId, refused: code, requestId: requestId ?? null },
  });
}

/** Nobody has answered: it is read later. */
export function readLater(state: CustomerState, kind: Kind, objectId: string, nowMs: number): CustomerState {
  const object = state[kind].find((other) => other.objectId === objectId);
  if (!object) return state;
  const nextCheckAtMs = nowMs + backoffDelay(policyOf(state).checkBackoffMs, object.checks);
  return put(state, kind, { ...object, checks: object.checks + 1, nextCheckAtMs });
}

export function isRead({ nextCheckAtMs }: FollowedObject): boolean {
  return nextCheckAtMs === null;
}

function put(state: CustomerState, kind: Kind, changed: FollowedObject): CustomerState {
  const objects = state[kind].map((object) => (object.objectId === changed.objectId ? changed : object));
  return { ...state, [kind]: objects };
}
