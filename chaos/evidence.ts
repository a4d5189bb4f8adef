// Whether the record of a charge has its opening, every intent, every answer of the bank and its end exactly once, and
// as they were. It asks nobody, and passes over kinds of evidence that it does not know.
import type { TrueCharge } from '../emulator/control/truth.ts';
import type { Account, Finding } from './verdict.ts';

/** What an `attempt` in the evidence says. */
interface AttemptRecord {
  readonly number: number;
  readonly outcome: string;
  readonly decline: { readonly code: string; readonly declineCode: string | null } | null;
  readonly answer: { readonly stripeChargeId: string | null } | null;
}

const UNDER_WAY = 2;
const SETTLED = 3;
/** How much a record knows of its attempt. One attempt may have several, and each must know more than the one before. */
const KNOWLEDGE: { readonly [outcome: string]: number } = {
  unknown: 0,
  refused: 1,
  processing: UNDER_WAY,
  succeeded: SETTLED,
  declined: SETTLED,
  step_up: SETTLED,
};
/** What a bank says that wants to see the customer. */
const CUSTOMER_WANTED = 'authentication_required';

export function judgeEvidence({ bank, intents, ledger, evidence }: Account): Finding[] {
  const findings: Finding[] = [];
  const find = (what: string) => findings.push({ fault: 'evidence missing', what });
  const of = (kind: string) => evidence.filter((fact) => fact.kind === kind).map(({ data }) => data);

  const openings = of('charge_opened').length;
  if (openings !== 1) find(`${openings} records of its opening`);

  const { newest, again } = byAttempt(of('attempt') as unknown as AttemptRecord[]);
  for (const { number, outcome } of again) find(`attempt ${number} is recorded again, as ${outcome}`);
  const answers = bank.map(answerOf);
  const recorded = newest.filter((record) => knowledgeOf(record) >= UNDER_WAY).map(recordedAnswerOf);
  for (const answer of beyond(recorded, answers)) find(`no record of ${answer}`);
  for (const answer of beyond(answers, recorded)) find(`a record too many of ${answer}`);

  const created = of('payment_intent_created').map(({ paymentIntentId }) => String(paymentIntentId));
  // The creation of an intent that was never confirmed may have stayed unseen; seen twice it cannot be.
  const confirmed = intents.filter(({ confirmations }) => confirmations > 0);
  for (const id of beyond(created, confirmed.map(idOf))) find(`no record of ${id}`);
  for (const id of beyond(intents.map(idOf), created)) find(`a record too many of ${id}`);

  const ends = of('charge_closed').map(({ as }) => as);
  if (ends.length !== 1 || ends[0] !== ledger)
    find(`its end is recorded as ${ends.join(' and ') || 'nothing'}, and it is ${ledger}`);
  return findings;
}

/** The newest record of each attempt, and those that tell nothing new of theirs: there should be none. */
function byAttempt(records: readonly AttemptRecord[]) {
  const newest = new Map<number, AttemptRecord>();
  const again: AttemptRecord[] = [];
  for (const record of records) {
    const before = newest.get(record.number);
    if (before && knowledgeOf(record) <= knowledgeOf(before)) again.push(record);
    else newest.set(record.number, record);
  }
  return { newest: [...newest.values()], again };
}

function knowledgeOf({ outcome, answer }: AttemptRecord): number {
  // Unknown at first, and then by Stripe's own word: nothing came of it.
  if (outcome === 'unknown' && answer !== null) return 1;
  // A word nobody knows is held against the bank, who has said no such thing.
  return KNOWLEDGE[outcome] ?? SETTLED;
}

/** As the record should have it. */
function answerOf({ stripeChargeId, status, declineCode }: TrueCharge): string {
  if (status === 'succeeded') return `${stripeChargeId} succeeded`;
  if (status === 'pending') return `${stripeChargeId} processing`;
  const outcome = declineCode === CUSTOMER_WANTED ? 'step_up' : 'declined';
  return `${stripeChargeId} ${outcome} ${declineCode}`;
}

function recordedAnswerOf({ outcome, decline, answer }: AttemptRecord): string {
  const code = decline ? ` ${decline.declineCode ?? decline.code}` : '';
  return `${answer?.stripeChargeId ?? 'nothing'} ${outcome}${code}`;
}

const idOf = ({ paymentIntentId }: { readonly paymentIntentId: string }) => paymentIntentId;

/** What is in `all` more often than in `some`. */
function beyond(some: readonly string[], all: readonly string[]): string[] {
  const left = [...some];
  return all.filter((each) => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
