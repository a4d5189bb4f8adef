// The customer gives a card: from the request to the mandate. It charges nothing and asks Stripe nothing itself.
import type { EventOf, SetupReading, Step } from './events.ts';
import { lookDelay } from './looks.ts';
import { ENROLMENT_LOOKS, LOOKS, SETUP_FAILURES, SETUP_RENEWAL, SETUPS_PER_ENROLMENT } from './policy.ts';
import { note, tell } from './record.ts';
import type { CustomerState, Enrolment, EnrolmentStatus, Mandate, MandateStatus } from './state.ts';

/**
 * Whether this request is the one that is there already. With consent in it the request can be told from a later one
 * for good; without, only while it is open: asking for our page again later means another card.
 */
export function isSameRequest(state: CustomerState, request: EventOf<'enrol'>): boolean {
  const { enrolment } = state;
  if (enrolment?.requestId !== request.requestId) return false;
  return !enrolment.closed || (request.consent !== undefined && state.cancelled === null);
}

/** A new card is asked for. An unfinished enrolment is given up, a cancelled customer comes back. */
export function openEnrolment(
  before: CustomerState,
  request: EventOf<'enrol'>,
  nowMs: number,
): CustomerState {
  if (isSameRequest(before, request)) return before;
  let state = closeEnrolment(before, 'expired', 'replaced', nowMs);
  const enrolment: Enrolment = {
    number: (before.enrolment?.number ?? 0) + 1,
    requestId: request.requestId,
    status: 'pending',
    paymentMethodId: request.paymentMethodId ?? null,
    consent: request.consent ?? null,
    terms: request.terms ?? null,
    openedAtMs: nowMs,
    setupNumber: 1,
    setupIntentId: null,
    setupOpenedAtMs: null,
    confirm: request.paymentMethodId === undefined ? 'done' : 'due',
    closed: false,
    failures: 0,
    setupAttemptId: null,
    decline: null,
    lookAtMs: nowMs,
    looks: 0,
  };
  state = {
    ...state,
    enrolment,
    cancelled: null,
    stripeCustomerId: state.stripeCustomerId ?? request.stripeCustomerId ?? null,
    currency: state.currency ?? request.currency ?? request.terms?.currency ?? null,
  };
  state = note(state, nowMs, 'enrolment_opened', {
    ...asked(request),
    data: { enrolmentNumber: enrolment.number, comesBack: before.cancelled !== null },
  });
  return request.consent ? noteConsent(state, request, request.consent, nowMs) : state;
}

/** The customer agreed on our page. */
export function takeConsent(
  state: CustomerState,
  given: EventOf<'giveConsent'>,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.number !== given.enrolmentNumber || enrolment.consent)
    return state;
  const agreed = { ...state, enrolment: { ...enrolment, consent: given.consent, lookAtMs: nowMs, looks: 0 } };
  return noteConsent(agreed, given, given.consent, nowMs);
}

export function setupOpened(
  state: CustomerState,
  opened: EventOf<'setupOpened'>,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (enrolment?.setupIntentId === opened.setupIntentId) return state;
  if (enrolment?.number !== opened.enrolmentNumber || enrolment.closed || enrolment.setupIntentId) {
    // The customer asked for something else meanwhile: nobody will use this one.
    return addStaleSetup(state, opened.setupIntentId, nowMs);
  }
  const changed: Enrolment = {
    ...enrolment,
    setupIntentId: opened.setupIntentId,
    setupOpenedAtMs: nowMs,
    status: enrolment.confirm === 'due' ? 'pending' : 'awaiting_customer',
    lookAtMs: enrolment.confirm === 'due' ? nowMs : nowMs + lookDelay(LOOKS, 0),
    looks: 0,
  };
  return note({ ...state, enrolment: changed }, nowMs, 'setup_intent_created', {
    data: {
      enrolmentNumber: enrolment.number,
      setupIntentId: opened.setupIntentId,
      stripeCustomerId: state.stripeCustomerId,
    },
  });
}

/** News of any SetupIntent of this customer: the open one, one to get rid of, or the mandate's. */
export function setupSeen(state: CustomerState, reading: SetupReading, nowMs: number): CustomerState {
  if (state.staleSetups.some((setup) => setup.setupIntentId === reading.setupIntentId))
    return staleSetupSeen(state, reading, nowMs);
  if (state.enrolment?.setupIntentId === reading.setupIntentId && !state.enrolment.closed)
    return enrolmentSeen(state, state.enrolment, reading, nowMs);
  if (state.mandate?.setupIntentId === reading.setupIntentId)
    return mandateSeen(state, state.mandate, reading, nowMs);
  return state;
}

/** Gives an open enrolment up; its SetupIntent is cancelled at Stripe. Does nothing to a closed one. */
export function closeEnrolment(
  state: CustomerState,
  status: Extract<EnrolmentStatus, 'failed' | 'expired'>,
  reason: string,
  nowMs: number,
): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed) return state;
  const given = { ...state, enrolment: { ...enrolment, status, closed: true } };
  const { number: enrolmentNumber, setupIntentId } = enrolment;
  return note(setupIntentId ? addStaleSetup(given, setupIntentId, nowMs) : given, nowMs, 'enrolment_closed', {
    data: { enrolmentNumber, status, reason },
  });
}

/** The customer has taken the permission back. */
export function endMandate(state: CustomerState, nowMs: number): CustomerState {
  return state.mandate ? mandateBecomes(state, state.mandate, 'inactive', nowMs) : state;
}

/** No answer about the open enrolment: ask again later, with another key where something was to be made. */
export function enrolmentUnanswered(state: CustomerState, step: Step['do'], nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed) return state;
  const looks = enrolment.looks + 1;
  const confirm = step === 'confirmSetup' ? 'unanswered' : enrolment.confirm;
  return {
    ...state,
    enrolment: { ...enrolment, confirm, looks, lookAtMs: nowMs + lookDelay(ENROLMENT_LOOKS, looks - 1) },
  };
}

/** Stripe refused the card given with the request before trying it: the customer may still use our page. */
export function confirmRefused(state: CustomerState, code: string, nowMs: number): CustomerState {
  const { enrolment } = state;
  if (!enrolment || enrolment.closed || enrolment.confirm === 'done') return state;
  const decline = {
    code,
    declineCode: null,
    adviceCode: null,
    networkDeclineCode: null,
    networkAdviceCode: null,
  };
  return setupFailed(state, { ...enrolment, confirm: 'done', decline }, nowMs);
}

/** When the current SetupIntent is too old to be finished (docs.stripe.com/api/setup_intents: do not keep them). */
export function renewalAt(enrolment: Enrolment): number | null {
  return enrolment.setupOpenedAtMs === null ? null : enrolment.setupOpenedAtMs + SETUP_RENEWAL;
}

export function staleSetupUnanswered(
  state: CustomerState,
  setupIntentId: string,
  nowMs: number,
): CustomerState {
  return {
    ...state,
    staleSetups: state.staleSetups.map((setup) =>
      setup.setupIntentId === setupIntentId
        ? { ...setup, looks: setup.looks + 1, lookAtMs: nowMs + lookDelay(LOOKS, setup.looks) }
        : setup,
    ),
  };
}

export function dropStaleSetup(state: CustomerState, setupIntentId: string): CustomerState {
  return {
    ...state,
    staleSetups: state.staleSetups.filter((setup) => setup.setupIntentId !== setupIntentId),
  };
}

function staleSetupSeen(state: CustomerState, reading: SetupReading, nowMs: number): CustomerState {
  const isOver = reading.status === 'canceled' || reading.status === 'succeeded';
  return isOver
    ? dropStaleSetup(state, reading.setupIntentId)
    : staleSetupUnanswered(state, reading.setupIntentId, nowMs);
}

function enrolmentSeen(
  state: CustomerState,
  enrolment: Enrolment,
  reading: SetupReading,
  nowMs: number,
): CustomerState {
  const looks = enrolment.looks + 1;
  const seen: Enrolment = {
    ...enrolment,
    confirm: 'done',
    looks,
    lookAtMs: nowMs + lookDelay(LOOKS, looks - 1),
    setupAttemptId: reading.setupAttemptId ?? enrolment.setupAttemptId,
  };
  const isNewTry = reading.setupAttemptId !== null && reading.setupAttemptId !== enrolment.setupAttemptId;
  const keeps = (status: EnrolmentStatus) => ({ ...state, enrolment: { ...seen, status } });
  switch (reading.status) {
    case 'succeeded':
      if (!seen.consent || !reading.paymentMethodId || !reading.card) {
        // Finished, but nobody has agreed to anything: when it is old it is replaced, like one nobody finishes.
        const isOld = nowMs >= (renewalAt(enrolment) ?? nowMs);
        return isOld ? renewSetup(state, seen, nowMs) : keeps('awaiting_customer');
      }
      if (reading.stripeMandateStatus === 'pending') return keeps('processing');
      return mandateGiven({ ...state, enrolment: seen }, seen, reading, nowMs);
    case 'canceled':
      return renewSetup(state, seen, nowMs);
    case 'processing':
      return keeps('processing');
    case 'requires_payment_method':
      if (reading.decline && (isNewTry || enrolment.confirm === 'due'))
        return setupFailed(state, { ...seen, decline: reading.decline }, nowMs);
      // Stripe knows of no try with the request's card: it never arrived, so it is sent again.
      // Somebody waits; tries that stay unanswered are spaced by their own waits.
      if (enrolment.confirm !== 'done')
        return { ...state, enrolment: { ...seen, confirm: 'due', lookAtMs: nowMs } };
      return keeps(enrolment.status === 'failed' ? 'failed' : 'awaiting_customer');
    default:
      return keeps('awaiting_customer');
  }
}

function setupFailed(state: CustomerState, enrolment: Enrolment, nowMs: number): CustomerState {
  const failures = enrolment.failures + 1;
  const failed = note(
    { ...state, enrolment: { ...enrolment, failures, status: 'failed' } },
    nowMs,
    'setup_failed',
    {
      data: {
        enrolmentNumber: enrolment.number,
        setupIntentId: enrolment.setupIntentId,
        setupAttemptId: enrolment.setupAttemptId,
        decline: enrolment.decline,
        failures,
      },
    },
  );
  return failures < SETUP_FAILURES ? failed : closeEnrolment(failed, 'failed', 'too_many_failures', nowMs);
}

function renewSetup(state: CustomerState, enrolment: Enrolment, nowMs: number): CustomerState {
  if (enrolment.setupNumber >= SETUPS_PER_ENROLMENT) {
    return closeEnrolment(
      { ...state, enrolment: { ...enrolment, setupIntentId: null } },
      'expired',
      'unfinished',
      nowMs,
    );
  }
  const setupNumber = enrolment.setupNumber + 1;
  const renewed: Enrolment = {
    ...enrolment,
    setupNumber,
    setupIntentId: null,
    setupOpenedAtMs: null,
    setupAttemptId: null,
    status: 'pending',
    lookAtMs: nowMs,
    looks: 0,
  };
  return tell(
    { ...state, enrolment: renewed },
    nowMs,
    'customer.enrolment_waiting',
    `enrolment-${enrolment.number}-waiting-${setupNumber}`,
    { data: { enrolmentNumber: enrolment.number } },
  );
}

function mandateGiven(
  state: CustomerState,
  enrolment: Enrolment,
  reading: SetupReading,
  nowMs: number,
): CustomerState {
  if (!enrolment.consent || !reading.paymentMethodId || !reading.card) return state;
  const mandate: Mandate = {
    status: reading.stripeMandateStatus === 'inactive' || !reading.attached ? 'inactive' : 'active',
    stripeMandateId: reading.stripeMandateId,
    setupIntentId: reading.setupIntentId,
    setupAttemptId: reading.setupAttemptId,
    paymentMethodId: reading.paymentMethodId,
    card: reading.card,
    threeDSecure: reading.threeDSecure,
    consent: enrolment.consent,
    terms: enrolment.terms,
    lookAtMs: null,
  };
  const succeeded: CustomerState = {
    ...state,
    mandate,
    enrolment: { ...enrolment, status: 'succeeded', closed: true, decline: null },
  };
  const noted = note(succeeded, nowMs, 'mandate', {
    data: {
      enrolmentNumber: enrolment.number,
      requestId: reading.requestId,
      stripeCustomerId: state.stripeCustomerId,
      ...mandate,
    },
  });
  const told = tell(noted, nowMs, 'customer.enrolled', `enrolled-${enrolment.number}`, {
    data: { brand: mandate.card.brand, last4: mandate.card.last4 },
  });
  return resumeWithCard(told, nowMs);
}

/** Another card pays what the old one owed, at once; a charge at the bank is first looked at. */
function resumeWithCard(state: CustomerState, nowMs: number): CustomerState {
  return {
    ...state,
    charges: state.charges.map((charge) => {
      if (charge.phase.is === 'awaiting_card') return { ...charge, phase: { is: 'due', atMs: nowMs } };
      if (charge.phase.is === 'due' && charge.attempts.length > 0)
        return { ...charge, phase: { is: 'due', atMs: Math.min(nowMs, charge.phase.atMs) } };
      if (charge.phase.is === 'awaiting_step_up') return { ...charge, lookAtMs: nowMs, looks: 0 };
      return charge;
    }),
  };
}

function mandateSeen(
  state: CustomerState,
  mandate: Mandate,
  reading: SetupReading,
  nowMs: number,
): CustomerState {
  const status = reading.attached ? (reading.stripeMandateStatus ?? 'active') : 'inactive';
  const looked = { ...mandate, lookAtMs: null };
  // Permission that has ended comes back by another enrolment only.
  return mandate.status === 'inactive'
    ? { ...state, mandate: looked }
    : mandateBecomes(state, looked, status, nowMs);
}

function mandateBecomes(
  state: CustomerState,
  mandate: Mandate,
  status: MandateStatus,
  nowMs: number,
): CustomerState {
  const changed = { ...state, mandate: { ...mandate, status } };
  if (status === mandate.status) return changed;
  return note(changed, nowMs, 'mandate_status', {
    data: { setupIntentId: mandate.setupIntentId, stripeMandateId: mandate.stripeMandateId, status },
  });
}

function noteConsent(
  state: CustomerState,
  by: EventOf<'enrol'> | EventOf<'giveConsent'>,
  consent: NonNullable<Enrolment['consent']>,
  nowMs: number,
): CustomerState {
  return note(state, nowMs, 'consent', {
    ...asked(by),
    data: { enrolmentNumber: state.enrolment?.number, ...consent, terms: state.enrolment?.terms ?? null },
  });
}

function asked({ who, why }: { readonly who: string; readonly why?: string }): { who: string; why?: string } {
  return why === undefined ? { who } : { who, why };
}

function addStaleSetup(state: CustomerState, setupIntentId: string, nowMs: number): CustomerState {
  if (state.staleSetups.some((setup) => setup.setupIntentId === setupIntentId)) return state;
  return { ...state, staleSetups: [...state.staleSetups, { setupIntentId, lookAtMs: nowMs, looks: 0 }] };
}
