// What the activities that ask Stripe are made from, and what they are given.
import type { Step, StepOf } from '../domain/model/steps.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { StripeClient } from '../stripe/client.ts';

export interface StripeDependencies {
  readonly stripe: StripeClient;
  readonly ledger: Ledger;
}

/** A step, and the customer it is for. */
export type CustomerStep<Do extends Step['do']> = StepOf<Do> & { readonly customerId: string };
