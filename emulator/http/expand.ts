// `expand[]`: puts whole objects where an answer has ids.
import type { World } from '../store/world.ts';
import { invalidRequest } from './errors.ts';

export type ObjectName =
  | 'account'
  | 'charge'
  | 'customer'
  | 'deleted_customer'
  | 'dispute'
  | 'early_fraud_warning'
  | 'event'
  | 'mandate'
  | 'payment_intent'
  | 'payment_method'
  | 'refund'
  | 'setup_attempt'
  | 'setup_intent';

/** A name leads to an object, to a list of objects, or only on to other names. `null`: expandable, and always empty here. */
interface Fields {
  readonly [field: string]: ObjectName | readonly [ObjectName] | Fields | null;
}

/** What may be expanded on each object, as Stripe's OpenAPI document lists it (`x-expandableFields`). */
const EXPANDABLE: Readonly<Record<ObjectName, Fields>> = {
  account: {},
  charge: {
    application: null,
    balance_transaction: null,
    customer: 'customer',
    failure_balance_transaction: null,
    on_behalf_of: null,
    payment_intent: 'payment_intent',
    payment_method_details: { card: { mandate: 'mandate' } },
    refunds: ['refund'],
    review: null,
  },
  customer: {
    default_source: null,
    invoice_settings: { default_payment_method: 'payment_method' },
    test_clock: null,
  },
  deleted_customer: {},
  dispute: { charge: 'charge', payment_intent: 'payment_intent' },
  early_fraud_warning: { charge: 'charge', payment_intent: 'payment_intent' },
  event: {},
  mandate: { payment_method: 'payment_method' },
  payment_intent: {
    application: null,
    customer: 'customer',
    last_payment_error: { payment_method: { customer: 'customer' } },
    latest_charge: 'charge',
    on_behalf_of: null,
    payment_method: 'payment_method',
    review: null,
  },
  payment_method: { customer: 'customer' },
  refund: {
    balance_transaction: null,
    charge: 'charge',
    customer: 'customer',
    failure_balance_transaction: null,
    payment_intent: 'payment_intent',
    payment_method: 'payment_method',
  },
  setup_attempt: {
    application: null,
    customer: 'customer',
    on_behalf_of: null,
    payment_method: 'payment_method',
    setup_intent: 'setup_intent',
  },
  setup_intent: {
    application: null,
    customer: 'customer',
    last_setup_error: { payment_method: { customer: 'customer' } },
    latest_attempt: 'setup_attempt',
    mandate: 'mandate',
    on_behalf_of: null,
    payment_method: 'payment_method',
    single_use_mandate: 'mandate',
  },
};

const MAX_DEPTH = 4;

/**
 * To be asked before a request acts: a refusal must change nothing.
 * @throws StripeProblem 400 for a path that leads to nothing expandable on what is answered
 */
export function checkExpand(
  paths: readonly string[],
  answers: ObjectName | { readonly listOf: ObjectName },
): void {
  for (const path of paths) {
    const segments = path.split('.');
    const depth = segments.filter((segment) => segment !== 'data').length;
    if (depth > MAX_DEPTH) {
      throw invalidRequest(
        `You cannot expand more than ${MAX_DEPTH} levels of a property. Property: ${path}`,
      );
    }
    if (typeof answers === 'string') {
      if (!leadsSomewhere(EXPANDABLE[answers], segments)) throw notExpandable(path);
    } else {
      const fields = EXPANDABLE[answers.listOf];
      if (segments[0] === 'data' && leadsSomewhere(fields, segments.slice(1))) continue;
      throw leadsSomewhere(fields, segments) ? notExpandable(path, `data.${path}`) : notExpandable(path);
    }
  }
}

function leadsSomewhere(fields: Fields, [segment = '', ...rest]: string[]): boolean {
  const target = Object.hasOwn(fields, segment) ? fields[segment] : undefined;
  if (target === undefined) return false;
  if (target === null) return rest.length === 0;
  if (typeof target === 'string') return rest.length === 0 || leadsSomewhere(EXPANDABLE[target], rest);
  if (Array.isArray(target)) {
    return (
      rest.length === 0 ||
      (rest[0] === 'data' && leadsSomewhere(EXPANDABLE[target[0] as ObjectName], rest.slice(1)))
    );
  }
  return rest.length > 0 && leadsSomewhere(target as Fields, rest);
}

function notExpandable(path: string, instead?: string) {
  const hint = instead === undefined ? '' : ` You may want to try expanding '${instead}' instead.`;
  return invalidRequest(`This property cannot be expanded (${path}).${hint}`);
}

/** A copy of `answer` with each path of `paths` expanded, e.g. `latest_charge` or `data.payment_method`. */
export function expanded(world: World, answer: object, paths: readonly string[]): object {
  if (paths.length === 0) return answer;
  const copy = structuredClone(answer) as Record<string, unknown>;
  for (const path of paths) expandPath(world, copy, path.split('.'));
  return copy;
}

function expandPath(world: World, node: unknown, segments: string[]): void {
  const [segment, ...rest] = segments;
  if (segment === undefined || typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const item of node) expandPath(world, item, segments);
    return;
  }
  const object = node as Record<string, unknown>;
  if (object.object === 'charge' && segment === 'refunds') {
    object.refunds ??= refundsOf(world, String(object.id));
  }
  const value = object[segment];
  if (typeof value === 'string') object[segment] = structuredClone(findById(world, value) ?? value);
  expandPath(world, object[segment], rest);
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
function findById({ store }: World, id: string): object | undefined {
  switch (id.slice(0, id.lastIndexOf('_'))) {
    case 'cus': {
      const record = store.customers.get(id);
      return record?.deleted ? { id, object: 'customer', deleted: true } : record?.wire;
    }
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
