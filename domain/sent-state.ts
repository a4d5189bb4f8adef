// What of a customer's state travels to an activity: as little as says all of it, for every byte stays in the history.
import { newCustomer } from './lifecycle.ts';
import type { Policy } from './model/policy.ts';
import type { CustomerState } from './model/state.ts';
import { digestOf } from './shared/digest.ts';
import { DEFAULT_POLICY } from './shared/policy.ts';

/**
 * A state without what is as in a new customer and in the default policy. The ids of events that were taken in stay
 * behind: nobody else asks for them, and an event that is taken in again only has something read.
 */
export type SentState = Partial<Omit<CustomerState, 'processedEventIds' | 'policy'>> &
  Pick<CustomerState, 'customerId'> & { readonly policy?: Partial<Policy> };

export function sentState({ policy, processedEventIds: _left, ...state }: CustomerState): SentState {
  const ownPolicy = differing(policy, DEFAULT_POLICY);
  return {
    customerId: state.customerId,
    ...differing(state, newCustomer(state.customerId)),
    ...(Object.keys(ownPolicy).length === 0 ? {} : { policy: ownPolicy }),
  };
}

export function receivedState({ policy, ...sent }: SentState): CustomerState {
  return { ...newCustomer(sent.customerId), ...sent, policy: { ...DEFAULT_POLICY, ...policy } };
}

/** The same for a state and for what has travelled of it. */
export function digestOfState(state: CustomerState): string {
  return digestOf({ ...state, processedEventIds: [] });
}

function differing<Values extends object>(values: Values, usual: object): Partial<Values> {
  const asUsual = new Map<string, unknown>(Object.entries(usual));
  return Object.fromEntries(
    Object.entries(values).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(asUsual.get(key)),
    ),
  ) as Partial<Values>;
}
