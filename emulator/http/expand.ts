// `expand[]`: puts whole objects where an answer has ids. It never changes what is stored.

import type { World } from '../store/world.ts';
import { invalidRequest } from './errors.ts';

/** The names that can lead somewhere, or lie on the way. */
const EXPANDABLE = new Set([
  'application',
  'balance_transaction',
  'card',
  'charge',
  'customer',
  'data',
  'default_payment_method',
  'invoice_settings',
  'last_payment_error',
  'latest_attempt',
  'latest_charge',
  'mandate',
  'on_behalf_of',
  'payment_intent',
  'payment_method',
  'payment_method_details',
  'refunds',
  'review',
  'setup_intent',
  'single_use_mandate',
]);

/**
 * To be asked before a request acts: a refusal must change nothing.
 * @throws StripeProblem 400 for a path that cannot lead to an object
 */
export function checkExpand(paths: readonly string[]): void {
  for (const path of paths) {
    const segments = path.split('.');
    const known = segments.every((segment) => EXPANDABLE.has(segment));
    if (!known || segments.filter((segment) => segment !== 'data').length > 4) {
      throw invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
    }
  }
}

/** A copy of `answer` with each path of `paths` expanded, e.g. `latest_charge` or `data.payment_method`. */
export function expanded(world: World, answer: object, paths: readonly string[]): object {
  if (paths.length === 0) return answer;
  const copy = structuredClone(answer) as Record<string, unknown>;
  for (const path of paths) grow(world, copy, path.split('.'));
  return copy;
}

function grow(world: World, node: unknown, segments: string[]): void {
  const [segment, ...rest] = segments;
  if (segment === undefined || typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const item of node) grow(world, item, segments);
    return;
  }
  const object = node as Record<string, unknown>;
  if (object.object === 'charge' && segment === 'refunds')
    object.refunds ??= refundsOf(world, String(object.id));
  const value = object[segment];
  if (typeof value === 'string') object[segment] = structuredClone(lookUp(world, value) ?? value);
  grow(world, object[segment], rest);
}

function refundsOf(world: World, chargeId: string) {
  const data = world.store.refunds
    .newestFirst()
    .map((record) => record.wire)
    .filter((refund) => refund.charge === chargeId);
  return {
    object: 'list',
    data: structuredClone(data),
    has_more: false,
    url: `/v1/charges/${chargeId}/refunds`,
  };
}

/** The object with this id, by the prefix of the id. */
function lookUp({ store }: World, id: string): object | undefined {
  switch (id.slice(0, id.lastIndexOf('_'))) {
    case 'cus':
      return store.customers.get(id)?.wire;
    case 'pm':
      return store.paymentMethods.get(id)?.wire;
    case 'seti':
      return store.setupIntents.get(id)?.wire;
    case 'setatt':
      return store.setupAttempts.get(id)?.wire;
    case 'pi':
      return store.paymentIntents.get(id)?.wire;
    case 'ch':
      return store.charges.get(id)?.wire;
    case 'mandate':
      return store.mandates.get(id)?.wire;
    case 're':
      return store.refunds.get(id)?.wire;
    default:
      return undefined;
  }
}
