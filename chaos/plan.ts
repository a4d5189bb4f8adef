// Plans a run from its seed alone: who owes what, and what breaks after how many charges have ended.
import { omitUndefined } from '../domain/shared/omit-undefined.ts';

/** How a charge is meant to go, and so how it may end. */
export type ChargeKind =
  | 'plain'
  | 'soft_decline'
  | 'step_up'
  | 'new_card'
  | 'processing'
  | 'cancelled_before_due'
  | 'cancelled_at_step_up'
  | 'cancelled_in_flight';

/** What somebody does to the charge or to its customer, at Stripe or in Temporal, while the charge is under way. */
export type Interference =
  | 'replace_card'
  /** Of a PaymentIntent that was declined, by hand at Stripe. */
  | 'change_amount'
  /** At Stripe, which then refuses what is asked of it, and keeps the refusal under its key. */
  | 'delete_customer'
  /** The button of the Temporal UI. */
  | 'request_cancellation'
  | 'send_malformed_signals';

export interface PlannedCharge {
  readonly chargeId: string;
  readonly kind: ChargeKind;
  /** Minor units of euro. */
  readonly amount: number;
  /** The card that the customer gives where this charge needs another one. */
  readonly nextCard: string;
  readonly interference?: { readonly what: Interference; readonly afterMs: number };
}

export interface PlannedCustomer {
  readonly customerId: string;
  /** One after the other; the charges of one round are asked for at once. */
  readonly rounds: readonly (readonly PlannedCharge[])[];
}

/** Connections that run through a proxy of the kill test. */
export type ProxyName =
  | 'worker_stripe'
  | 'worker_temporal'
  | 'worker_ledger'
  | 'api_temporal'
  | 'api_ledger'
  | 'webhooks';

export type Killed = 'worker' | 'api' | 'temporal' | 'postgres';

export type Action =
  | {
      readonly do: 'kill';
      readonly what: Killed;
      readonly which: number;
      readonly downMs: number;
    }
  /** Every connection breaks, and new ones are refused for `ms`. */
  | { readonly do: 'cut'; readonly proxy: ProxyName; readonly ms: number }
  /** Connections stay open, and nothing gets through. */
  | { readonly do: 'freeze'; readonly proxy: ProxyName; readonly ms: number }
  | { readonly do: 'slow'; readonly proxy: ProxyName; readonly ms: number; readonly delayMs: number }
  | { readonly do: 'stripe_fault'; readonly fault: StripeFault }
  | { readonly do: 'webhooks'; readonly mode: WebhookMode; readonly ms: number };

export type WebhookMode = 'lose' | 'twice' | 'late' | 'shuffle';

/** As the emulator's control table takes it. */
export interface StripeFault {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly kind: 500 | 429 | 'drop';
  readonly when: 'before' | 'after';
  readonly times: number;
}

export interface PlannedAction {
  /** Done once this many charges have ended. */
  readonly after: number;
  readonly action: Action;
}

export interface Plan {
  readonly customers: readonly PlannedCustomer[];
  readonly actions: readonly PlannedAction[];
}

export const WORKERS = 2;
export const APIS = 2;

/** The charges of a customer come one after the other: a short run has fewer each, and more customers. */
const CHARGES_PER_CUSTOMER = { atLeast: 2, atMost: 6 };
const CUSTOMERS_WANTED = 30;
/** Faults other than kills, for each kill. */
const FAULTS_PER_KILL = 1.5;
/** Nothing breaks in the last part of a run, whose charges end far apart. */
const QUIET_END = 0.05;
/** At most once for each customer: one new card is enough. */
const ONCE_EACH: ReadonlySet<ChargeKind> = new Set(['new_card']);

/** Different cards, so that one the issuer has blocked is not given again. */
const CARDS = ['mastercard', 'amex', 'discover', 'jcb', 'gb', 'fr', 'de'].map((token) => `pm_card_${token}`);

const NO_INTERFERENCE = 'none';
/** At most this long after the charge was requested, so that every state is met. */
const INTERFERENCE_WITHIN_MS = 3_000;

const KINDS: readonly [ChargeKind, number][] = [
  ['plain', 44],
  ['soft_decline', 14],
  ['step_up', 16],
  ['new_card', 8],
  ['processing', 6],
  ['cancelled_before_due', 4],
  ['cancelled_at_step_up', 4],
  ['cancelled_in_flight', 4],
];
const KILLED: readonly [Killed, number][] = [
  ['worker', 40],
  ['api', 30],
  ['temporal', 20],
  ['postgres', 10],
];
const PROXIES: readonly [ProxyName, number][] = [
  ['worker_stripe', 35],
  ['worker_temporal', 15],
  ['worker_ledger', 15],
  ['api_temporal', 10],
  ['api_ledger', 10],
  ['webhooks', 15],
];
const FAULTY: readonly [Pick<StripeFault, 'method' | 'path'>, number][] = [
  [{ method: 'POST', path: '/v1/payment_intents/*/confirm' }, 50],
  [{ method: 'POST', path: '/v1/payment_intents' }, 20],
  [{ method: 'GET', path: '/v1/payment_intents/*' }, 15],
  [{ method: 'POST', path: '/v1/payment_intents/*/cancel' }, 5],
  [{ method: 'POST', path: '/v1/setup_intents' }, 5],
  [{ method: 'POST', path: '/v1/setup_intents/*/confirm' }, 5],
];

/**
 * @param charges exactly so many, over as many customers as that takes
 * @param kills SIGKILLs; other faults come on top
 */
export function makePlan({
  seed,
  charges,
  kills,
}: {
  readonly seed: number;
  readonly charges: number;
  readonly kills: number;
}): Plan {
  const random = seeded(seed);
  return { customers: planCustomers(random, charges), actions: planActions(random, charges, kills) };
}

function planCustomers(random: Random, charges: number): PlannedCustomer[] {
  const customers: PlannedCustomer[] = [];
  const { atLeast, atMost } = CHARGES_PER_CUSTOMER;
  const each = Math.min(atMost, Math.max(atLeast, Math.floor(charges / CUSTOMERS_WANTED)));
  for (let planned = 0; planned < charges; ) {
    const customerId = `customer-${customers.length + 1}`;
    const count = Math.min(each, charges - planned);
    const rounds: PlannedCharge[][] = [];
    const had = new Set<ChargeKind>();
    let cards = 0;
    for (let number = 1; number <= count; number += 1) {
      const drawn = random.weighted(KINDS);
      const kind = ONCE_EACH.has(drawn) && had.has(drawn) ? 'plain' : drawn;
      had.add(kind);
      const interference = planInterference(random, kind);
      if (kind === 'new_card' || ['replace_card', 'delete_customer'].includes(interference?.what ?? ''))
        cards += 1;
      const charge: PlannedCharge = {
        chargeId: `${customerId}-charge-${number}`,
        kind,
        amount: random.whole(100, 90_000),
        nextCard: CARDS[cards % CARDS.length] as string,
        ...omitUndefined({ interference }),
      };
      const last = rounds.at(-1);
      const isJoinable = (each: PlannedCharge | undefined) => each?.kind === 'plain' && !each.interference;
      const isTogether = isJoinable(charge) && isJoinable(last?.[0]) && random.chance(0.5);
      if (isTogether && last) last.push(charge);
      else rounds.push([charge]);
    }
    customers.push({ customerId, rounds });
    planned += count;
  }
  return customers;
}

function planInterference(random: Random, kind: ChargeKind): PlannedCharge['interference'] {
  const what = random.weighted<Interference | typeof NO_INTERFERENCE>([
    [NO_INTERFERENCE, 60],
    ['replace_card', 14],
    ['request_cancellation', 8],
    ['send_malformed_signals', 8],
    ['change_amount', kind === 'soft_decline' ? 60 : 0],
    ['delete_customer', kind === 'plain' ? 10 : 0],
  ]);
  const afterMs = random.whole(0, INTERFERENCE_WITHIN_MS);
  return what === NO_INTERFERENCE ? undefined : { what, afterMs };
}

function planActions(random: Random, charges: number, kills: number): PlannedAction[] {
  const end = Math.max(1, Math.floor(charges * (1 - QUIET_END)));
  const spread = (count: number, action: () => Action): PlannedAction[] =>
    Array.from({ length: count }, (_, index) => ({
      after: Math.min(end, Math.floor(((index + random.fraction()) * end) / count)),
      action: action(),
    }));
  const actions = [
    ...spread(kills, () => planKill(random)),
    ...spread(Math.round(kills * FAULTS_PER_KILL), () => planFault(random)),
  ];
  return actions.sort((one, other) => one.after - other.after);
}

function planKill(random: Random): Action {
  const what = random.weighted(KILLED);
  const count = { worker: WORKERS, api: APIS, temporal: 1, postgres: 1 }[what];
  return { do: 'kill', what, which: random.whole(0, count - 1), downMs: random.whole(100, 2_500) };
}

function planFault(random: Random): Action {
  const kind = random.weighted([
    ['cut', 25],
    ['freeze', 10],
    ['slow', 15],
    ['stripe_fault', 35],
    ['webhooks', 15],
  ] as const);
  switch (kind) {
    case 'cut':
      return { do: 'cut', proxy: random.weighted(PROXIES), ms: random.whole(0, 2_000) };
    case 'freeze': {
      const proxy = random.weighted(PROXIES);
      // Now and then longer than the Stripe client's patience of 25 s.
      const isLong = proxy === 'worker_stripe' && random.chance(0.15);
      return { do: 'freeze', proxy, ms: isLong ? 27_000 : random.whole(1_000, 6_000) };
    }
    case 'slow': {
      const proxy = random.weighted(PROXIES);
      return { do: 'slow', proxy, ms: random.whole(3_000, 10_000), delayMs: random.whole(50, 800) };
    }
    case 'stripe_fault':
      return {
        do: 'stripe_fault',
        fault: {
          ...random.weighted(FAULTY),
          kind: random.weighted<StripeFault['kind']>([
            [500, 40],
            ['drop', 40],
            [429, 20],
          ]),
          when: random.chance(0.5) ? 'before' : 'after',
          times: random.whole(1, 4),
        },
      };
    case 'webhooks':
      return {
        do: 'webhooks',
        mode: random.weighted([
          ['lose', 40],
          ['twice', 20],
          ['late', 20],
          ['shuffle', 20],
        ] as const),
        ms: random.whole(3_000, 12_000),
      };
  }
}

interface Random {
  /** From 0 up to, not including, 1. */
  fraction(): number;
  chance(share: number): boolean;
  /** Both ends included. */
  whole(from: number, to: number): number;
  weighted<Value>(choices: readonly (readonly [Value, number])[]): Value;
}

/** mulberry32; 32 bits of state are enough for a plan. */
function seeded(seed: number): Random {
  let state = seed | 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    fraction,
    chance: (share) => fraction() < share,
    whole: (from, to) => from + Math.floor(fraction() * (to - from + 1)),
    weighted(choices) {
      let left = fraction() * choices.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [value, weight] of choices) {
        left -= weight;
        if (left < 0) return value;
      }
      throw new RangeError('nothing to choose from');
    },
  };
}
