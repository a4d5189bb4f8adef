// A run that starts from nothing: the ledger's memory, and then Stripe's word on all it holds open. It asks neither itself.
import { newCharge } from './charge/charge.ts';
import type { Charge } from './model/charge.ts';
import type { EventOf } from './model/events.ts';
import type { CustomerState } from './model/state.ts';
import { recordFact } from './shared/facts.ts';
import { follow } from './shared/refund-or-dispute.ts';

/**
 * The ledger's memory. Every intent it knows of is read before anything else happens to its charge: what came after
 * the snapshot is known to Stripe only.
 */
export function loaded(
  state: CustomerState,
  { snapshot, charges: remembered, policy }: EventOf<'loaded'>,
  nowMs: number,
): CustomerState {
  if (state.loaded) return state;
  const { policy: earlierPolicy } = snapshot ?? state;
  const known: CustomerState = {
    ...(snapshot ?? state),
    loaded: true,
    policy: policy ?? earlierPolicy,
    facts: [],
  };
  // What the ledger has as closed stays closed, also where the snapshot had opened it again by a late message.
  const charges = known.charges.flatMap((charge) => {
    const memory = remembered.find(({ chargeId }) => chargeId === charge.chargeId);
    return memory ? [checkedFirst(withIntent(charge, memory.paymentIntentId), nowMs)] : [];
  });
  const forgotten = remembered
    .filter(({ chargeId }) => !known.charges.some((charge) => charge.chargeId === chargeId))
    .map((memory) => newCharge({ ...memory, dueAtMs: memory.dueAtMs ?? memory.openedAtMs }))
    .map((charge) => checkedFirst(charge, nowMs));
  const { enrolment, mandate } = known;
  let back: CustomerState = {
    ...known,
    charges: [...charges, ...forgotten],
    // What became of the card, or of the enrolment, while nobody listened is asked before it is charged.
    enrolment: enrolment && !enrolment.closed ? { ...enrolment, nextCheckAtMs: nowMs } : enrolment,
    mandate: mandate && { ...mandate, nextCheckAtMs: nowMs },
    notices: known.notices.map((notice) => ({ ...notice, possiblySent: true })),
  };
  // A run can begin with the news that it was started for.
  for (const kind of ['refunds', 'disputes'] as const)
    for (const { objectId } of state[kind]) back = follow(back, kind, objectId, nowMs);
  for (const { chargeId, amount, currency, dueAtMs } of forgotten) {
    const data = { amount, currency, dueAtMs, from: 'ledger' };
    back = recordFact(back, nowMs, 'charge_opened', { chargeId, data });
  }
  return snapshot ? recordFact(back, nowMs, 'recovered', { data: { charges: back.charges.length } }) : back;
}

/** The newest intent in the address book; another than the snapshot's was made after that one was canceled. */
function withIntent(charge: Charge, paymentIntentId: string | null): Charge {
  if (paymentIntentId === null || paymentIntentId === charge.paymentIntentId) return charge;
  const intentNumber = charge.intentNumber + (charge.paymentIntentId === null ? 0 : 1);
  return { ...charge, paymentIntentId, intentNumber, stripeChargeId: null };
}

function checkedFirst(charge: Charge, nowMs: number): Charge {
  let { phase } = charge;
  if (phase.is === 'attempting') phase = { is: 'unknown', sinceMs: nowMs };
  if (phase.is === 'creating_intent' && charge.paymentIntentId !== null) phase = { is: 'due', atMs: nowMs };
  // A ledger restored from a backup may not know of the intent that has been made since.
  if (phase.is === 'due' && phase.atMs <= nowMs && charge.paymentIntentId === null)
    phase = { is: 'creating_intent' };
  const mayHaveIntent = ['creating_intent', 'closing', 'awaiting_card', 'refused'].includes(phase.is);
  const isOpenAtStripe = charge.paymentIntentId !== null || mayHaveIntent;
  return { ...charge, phase, nextCheckAtMs: isOpenAtStripe ? nowMs : null, checks: 0 };
}
