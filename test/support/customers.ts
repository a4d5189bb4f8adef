// Small, valid entries for the ledger, as a workflow would record them.
import { newCustomer } from '../../domain/lifecycle.ts';
import type { Fact } from '../../domain/model/facts.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { ChargeView, CustomerView } from '../../domain/view.ts';

export function charge(chargeId: string, changes: Partial<ChargeView> = {}): ChargeView {
  return {
    chargeId,
    status: 'scheduled',
    amount: 1200,
    currency: 'eur',
    attempts: [],
    dueAtMs: 1_000,
    ...changes,
  };
}

export function fact(sequence: number, kind: Fact['kind'], changes: Partial<Fact> = {}): Fact {
  return { sequence, atMs: 1_000 + sequence, kind, data: {}, ...changes };
}

/** An entry whose snapshot reaches to `sequence`: as far as its newest fact, unless told. */
export function entry(
  customerId: string,
  parts: {
    readonly facts?: readonly Fact[];
    readonly charges?: readonly ChargeView[];
    readonly sequence?: number;
    readonly view?: Partial<CustomerView>;
    readonly notifies?: boolean;
  } = {},
): {
  readonly customerId: string;
  readonly facts: readonly Fact[];
  readonly charges: readonly ChargeView[];
  readonly view: CustomerView;
  readonly snapshot: CustomerState;
  readonly notifies: boolean;
} {
  const facts = parts.facts ?? [];
  const sequence = parts.sequence ?? Math.max(0, ...facts.map((each) => each.sequence));
  return {
    customerId,
    facts,
    charges: parts.charges ?? [],
    view: {
      customerId,
      stripeCustomerId: `cus_${customerId}`,
      status: 'active',
      needsAttention: [],
      amountDue: 0,
      amountsDue: [],
      currency: 'eur',
      charges: [],
      ...parts.view,
    },
    snapshot: { ...newCustomer(customerId), sequence },
    notifies: parts.notifies ?? false,
  };
}

/** A customer with facts that are not on record yet, as `record` is given one. */
export function unrecorded(customerId: string, ...facts: readonly Fact[]) {
  const sequence = facts.at(-1)?.sequence ?? 0;
  const state: CustomerState = { ...newCustomer(customerId), loaded: true, facts, sequence };
  return { state, nowMs: 2_000 };
}
