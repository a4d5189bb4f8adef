// A run that starts from nothing: what the ledger remembers, and then Stripe's word on all that it holds open.
import { newCharge } from './charge/charge.ts';
import { closeCharge } from './charge/close.ts';
import type { Charge } from './model/charge.ts';
import type { EventOf, RememberedCharge } from './model/events.ts';
import type { Policy } from './model/policy.ts';
import type { CustomerState } from './model/state.ts';
import { recordFact } from './shared/facts.ts';
import { checkAmount } from './shared/money.ts';
import { omitUndefined } from './shared/omit-undefined.ts';
import { follow } from './shared/refund-or-dispute.ts';

/**
 * Every intent that the ledger knows of is read before anything else happens to its charge: only Stripe knows what came
 * after the snapshot.
 */
export function loaded(
  state: CustomerState,
  { snapshot, charges: remembered, policy }: EventOf<'loaded'>,
  nowMs: number,
): CustomerState {
  if (state.loaded) return state;
  const last = snapshot ?? state;
  // What the ledger has as closed stays closed, also where a late message had opened it again in the snapshot.
  const charges = last.charges.flatMap((charge) => {
    const memory = remembered.find(({ chargeId }) => chargeId === charge.chargeId);
    return memory ? [checkedFirst(withIntent(charge, memory.paymentIntentId), nowMs)] : [];
  });
  const unrecorded = chargesNotIn(last, remembered, policy ?? last.policy, nowMs);
  const { enrolment, mandate } = last;
  const recovered: CustomerState = {
    ...last,
    loaded: true,
    policy: policy ?? last.policy,
    facts: [],
    charges: [...charges, ...unrecorded],
    // What became of the card, or of the enrolment, while no run was there is asked before anything is charged.
    enrolment: enrolment && !enrolment.closed ? { ...enrolment, nextCheckAtMs: nowMs } : enrolment,
    mandate: mandate && { ...mandate, nextCheckAtMs: nowMs },
  };
  const actorOf = (id: string) => remembered.find(({ chargeId }) => chargeId === id)?.actor;
  const withOpenings = unrecorded.reduce<CustomerState>(
    (next, charge) => recordOpening(next, charge, actorOf(charge.chargeId), nowMs),
    followAsBefore(recovered, state, nowMs),
  );
  // Accepted by the ledger, and the customer was cancelled before a run got to know it.
  const ended = last.cancelled
    ? unrecorded.reduce<CustomerState>(
        (next, charge) => closeCharge(next, charge, 'failed', 'customer_cancelled', nowMs),
        withOpenings,
      )
    : withOpenings;
  if (!snapshot) return ended;
  return recordFact(ended, nowMs, 'recovered', { data: { charges: recovered.charges.length } });
}

/**
 * Accepted, and never recorded by a run: it was lost before. Or somebody wrote it into the ledger by hand, so one beyond
 * the limits waits for an operator.
 */
function chargesNotIn(
  { charges }: CustomerState,
  remembered: readonly RememberedCharge[],
  { amountLimits }: Policy,
  nowMs: number,
): readonly Charge[] {
  return remembered
    .filter(({ chargeId }) => !charges.some((charge) => charge.chargeId === chargeId))
    .map(({ actor: _asked, dueAtMs, ...memory }) =>
      newCharge({ ...memory, dueAtMs: dueAtMs ?? memory.openedAtMs }),
    )
    .map((charge): Charge => {
      const refusal = checkAmount(charge.amount, charge.currency, amountLimits);
      return refusal && charge.paymentIntentId === null
        ? { ...charge, phase: { is: 'refused', code: refusal.code } }
        : charge;
    })
    .map((charge) => checkedFirst(charge, nowMs));
}

/** As its claim in the ledger has it: who asked, and when (`claimedAtMs`). */
function recordOpening(
  state: CustomerState,
  { chargeId, amount, currency, openedAtMs, dueAtMs, phase }: Charge,
  actor: string | undefined,
  nowMs: number,
): CustomerState {
  const data = { amount, currency, dueAtMs, claimedAtMs: openedAtMs, from: 'ledger' };
  const opened = recordFact(state, nowMs, 'charge_opened', omitUndefined({ chargeId, actor, data }));
  if (phase.is !== 'refused') return opened;
  return recordFact(opened, nowMs, 'charge_refused', { chargeId, data: { code: phase.code, step: 'load' } });
}

/** A run can begin with the event that it was started for. */
function followAsBefore(recovered: CustomerState, begun: CustomerState, nowMs: number): CustomerState {
  return (['refunds', 'disputes'] as const).reduce(
    (state, kind) => begun[kind].reduce((next, { objectId }) => follow(next, kind, objectId, nowMs), state),
    recovered,
  );
}

/** The newest intent in the Stripe object index; another than the snapshot's was made after that one was canceled. */
function withIntent(charge: Charge, paymentIntentId: string | null): Charge {
  if (paymentIntentId === null || paymentIntentId === charge.paymentIntentId) return charge;
  const { phase } = charge;
  return {
    ...charge,
    phase: phase.is === 'replacing_intent' ? phase.resumeAs : phase,
    paymentIntentId,
    intentNumber: charge.intentNumber + (charge.paymentIntentId === null ? 0 : 1),
    stripeChargeId: null,
  };
}

function checkedFirst(charge: Charge, nowMs: number): Charge {
  let { phase } = charge;
  if (phase.is === 'attempting') phase = { is: 'unknown', sinceMs: nowMs };
  if (phase.is === 'finding_intent' && charge.paymentIntentId !== null) phase = { is: 'due', atMs: nowMs };
  // A ledger restored from a backup may not know of the intent that has been made since.
  if (phase.is === 'due' && phase.atMs <= nowMs && charge.paymentIntentId === null)
    phase = { is: 'finding_intent' };
  const mayHaveIntent = ['finding_intent', 'unknown', 'closing', 'awaiting_card', 'refused'].includes(
    phase.is,
  );
  const isOpenAtStripe = charge.paymentIntentId !== null || mayHaveIntent;
  return { ...charge, phase, nextCheckAtMs: isOpenAtStripe ? nowMs : null, checks: 0 };
}
