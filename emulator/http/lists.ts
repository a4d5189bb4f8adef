// Lists as Stripe pages them: newest first, by cursor, and narrowed by the fields a list may be asked by.
import type Stripe from 'stripe';
import { invalidRequest, StripeProblem, unknownReference } from './errors.ts';
import { asRecord, readParams, type Shape } from './params.ts';
import { created, integer, text, texts } from './readers.ts';
import type { Handler } from './route.ts';

/** The parameters every list takes. */
export const PAGING = { limit: integer, starting_after: text, ending_before: text, expand: texts };

interface Paging {
  limit?: number;
  starting_after?: string;
  ending_before?: string;
}

/**
 * One page of `newestFirst`.
 * @throws StripeProblem 400 for a limit outside 1 to 100 and for a cursor that is not in the list
 */
export function page<T extends { id: string }>(
  url: string,
  newestFirst: T[],
  paging: Paging,
): Stripe.ApiList<T> {
  const limit = paging.limit ?? 10;
  if (limit < 1 || limit > 100) {
    throw invalidRequest('Invalid limit: must be between 1 and 100', { param: 'limit' });
  }
  const indexOf = (cursor: string, param: string) => {
    const index = newestFirst.findIndex((item) => item.id === cursor);
    if (index === -1) throw unknownReference('object', cursor, param);
    return index;
  };
  if (paging.ending_before !== undefined) {
    const end = indexOf(paging.ending_before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', data: newestFirst.slice(start, end), has_more: start > 0, url };
  }
  const start =
    paging.starting_after === undefined ? 0 : indexOf(paging.starting_after, 'starting_after') + 1;
  const data = newestFirst.slice(start, start + limit);
  return { object: 'list', data, has_more: start + limit < newestFirst.length, url };
}

/**
 * Lists all objects of one kind.
 * @param fields parameters that narrow it: each is the name of a field, which must have the value given
 */
export function listing(
  url: string,
  kind: 'charges' | 'disputes' | 'earlyFraudWarnings' | 'paymentIntents' | 'refunds' | 'setupIntents',
  fields: readonly string[],
): Handler {
  const narrowing: Shape = Object.fromEntries(fields.map((field) => [field, text]));
  return ({ world }, raw) => {
    const params = readParams(raw, { ...narrowing, ...PAGING, created });
    const records: readonly { wire: { id: string; created: number } }[] = world.store[kind].newestFirst();
    const wanted = Object.entries(params).filter(([name]) => fields.includes(name));
    const matching = records
      .map(({ wire }) => wire)
      .filter((wire) => wanted.every(([field, value]) => asRecord(wire)[field] === value))
      .filter((wire) => params.created?.(wire.created) ?? true);
    return page(url, matching, params);
  };
}

/** Stripe's search index lags behind by a minute or more; nothing here could show that. */
export const search: Handler = () => {
  throw new StripeProblem(404, {
    type: 'invalid_request_error',
    message:
      'There is no search in this emulator. List the objects and narrow the list, as is right after any write.',
  });
};
