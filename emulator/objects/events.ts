// Events: what happened, kept as a list and put up for delivery. It sends nothing; webhooks.ts does.
import type Stripe from 'stripe';
import { resourceMissing } from '../http/errors.ts';
import { PAGING, page } from '../http/lists.ts';
import { created, flag, readParams, text, texts } from '../http/params.ts';
import type { Route } from '../http/route.ts';
import { newId } from '../store/ids.ts';
import { API_VERSION, type Call } from '../store/world.ts';

/** Records that `type` happened to `object`, as it is now. */
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

const LIST = { ...PAGING, created, delivery_success: flag, type: text, types: texts };

export const eventRoutes: Route[] = [
  {
    method: 'GET',
    path: '/events',
    handle({ world }, raw) {
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
    },
  },
  {
    method: 'GET',
    path: '/events/:id',
    handle({ world }, raw, { id }) {
      readParams(raw, { expand: texts });
      const record = world.store.events.get(id);
      if (!record) throw resourceMissing('event', id);
      return record.wire;
    },
  },
];

function matches(pattern: string, type: string): boolean {
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
}
