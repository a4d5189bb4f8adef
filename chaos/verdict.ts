// What became of one charge, held against what the emulator knows to be true. It asks nobody.
import type { TrueCharge, TrueIntent } from '../emulator/control/truth.ts';
import { judgeEvidence } from './evidence.ts';
import type { ChargeKind, PlannedCharge } from './plan.ts';

/** All that is known of one charge at the end, each from its own source. */
export interface Account {
  readonly customerId: string;
  readonly charge: PlannedCharge;
  /** Stripe's truth. */
  readonly bank: readonly TrueCharge[];
  readonly intents: readonly TrueIntent[];
  /** The ledger's status, over the api; null where it has no such charge. */
  readonly ledger: string | null;
  /** The workflow's own status; null once the charge has left its state. */
  readonly workflow: string | null;
  readonly evidence: readonly Evidence[];
}

export interface Evidence {
  readonly at: string;
  readonly kind: string;
  readonly chargeId?: string;
  readonly data: { readonly [key: string]: unknown };
}

export const FAULTS = [
  // of one charge
  'duplicate',
  'lost',
  'wrongly failed',
  'evidence missing',
  'disagreement',
  // of the run as a whole
  'of no planned charge',
  'secrets in logs',
  'not done as planned',
] as const;

export interface Finding {
  readonly fault: (typeof FAULTS)[number];
  readonly what: string;
}

const ENDS: { readonly [Kind in ChargeKind]: readonly string[] } = {
  plain: ['succeeded'],
  soft_decline: ['succeeded'],
  step_up: ['succeeded'],
  new_card: ['succeeded'],
  processing: ['succeeded'],
  cancelled_before_due: ['cancelled'],
  cancelled_at_step_up: ['cancelled'],
  cancelled_in_flight: ['cancelled', 'succeeded'],
};

const GIVEN_UP: readonly string[] = ['failed', 'refused', 'cancelled'];

/** @returns empty when everybody tells the same, right story */
export function judge(account: Account): Finding[] {
  return [...judgeMoney(account), ...judgeEvidence(account), ...judgeViews(account)];
}

function judgeMoney({ charge, bank, intents, ledger }: Account): Finding[] {
  const findings: Finding[] = [];
  const find = (fault: Finding['fault'], what: string) => findings.push({ fault, what });
  const paid = bank.filter(({ status }) => status === 'succeeded');
  const live = intents.filter(({ status }) => status !== 'canceled');
  if (paid.length > 1) find('duplicate', `paid ${paid.length} times`);
  if (live.length > 1) find('duplicate', `${live.length} PaymentIntents are alive`);
  const wrong = paid.find(({ amount }) => amount !== charge.amount);
  if (wrong) find('duplicate', `${wrong.amount} was taken instead of ${charge.amount}`);

  if (ledger === null) find('lost', 'it is not in the ledger');
  else if (ENDS[charge.kind].includes(ledger)) {
    if (ledger === 'succeeded' && paid.length === 0) find('lost', 'called succeeded, and no money moved');
    if (ledger === 'cancelled' && paid.some(({ refunded }) => !refunded))
      find('wrongly failed', 'called cancelled, and the money was taken');
  } else if (GIVEN_UP.includes(ledger)) find('wrongly failed', `it is ${ledger}`);
  else find('lost', `it is still ${ledger}${paid.length > 0 ? ', and paid' : ''}`);
  return findings;
}

function judgeViews({ intents, ledger, workflow }: Account): Finding[] {
  const findings: Finding[] = [];
  if (workflow !== null && workflow !== ledger)
    findings.push({ fault: 'disagreement', what: `the workflow says ${workflow}, the ledger ${ledger}` });
  const open = intents.find(
    ({ status, confirmations }) => confirmations > 0 && status !== 'succeeded' && status !== 'canceled',
  );
  if (open && ledger !== null && (GIVEN_UP.includes(ledger) || ledger === 'succeeded'))
    findings.push({
      fault: 'disagreement',
      what: `it is ${ledger}, and ${open.paymentIntentId} is ${open.status}`,
    });
  return findings;
}

/** What happened to a charge, line by line, for people. */
export function story({ customerId, charge, bank, intents, ledger, workflow, evidence }: Account): string[] {
  return [
    `${charge.chargeId} of ${customerId} (${charge.kind}, ${charge.amount}): ledger ${ledger}, workflow ${workflow ?? 'has let it go'}`,
    ...intents.map(
      (intent) =>
        `  Stripe  ${intent.paymentIntentId} ${intent.status}, confirmed ${intent.confirmations} times`,
    ),
    ...bank.map((each) => `  bank    ${each.at} ${each.stripeChargeId} ${each.declineCode ?? each.status}`),
    ...evidence.map(({ at, kind, data }) => `  record  ${at} ${kind} ${JSON.stringify(data)}`),
  ];
}
