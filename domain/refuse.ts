// Which requests of people are refused, and in which words.

import { hasTerms, isCorrectable } from './charge/charge.ts';
import { findFailedCharge } from './charge/failed-charges.ts';
import type { Charge, FailedCharge } from './model/charge.ts';
import type { Mandate, MandateTerms } from './model/enrolment.ts';
import type { CustomerEvent, EventOf } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { beyondMandate, type Chargeable, chargeableCard } from './shared/chargeable-card.ts';
import { findCharge } from './shared/charges.ts';
import { isId } from './shared/ids.ts';
import { checkAmount, formatMoney, isCurrency, unsupportedCurrency } from './shared/money.ts';
import { OUR_METADATA_KEYS } from './shared/our-metadata-keys.ts';
import { collectionOf, policyOf } from './shared/policy.ts';
import { Refusal, type RefusalCode } from './shared/refusal.ts';

/**
 * Why this request is refused in this state, or null. Synchronous and pure: an update's validator calls it.
 * Requests that are done already are never refused: repeating one is harmless.
 */
export function refuse(state: CustomerState, event: CustomerEvent, nowMs: number): Refusal | null {
  switch (event.kind) {
    case 'enrol':
      return refuseEnrolment(event);
    case 'giveConsent':
      return refuseConsent(state, event);
    case 'openCharge':
      return event.inLedger === 'accepted'
        ? refuseAccepted(refuseCharge(state, event))
        : refuseCharge(state, event);
    case 'cancelCharge':
      return findCharge(state, event.chargeId) ? null : noSuchCharge(event.chargeId);
    case 'retryCharge':
      return refuseRetry(state, event, nowMs);
    case 'waiveCharge':
      return refuseWaiver(state, event);
    case 'pause':
    case 'resume':
      return state.cancelled ? customerCancelled() : null;
    default:
      return null;
  }
}

/** What can be said of an enrolment without knowing the customer. */
export function refuseEnrolment({
  paymentMethodId,
  consent,
  currency,
  terms,
}: {
  readonly paymentMethodId?: string | undefined;
  readonly consent?: object | undefined;
  readonly currency?: string | undefined;
  readonly terms?: Pick<MandateTerms, 'maxAmount' | 'currency'> | undefined;
}): Refusal | null {
  if (paymentMethodId !== undefined && consent === undefined)
    return new Refusal(
      'consent_required',
      'A card given with the request needs the consent it was given under: add "consent".',
    );
  if (currency !== undefined && !isCurrency(currency)) return unsupportedCurrency(currency);
  if (terms === undefined) return null;
  if (currency !== undefined && terms.currency !== currency)
    return new Refusal('currency_not_agreed', 'The terms are in another currency than the customer.');
  return checkAmount(terms.maxAmount, terms.currency);
}

/** Names that billing itself writes into a Stripe object's metadata. */
export function refuseMetadata(metadata: { readonly [key: string]: string }): Refusal | null {
  const reserved = OUR_METADATA_KEYS.find((key) => Object.hasOwn(metadata, key));
  return reserved === undefined
    ? null
    : new Refusal('metadata_reserved', `The metadata key "${reserved}" is set by billing itself.`);
}

function refuseConsent(state: CustomerState, event: EventOf<'giveConsent'>): Refusal | null {
  const { enrolment } = state;
  if (enrolment && !enrolment.closed && enrolment.number === event.enrolmentNumber) return null;
  return new Refusal('enrolment_closed', 'This enrolment is over; ask for a new link.');
}

/** What cannot be opened even where the ledger has accepted it: it is asked again later, or another one has its id. */
const NOT_OPENED: readonly RefusalCode[] = ['charge_not_found', 'charge_conflict', 'too_many_open_charges'];

/** Any other refusal of a charge that the ledger has accepted ends it (domain/accepted-charge.ts). */
export function refuseAccepted(refusal: Refusal | null): Refusal | null {
  return refusal && NOT_OPENED.includes(refusal.code) ? refusal : null;
}

export function refuseCharge(state: CustomerState, event: EventOf<'openCharge'>): Refusal | null {
  if (!isId(event.chargeId))
    return new Refusal('charge_not_found', 'A charge id is 1 to 64 of A-Z, a-z, 0-9, "_" and "-".');
  const existing = findCharge(state, event.chargeId);
  if (existing && hasTerms(existing, event)) return null;
  const failed = findFailedCharge(state, event.chargeId);
  if (!existing && failed)
    return isSameSum(failed, event) ? null : chargeConflict(event.chargeId, differingTerms(failed, event));
  if (existing && !isCorrectable(existing))
    return chargeConflict(event.chargeId, differingTerms(existing, event));
  if (state.cancelled) return customerCancelled();
  if (!state.mandate) return noMandate();
  return (
    (existing ? null : refuseOneMore(state)) ??
    checkAmount(event.amount, event.currency, policyOf(state).amountLimits) ??
    refuseBeyondMandate(state.mandate, event)
  );
}

function isSameSum(failed: FailedCharge, { amount, currency }: EventOf<'openCharge'>): boolean {
  return failed.amount === amount && failed.currency === currency;
}

/** What the customer agreed to is the limit: refused here instead of learned from a decline. */
function refuseBeyondMandate(
  mandate: Mandate,
  owed: { readonly amount: number; readonly currency: string },
): Refusal | null {
  const code = beyondMandate(mandate, owed);
  return code && mandate.terms ? beyondTerms(code, mandate.terms) : null;
}

function beyondTerms(
  code: 'currency_not_agreed' | 'mandate_limit_exceeded',
  { maxAmount, currency }: MandateTerms,
): Refusal {
  return code === 'currency_not_agreed'
    ? new Refusal(code, `The customer agreed to charges in ${currency} only.`)
    : new Refusal(
        code,
        `The customer agreed to at most ${formatMoney(maxAmount, currency)} for each charge; enrol again with other terms for more.`,
      );
}

function refuseRetry(state: CustomerState, event: EventOf<'retryCharge'>, nowMs: number): Refusal | null {
  if (state.cancelled) return customerCancelled();
  const failed = findFailedCharge(state, event.chargeId);
  if (failed) return refuseReopening(state, { ...failed, attempts: [] }, nowMs);
  const charge = findCharge(state, event.chargeId);
  if (!charge) return noSuchCharge(event.chargeId);
  const { phase } = charge;
  if (phase.is === 'attempting' || phase.is === 'finding_intent') return null;
  const planned = phase.is === 'replacing_intent' ? phase.resumeAs : phase;
  if (planned.is === 'due' && planned.atMs <= nowMs) return null;
  const mayRetry = phase.is === 'due' && charge.attempts.length > 0;
  if (!mayRetry && phase.is !== 'awaiting_card' && phase.is !== 'refused') {
    return new Refusal('wrong_state', `There is nothing to retry: the charge is ${WORDS[phase.is]}.`);
  }
  return refuseAttempt(state, charge, nowMs);
}

/** No card that may be asked for it, or why none may. */
function refuseAttempt(state: CustomerState, charge: Chargeable, nowMs: number): Refusal | null {
  const { reason } = chargeableCard(state, charge, nowMs);
  switch (reason) {
    case undefined:
      return null;
    case 'attempts_used':
      return new Refusal(
        'wrong_state',
        `The issuer has been asked ${collectionOf(state, charge).attempts} times for this charge, and no more is allowed.`,
      );
    case 'no_mandate':
    case 'blocked':
      return cardNotChargeable();
    case 'budget_used':
      return new Refusal(
        'card_not_chargeable',
        'The card on file has been asked as often as its network allows; wait, or have the customer give another one.',
      );
    default:
      return state.mandate?.terms ? beyondTerms(reason, state.mandate.terms) : null;
  }
}

/** What has failed is collected after all: as a charge that is opened now, and for the same customer. */
function refuseReopening(state: CustomerState, failed: Chargeable, nowMs: number): Refusal | null {
  return (
    refuseOneMore(state) ??
    checkAmount(failed.amount, failed.currency, policyOf(state).amountLimits) ??
    refuseAttempt(state, failed, nowMs)
  );
}

function refuseWaiver(state: CustomerState, { chargeId }: EventOf<'waiveCharge'>): Refusal | null {
  if (findFailedCharge(state, chargeId)) return null;
  return findCharge(state, chargeId)
    ? new Refusal('wrong_state', 'Only a charge that has failed can be waived; cancel one that is open.')
    : noSuchCharge(chargeId);
}

function cardNotChargeable(): Refusal {
  return new Refusal(
    'card_not_chargeable',
    'The card on file may not be charged again; the customer has to give another one.',
  );
}

const WORDS: { readonly [Phase in Charge['phase']['is']]: string } = {
  due: 'not due yet',
  finding_intent: 'being attempted',
  attempting: 'being attempted',
  unknown: 'being looked up at Stripe',
  processing: 'being processed by the bank',
  awaiting_step_up: 'waiting for the customer to authenticate',
  awaiting_card: 'waiting for another card',
  refused: 'refused by Stripe',
  replacing_intent: 'being given another PaymentIntent',
  closing: 'being ended',
  closed: 'over',
};

function refuseOneMore(state: CustomerState): Refusal | null {
  const { openCharges } = policyOf(state);
  if (state.charges.length < openCharges) return null;
  return new Refusal(
    'too_many_open_charges',
    `The customer has ${openCharges} open charges; open another one when some of them are over.`,
  );
}

/** @param differing names of the terms that are others, as the caller gives them */
export function chargeConflict(chargeId: string, differing: readonly string[]): Refusal {
  const terms = differing.length === 0 ? 'other terms' : `another ${differing.join(', ')}`;
  return new Refusal(
    'charge_conflict',
    `Charge ${chargeId} exists with ${terms}; another charge needs another chargeId.`,
  );
}

/** What a charge that is there does not share with a request for it. */
function differingTerms(
  charge: Pick<Charge, 'amount' | 'currency' | 'dueAtMs'>,
  { amount, currency, dueAtMs = charge.dueAtMs }: EventOf<'openCharge'>,
): readonly string[] {
  const differs = {
    amount: charge.amount !== amount,
    currency: charge.currency !== currency,
    dueAt: charge.dueAtMs !== dueAtMs,
  };
  return Object.entries(differs).flatMap(([term, isOther]) => (isOther ? [term] : []));
}

export function noSuchCharge(chargeId: string): Refusal {
  return new Refusal('charge_not_found', `There is no open charge ${chargeId}.`);
}

export function noMandate(): Refusal {
  return new Refusal(
    'no_mandate',
    'The customer has not given a card yet: finish the enrolment first, then charge.',
  );
}

export function customerCancelled(): Refusal {
  return new Refusal('customer_cancelled', 'The customer is cancelled; enrol again to bring them back.');
}
