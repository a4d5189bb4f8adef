// How a charge stops being collected: over for good, or waiting for another card.

import type { Charge, ChargePhase } from '../model/charge.ts';
import type { CustomerState } from '../model/state.ts';
import type { PaymentIntentReading } from '../model/stripe-objects.ts';
import { chargeableCard, type NoCardReason } from '../shared/chargeable-card.ts';
import { isSpent, issuerAttempts, putCharge } from '../shared/charges.ts';
import { notify, recordFact } from '../shared/facts.ts';
import { collectionOf } from '../shared/policy.ts';
import { rememberFailure } from './failed-charges.ts';

/** Ends a charge that is not to be collected: at once, or after its intent is cancelled at Stripe. */
export function closeCharge(
  state: CustomerState,
  charge: Charge,
  to: 'failed' | 'cancelled',
  reason: string,
  nowMs: number,
): CustomerState {
  if (charge.phase.is === 'closed' || charge.phase.is === 'closing') return state;
  if (charge.phase.is === 'awaiting_step_up')
    return closeCharge(
      stepUpEnded(state, charge, reason === 'step_up_expired' ? 'expired' : reason, nowMs),
      { ...charge, phase: { is: 'due', atMs: nowMs } },
      to,
      reason,
      nowMs,
    );
  // An intent may exist that nobody has seen: it is looked for before the charge may end.
  const mayHaveIntent =
    charge.paymentIntentId !== null || charge.phase.is === 'finding_intent' || charge.phase.is === 'unknown';
  if (!mayHaveIntent) return closed(state, charge, to, reason, nowMs);
  const closing: ChargePhase = { is: 'closing', to, reason };
  return putCharge(state, { ...charge, phase: closing, nextCheckAtMs: nowMs, checks: 0 });
}

/** The charge is over; it stays here until that is in the ledger. */
export function closed(
  state: CustomerState,
  charge: Charge,
  as: 'succeeded' | 'failed' | 'cancelled',
  reason: string | null,
  nowMs: number,
  received: { readonly [key: string]: unknown } = {},
): CustomerState {
  const closedCharge: Charge = {
    ...charge,
    phase: { is: 'closed', as, reason, atMs: nowMs },
    nextCheckAtMs: null,
  };
  const next = recordFact(putCharge(state, closedCharge), nowMs, 'charge_closed', {
    chargeId: charge.chargeId,
    data: {
      as,
      reason,
      amount: charge.amount,
      currency: charge.currency,
      paymentIntentId: charge.paymentIntentId,
      stripeChargeId: charge.stripeChargeId,
      decline: as === 'failed' ? charge.decline : null,
      ...received,
    },
  });
  if (as === 'cancelled') return next;
  const kind = as === 'succeeded' ? 'charge.succeeded' : 'charge.failed';
  const notified = notify(next, nowMs, kind, `${as}-${charge.chargeId}`, {
    ...about(charge),
    data: { ...about(charge).data, reason },
  });
  return as === 'failed' ? rememberFailure(notified, charge, nowMs) : notified;
}

/**
 * Stripe has the money. Where it is not what was owed, or has gone back before it was recorded, that is on record and
 * a notice says so: the charge is over, and a person has to look.
 */
export function collected(
  state: CustomerState,
  charge: Charge,
  { amountReceived, amountRefunded, currency: receivedCurrency }: PaymentIntentReading,
  reason: string | null,
  nowMs: number,
): CustomerState {
  const { chargeId, amount, currency } = charge;
  const isRefunded = amountRefunded > 0 && amountRefunded >= amountReceived;
  const differs = amountReceived !== amount || receivedCurrency !== currency || isRefunded;
  const paid: Charge = { ...charge, amountReceived };
  if (!differs) return closed(state, paid, 'succeeded', reason, nowMs, { amountReceived });
  const data = { amount, currency, amountReceived, receivedCurrency, amountRefunded };
  const recorded = recordFact(putCharge(state, paid), nowMs, 'amount_differs', { chargeId, data });
  const notified = notify(recorded, nowMs, 'charge.amount_differs', `amount-differs-${chargeId}`, {
    chargeId,
    data,
  });
  const differenceReason = isRefunded ? 'refunded_already' : 'amount_differs';
  return closed(notified, paid, 'succeeded', reason ?? differenceReason, nowMs, data);
}

/** There is no card that may pay this: the charge waits for another one, unless issuers were asked often enough. */
export function cardNeeded(state: CustomerState, charge: Charge, nowMs: number): CustomerState {
  if (isSpent(charge, collectionOf(state, charge)))
    return closeCharge(state, charge, 'failed', 'declined', nowMs);
  const waiting: Charge = { ...charge, phase: { is: 'awaiting_card', sinceMs: nowMs }, nextCheckAtMs: null };
  const reason = cardWaitReason(state, waiting, nowMs);
  const recorded = recordFact(putCharge(state, waiting), nowMs, 'charge_awaiting_card', {
    chargeId: charge.chargeId,
    data: { decline: charge.decline, reason },
  });
  // Another card may turn out blocked before it is asked: that wait has a notice too, with as many attempts as before.
  const enrolmentNumber = state.enrolment?.number ?? 1;
  const wanted = enrolmentNumber === 1 ? 'card' : `another-card-${enrolmentNumber}`;
  const noticeId = `awaiting-${wanted}-${charge.chargeId}-${charge.attemptCount}`;
  const { chargeId, data } = about(charge);
  return notify(recorded, nowMs, 'charge.awaiting_card', noticeId, { chargeId, data: { ...data, reason } });
}

/** Why a charge waits for a card: none may be asked, or the one on file has said no. */
export function cardWaitReason(state: CustomerState, charge: Charge, nowMs: number): CardWaitReason {
  return chargeableCard(state, charge, nowMs).reason ?? 'card_declined';
}

export type CardWaitReason = NoCardReason | 'card_declined';

export function stepUpEnded(state: CustomerState, charge: Charge, how: string, nowMs: number): CustomerState {
  return recordFact(state, nowMs, 'step_up_ended', { chargeId: charge.chargeId, data: { how } });
}

function about(charge: Charge): {
  readonly chargeId: string;
  readonly data: { readonly [key: string]: string | number | null };
} {
  return {
    chargeId: charge.chargeId,
    data: {
      amount: charge.amount,
      currency: charge.currency,
      declineCode: charge.decline?.declineCode ?? charge.decline?.code ?? null,
      attempts: issuerAttempts(charge),
    },
  };
}
