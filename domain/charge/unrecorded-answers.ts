// Answers of an issuer that a newer one hides: they go on record, and nothing is decided by them but which card is blocked.

import type { Charge } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { IssuerAnswer, PaymentIntentReading } from '../model/stripe-objects.ts';
import { findCharge } from '../shared/charges.ts';
import { blockAnsweringCard } from './after-decline.ts';
import { isSettled, recordEarlierAnswer } from './attempts.ts';
import { classifyDecline } from './decline-codes.ts';

export function recordUnrecordedAnswers(
  state: CustomerState,
  charge: Charge,
  { unrecordedAnswers = [], ...reading }: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  return unrecordedAnswersOf(charge, reading, unrecordedAnswers).reduce(
    (next, answer) => recordOne(next, charge.chargeId, { ...reading, ...answer }, nowMs),
    state,
  );
}

/** Those nobody has accounted for, and that no decision hangs on any more: something newer has happened. */
function unrecordedAnswersOf(
  { phase, stripeChargeId, attempts }: Charge,
  reading: PaymentIntentReading,
  hidden: readonly IssuerAnswer[],
): readonly IssuerAnswer[] {
  // That one was processing is accounted for, but not how it ended.
  const newest = attempts.at(-1);
  const wasProcessing = newest?.outcome === 'processing' && newest.stripeChargeId === stripeChargeId;
  const isAccountedFor = reading.stripeChargeId === stripeChargeId;
  const lastAccountedFor = hidden.findLastIndex((answer) => answer.stripeChargeId === stripeChargeId);
  const first = wasProcessing ? Math.max(0, lastAccountedFor) : lastAccountedFor + 1;
  const unaccounted = isAccountedFor ? [] : hidden.slice(first);
  // What was given up is not decided about: of the newest answer too only the record is left.
  const isGivenUp = phase.is === 'closing' || reading.status === 'canceled';
  const isNewest = reading.stripeChargeId !== null && (!isAccountedFor || wasProcessing);
  const answers = isGivenUp && isNewest && reading.decline ? [...unaccounted, reading] : unaccounted;
  // A run that starts from the ledger may meet an intent again that it was done with.
  const isOnRecord = (answer: IssuerAnswer) =>
    attempts.some((attempt) => attempt.stripeChargeId === answer.stripeChargeId && isSettled(attempt));
  return answers.filter((answer) => !isOnRecord(answer));
}

function recordOne(
  state: CustomerState,
  chargeId: string,
  reading: PaymentIntentReading,
  nowMs: number,
): CustomerState {
  const charge = findCharge(state, chargeId);
  const { decline } = reading;
  if (!charge || !decline) return state;
  const kind = classifyDecline(decline);
  const outcome = kind === 'step_up' ? 'step_up' : 'declined';
  const next = recordEarlierAnswer(state, charge, reading, decline, outcome, nowMs);
  return kind === 'hard' ? blockAnsweringCard(next, chargeId, reading) : next;
}
