// Judges whether the evidence of a charge holds its opening, every intent, every answer of the bank and its end exactly
// once.
import type { TrueCharge } from '../emulator/control/truth.ts';
import type { Finding, Observation } from './findings.ts';

/** What an `attempt` in the evidence says. */
interface AttemptRecord {
  readonly number: number;
  readonly outcome: string;
  readonly decline: { readonly code: string; readonly declineCode: string | null } | null;
  readonly answer: { readonly stripeChargeId: string | null } | null;
  /** Null where the attempt was searched for and has left no PaymentIntent; absent in other records. */
  readonly paymentIntentId?: null;
}

const UNDER_WAY = 2;
const SETTLED = 3;
/** How much a record knows of its attempt. An attempt may have several records, each knowing more than the one before. */
const KNOWLEDGE: { readonly [outcome: string]: number } = {
  unknown: 0,
  refused: 1,
  processing: UNDER_WAY,
  succeeded: SETTLED,
  declined: SETTLED,
  step_up: SETTLED,
};
/** The decline code of a bank that wants the customer to authenticate. */
const AUTHENTICATION_REQUIRED = 'authentication_required';

export function judgeEvidence({ bank, intents, ledger, evidence }: Observation): Finding[] {
  const findings: Finding[] = [];
  const find = (what: string) => findings.push({ fault: 'evidence missing', what });
  const of = (kind: string) => evidence.filter((fact) => fact.kind === kind).map(({ data }) => data);

  const openings = of('charge_opened').length;
  if (openings !== 1) find(`${openings} records of its opening`);

  const { newest, repeated } = newestByAttempt(of('attempt') as unknown as AttemptRecord[]);
  for (const { number, outcome } of repeated) find(`attempt ${number} is recorded again, as ${outcome}`);
  const answers = bank.map(answerOf);
  const recorded = newest.filter((record) => knowledgeOf(record) >= UNDER_WAY).map(recordedAnswerOf);
  for (const answer of missingFrom(recorded, answers)) find(`no record of ${answer}`);
  for (const answer of missingFrom(answers, recorded)) find(`a record too many of ${answer}`);

  const created = of('payment_intent_created').map(({ paymentIntentId }) => String(paymentIntentId));
  // The creation of an intent that was never confirmed may have stayed unseen; seen twice it cannot be.
  const confirmed = intents.filter(({ confirmations }) => confirmations > 0);
  for (const id of missingFrom(created, confirmed.map(idOf))) find(`no record of ${id}`);
  for (const id of missingFrom(intents.map(idOf), created)) find(`a record too many of ${id}`);

  const ends = of('charge_closed').map(({ as }) => as);
  if (ends.length !== 1 || ends[0] !== ledger)
    find(`its end is recorded as ${ends.join(' and ') || 'nothing'}, and it is ${ledger}`);
  return findings;
}

/** The newest record of each attempt, and the records that add nothing to an earlier one: there should be none. */
function newestByAttempt(records: readonly AttemptRecord[]) {
  const newest = new Map<number, AttemptRecord>();
  const repeated: AttemptRecord[] = [];
  for (const record of records) {
    const earlier = newest.get(record.number);
    if (earlier && knowledgeOf(record) <= knowledgeOf(earlier)) repeated.push(record);
    else newest.set(record.number, record);
  }
  return { newest: [...newest.values()], repeated };
}

function knowledgeOf({ outcome, answer, paymentIntentId }: AttemptRecord): number {
  // Stripe itself has said that nothing came of it, or there is nothing of it to be asked about.
  if (outcome === 'unknown' && (answer !== null || paymentIntentId === null)) return 1;
  // An unknown outcome counts as settled, and then fails the comparison with the bank's answers.
  return KNOWLEDGE[outcome] ?? SETTLED;
}

/** As the evidence should record it. */
function answerOf({ stripeChargeId, status, declineCode }: TrueCharge): string {
  if (status === 'succeeded') return `${stripeChargeId} succeeded`;
  if (status === 'pending') return `${stripeChargeId} processing`;
  const outcome = declineCode === AUTHENTICATION_REQUIRED ? 'step_up' : 'declined';
  return `${stripeChargeId} ${outcome} ${declineCode}`;
}

function recordedAnswerOf({ outcome, decline, answer }: AttemptRecord): string {
  const code = decline ? ` ${decline.declineCode ?? decline.code}` : '';
  return `${answer?.stripeChargeId ?? 'nothing'} ${outcome}${code}`;
}

const idOf = ({ paymentIntentId }: { readonly paymentIntentId: string }) => paymentIntentId;

/** What is in `all` more often than in `some`. */
function missingFrom(some: readonly string[], all: readonly string[]): string[] {
  const left = [...some];
  return all.filter((each) => {
    const at = left.indexOf(each);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}
