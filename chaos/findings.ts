// What is observed of a charge, and what may be found wrong with it or with the run.
import type { TrueCharge, TrueIntent } from '../emulator/control/truth.ts';
import type { PlannedCharge } from './plan.ts';

/** What each source says of one charge at the end. */
export interface Observation {
  readonly customerId: string;
  readonly charge: PlannedCharge;
  /** What the emulator knows to have happened. */
  readonly bank: readonly TrueCharge[];
  readonly intents: readonly TrueIntent[];
  /** The ledger's status, over the api; null where it has no such charge. */
  readonly ledger: string | null;
  /** The workflow's own status; null once the charge has left its state. */
  readonly workflow: string | null;
  readonly evidence: readonly Evidence[];
  /** How often each notice of the run has arrived at the merchant's endpoint, by its `webhook-id`. */
  readonly arrivals: ReadonlyMap<string, number>;
}

export interface Evidence {
  readonly at: string;
  readonly kind: string;
  readonly chargeId?: string;
  readonly data: { readonly [key: string]: unknown };
  /** Of a notice: how it ended. */
  readonly delivery?: { readonly outcome: string };
}

export const FAULTS = [
  // of one charge
  'duplicate',
  'lost',
  'wrongly failed',
  'evidence missing',
  'disagreement',
  'notice lost',
  // of the run as a whole
  'of no planned charge',
  'broken chain of evidence',
  'secrets in logs',
  'not done as planned',
] as const;

export interface Finding {
  readonly fault: (typeof FAULTS)[number];
  readonly what: string;
}
