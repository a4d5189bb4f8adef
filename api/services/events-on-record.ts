// Whether the ledger has what an event of Stripe's tells of, so that it can change nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Charge } from '../../domain/model/charge.ts';
import type { ChargeRow, Ledger } from '../../ledger/ledger.ts';
import { idOf } from '../../stripe/object-id.ts';
import type { StripeEvent } from '../http/webhook-signature.ts';
import { isClosed, isGivenUp } from './customer-reader.ts';

/** Milliseconds between looks at an attempt under way, 1.5 s in all: it takes a moment longer than the event about it. */
const LOOKS = [100, 200, 400, 800];

/** `soon`: it is about an attempt that is under way, whose activity puts what comes of it on record. */
type OnRecord = 'yes' | 'no' | 'soon';

/**
 * Most events tell what our own call has just been answered, and their very outcome is on record, or about to be; anything
 * else may change something. Waits for a moment for an attempt that is under way.
 */
export async function isOnRecord(event: StripeEvent, ledger: Ledger): Promise<boolean> {
  let found = await look(event, ledger);
  for (const pauseMs of LOOKS) {
    if (found !== 'soon') break;
    await sleep(pauseMs);
    found = await look(event, ledger);
  }
  return found === 'yes';
}

async function look({ type, object }: StripeEvent, ledger: Ledger): Promise<OnRecord> {
  const objectId = idOf(object);
  const entry = objectId === null ? null : await ledger.findStripeObject(objectId);
  if (!entry || objectId === null) return 'no';
  const { customerId, chargeId } = entry;
  if (type === 'setup_intent.succeeded') {
    const enrolment = (await ledger.getCustomer(customerId))?.view?.enrolment;
    return enrolment?.setupIntentId === objectId && enrolment.status === 'succeeded' ? 'yes' : 'no';
  }
  if (chargeId === null || !ANSWERS.has(type)) return 'no';
  const row = await ledger.getCharge(customerId, chargeId);
  if (!row) return 'no';
  if (isUnderWay(row, objectId)) return 'soon';
  if (row.view?.paymentIntentId !== objectId) return 'no';
  switch (type) {
    case 'payment_intent.succeeded':
      return row.status === 'succeeded' ? 'yes' : 'no';
    case 'payment_intent.canceled':
      return isGivenUp(row.status) ? 'yes' : 'no';
    case 'payment_intent.processing':
      return row.status === 'processing' ? 'yes' : 'no';
    default: {
      const charge = (await ledger.getSnapshot(customerId))?.charges.find((one) => one.chargeId === chargeId);
      return charge && isEcho(object, charge) ? 'yes' : 'no';
    }
  }
}

/** What a confirm of ours, or a cancellation, is answered with. */
const ANSWERS = new Set([
  'payment_intent.succeeded',
  'payment_intent.canceled',
  'payment_intent.processing',
  'payment_intent.payment_failed',
]);

/** Its intent is written down and not on record yet, or its next attempt was due: the answer is being recorded. */
function isUnderWay({ status, view }: ChargeRow, paymentIntentId: string): boolean {
  if (isClosed(status)) return false;
  if (view?.paymentIntentId !== paymentIntentId) return true;
  return status === 'retrying' && (view.nextAttemptAtMs ?? Number.POSITIVE_INFINITY) <= Date.now();
}

/**
 * Stripe tells of a decline that is on record, by the charge (`ch_…`) that was declined. While a customer is asked to
 * authenticate, only the question itself is such an echo: whatever they do at the bank has another code.
 */
function isEcho(
  object: StripeEvent['object'],
  { phase, stripeChargeId }: Pick<Charge, 'phase' | 'stripeChargeId'>,
): boolean {
  if (stripeChargeId === null || idOf(object.latest_charge) !== stripeChargeId) return false;
  const error = (object.last_payment_error ?? {}) as { readonly code?: unknown };
  if (phase.is === 'awaiting_step_up') return error.code === 'authentication_required';
  return phase.is === 'due' || phase.is === 'awaiting_card' || phase.is === 'refused';
}
