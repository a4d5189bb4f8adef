// What the activities that ask Stripe are made from, and what they are given.
import type Stripe from 'stripe';
import type { Step, StepOf } from '../domain/model/steps.ts';
import type { Ledger } from '../ledger/ledger.ts';

export interface StripeDependencies {
  readonly stripe: Stripe;
  readonly ledger: Ledger;
}

/** A step, and the customer it is for. */
export type CustomerStep<Do extends Step['do']> = StepOf<Do> & { readonly customerId: string };
