// Judges what became of one charge against what the emulator knows to be true.
import type { Finding, Observation } from './findings.ts';
import { judgeEvidence } from './judge-evidence.ts';
import type { ChargeKind, PlannedCharge } from './plan.ts';

/** How a charge of each kind may end. */
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

/** On another card the bank may not want to see the customer, at whose authentication it was to be cancelled. */
function endsOf({ kind, interference }: PlannedCharge): readonly string[] {
  const isPaidOnNewCard = kind === 'cancelled_at_step_up' && interference?.what === 'replace_card';
  return isPaidOnNewCard ? [...ENDS[kind], 'succeeded'] : ENDS[kind];
}

const GIVEN_UP: readonly string[] = ['failed', 'refused', 'cancelled'];

/** @returns nothing when all sources agree and are right */
export function judge(observation: Observation): Finding[] {
  return [...judgeMoney(observation), ...judgeEvidence(observation), ...judgeViews(observation)];
}

function judgeMoney({ charge, bank, intents, ledger }: Observation): Finding[] {
  const findings: Finding[] = [];
  const find = (fault: Finding['fault'], what: string) => findings.push({ fault, what });
  const paid = bank.filter(({ status }) => status === 'succeeded');
  const live = intents.filter(({ status }) => status !== 'canceled');
  if (paid.length > 1) find('duplicate', `paid ${paid.length} times`);
  if (live.length > 1) find('duplicate', `${live.length} PaymentIntents are alive`);
  const wrong = paid.find(({ amount }) => amount !== charge.amount);
  if (wrong) find('duplicate', `${wrong.amount} was taken instead of ${charge.amount}`);

  if (ledger === null) find('lost', 'it is not in the ledger');
  else if (endsOf(charge).includes(ledger)) {
    if (ledger === 'succeeded' && paid.length === 0) find('lost', 'called succeeded, and no money moved');
    if (ledger === 'cancelled' && paid.some(({ refunded }) => !refunded))
      find('wrongly failed', 'called cancelled, and the money was taken');
  } else if (GIVEN_UP.includes(ledger)) find('wrongly failed', `it is ${ledger}`);
  else find('lost', `it is still ${ledger}${paid.length > 0 ? ', and paid' : ''}`);
  return findings;
}

function judgeViews({ intents, ledger, workflow }: Observation): Finding[] {
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
export function timeline({
  customerId,
  charge,
  bank,
  intents,
  ledger,
  workflow,
  evidence,
}: Observation): string[] {
  return [
    `${charge.chargeId} of ${customerId} (${charge.kind}${charge.interference ? `, ${charge.interference.what}` : ''}, ${charge.amount}): ledger ${ledger}, workflow ${workflow ?? 'has closed it'}`,
    ...intents.map(
      (intent) =>
        `  Stripe  ${intent.paymentIntentId} ${intent.status}, confirmed ${intent.confirmations} times`,
    ),
    ...bank.map((each) => `  bank    ${each.at} ${each.stripeChargeId} ${each.declineCode ?? each.status}`),
    ...evidence.map(
      ({ at, kind, data, delivery }) =>
        `  record  ${at} ${kind} ${JSON.stringify(data)}${delivery ? ` ${delivery.outcome}` : ''}`,
    ),
  ];
}
