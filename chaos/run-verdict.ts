// What is wrong with a run as a whole, whatever its charges say: less was done than planned, or the emulator knows of
// something that belongs to no charge. It asks nobody.
import type { Truth } from '../emulator/control/truth.ts';
import type { Plan, PlannedCustomer } from './plan.ts';
import type { Finding } from './verdict.ts';

/** What was done of a plan. */
export interface Done {
  /** Charges whose caller has seen their end. */
  readonly charges: number;
  readonly kills: number;
  /** Deeds that could not be done, each with what was in the way. */
  readonly failures: readonly string[];
}

export function planned({ customers, actions }: Plan): { readonly charges: number; readonly kills: number } {
  return {
    charges: customers.flatMap(({ rounds }) => rounds.flat()).length,
    kills: actions.filter(({ action }) => action.do === 'kill').length,
  };
}

/** A run that has done little has proved little. */
export function judgeRun(plan: Plan, { charges, kills, failures }: Done): Finding[] {
  const all = planned(plan);
  const shortfalls = [
    ...(charges === all.charges ? [] : [`${charges} of ${all.charges} charges are over`]),
    ...(kills === all.kills ? [] : [`${kills} of ${all.kills} kills were done`]),
  ];
  return [...shortfalls, ...failures].map((what) => ({ fault: 'not done as planned', what }));
}

/** What the bank was asked for, and the intents, that are not these customers' charges. */
export function judgeStrays({ charges, intents }: Truth, customers: readonly PlannedCustomer[]): Finding[] {
  const owners = new Map(
    customers.flatMap(({ customerId, rounds }) =>
      rounds.flat().map(({ chargeId }): [string | null, string] => [chargeId, customerId]),
    ),
  );
  const isStray = ({ chargeId, customerId }: Truth['charges' | 'intents'][number]) =>
    customerId === null || owners.get(chargeId) !== customerId;
  return [
    ...charges.filter(isStray).map((each) => ({ ...each, id: each.stripeChargeId })),
    ...intents.filter(isStray).map((each) => ({ ...each, id: each.paymentIntentId })),
  ].map(({ id, status, amount, chargeId, customerId }) => ({
    fault: 'of no planned charge',
    what: `${id} (${status}, ${amount}) for charge ${chargeId} of customer ${customerId}`,
  }));
}
