// Judges a run as a whole: whether all of the plan was done, and whether Stripe holds anything that no charge accounts for.
import type { Truth } from '../emulator/control/truth.ts';
import type { Finding } from './findings.ts';
import type { Plan, PlannedCustomer } from './plan.ts';

/** What was done of a plan. */
export interface Done {
  /** Charges that their caller has seen ended. */
  readonly charges: number;
  readonly kills: number;
  /** Actions that could not be done, each with what was in the way. */
  readonly failures: readonly string[];
}

export function planned({ customers, actions }: Plan): { readonly charges: number; readonly kills: number } {
  return {
    charges: customers.flatMap(({ rounds }) => rounds.flat()).length,
    kills: actions.filter(({ action }) => action.do === 'kill').length,
  };
}

/** A run that did less than planned has proved less. */
export function judgeRun(plan: Plan, { charges, kills, failures }: Done): Finding[] {
  const all = planned(plan);
  const shortfalls = [
    ...(charges === all.charges ? [] : [`${charges} of ${all.charges} charges have ended`]),
    ...(kills === all.kills ? [] : [`${kills} of ${all.kills} kills were done`]),
  ];
  return [...shortfalls, ...failures].map((what) => ({ fault: 'not done as planned', what }));
}

/** What the bank was asked for, and the intents, that are not these customers' charges. */
export function judgeUnplanned(
  { charges, intents }: Truth,
  customers: readonly PlannedCustomer[],
): Finding[] {
  const owners = new Map(
    customers.flatMap(({ customerId, rounds }) =>
      rounds.flat().map(({ chargeId }): [string | null, string] => [chargeId, customerId]),
    ),
  );
  const isUnplanned = ({ chargeId, customerId }: Truth['charges' | 'intents'][number]) =>
    customerId === null || owners.get(chargeId) !== customerId;
  return [
    ...charges.filter(isUnplanned).map((each) => ({ ...each, id: each.stripeChargeId })),
    ...intents.filter(isUnplanned).map((each) => ({ ...each, id: each.paymentIntentId })),
  ].map(({ id, status, amount, chargeId, customerId }) => ({
    fault: 'of no planned charge',
    what: `${id} (${status}, ${amount}) for charge ${chargeId} of customer ${customerId}`,
  }));
}
