// Events: what happened, kept as a list and put up for delivery.
import { isDeepStrictEqual } from 'node:util';
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import { readParams } from '../http/params.ts';
import { created, flag, text, texts } from '../http/readers.ts';
import type { Handler } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import { API_VERSION, type Call } from '../store/world.ts';

/** Records that `type` happened to `object`, as it is at this moment. */
export function announce(
  call: Call,
  type: Stripe.EventBase['type'],
  object: object,
  previousAttributes?: Record<string, unknown>,
): void {
  const { world } = call;
  const id = newId('evt');
  const data = {
    object: structuredClone(object),
    ...(previousAttributes ? { previous_attributes: previousAttributes } : {}),
  } as Stripe.Event.Data;
  world.store.events.put(id, {
    wire: {
      id,
      object: 'event',
      api_version: API_VERSION,
      created: world.now(),
      data,
      livemode: false,
      pending_webhooks: 1,
      request: { id: call.requestId, idempotency_key: call.idempotencyKey },
      type,
    },
  });
  const mode = world.settings().webhookMode;
  world.store.deliveries.put(id, {
    eventId: id,
    mode,
    status: mode === 'lose' ? 'lost' : 'pending',
    tries: 0,
    nextAt: Date.now(),
  });
  world.announced.push(id);
}

/** Records a change with what the object was `before` it. What changed nothing is no event. */
export function announceChange(
  call: Call,
  type: Stripe.EventBase['type'],
  object: object,
  before: object,
): void {
  const previous = differences({ ...before }, { ...object });
  if (Object.keys(previous).length > 0) announce(call, type, object, previous);
}

/** The fields of `before` that are others in `after`; of nested objects only what differs. */
function differences(before: Record<string, unknown>, after: Record<string, unknown>) {
  const previous: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[name], after[name]];
    if (isDeepStrictEqual(was, is)) continue;
    previous[name] = isGroup(was) && isGroup(is) ? differences(was, is) : (structuredClone(was) ?? null);
  }
  return previous;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LIST = { ...PAGING, created, delivery_success: flag, type: text, types: texts };

export const listEvents: Handler = ({ world }, raw) => {
  const params = readParams(raw, LIST);
  const types = params.types ?? (params.type === undefined ? undefined : [params.type]);
  const { deliveries, events } = world.store;
  const matching = events.newestFirst().filter(({ wire }) => {
    if (types && !types.some((type) => matches(type, wire.type))) return false;
    if (params.created && !params.created(wire.created)) return false;
    if (params.delivery_success === undefined) return true;
    const status = deliveries.get(wire.id)?.status;
    return (status === 'delivered' || status === 'unwanted') === params.delivery_success;
  });
  return page(
    '/v1/events',
    matching.map(({ wire }) => wire),
    params,
  );
};

export const readEvent: Handler = ({ world }, raw, { id }) => {
  readParams(raw, { expand: texts });
  const record = world.store.events.get(id);
  if (!record) throw resourceMissing('event', id);
  return record.wire;
};

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
