// Passes Stripe's events on to the workflow of the customer they concern.
import { isId, isStripeObjectId } from '../../domain/shared/ids.ts';
import { isAboutMoneyBack, subjectOf } from '../../domain/shared/stripe-events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { idOf } from '../../stripe/object-id.ts';
import { isCancelled, ownerOf } from '../../stripe/owner.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { Problem } from '../http/problems.ts';
import type { StripeEvent } from '../http/webhook-signature.ts';
import { isOnRecord } from './events-on-record.ts';

/**
 * `notified`: the workflow has it. `not_needed`: of a type that concerns nothing here. `settled`: its very outcome is on
 * record. `unclaimed`: kept, for no workflow is there to have it.
 */
export type EventOutcome = 'notified' | 'not_needed' | 'settled' | 'unclaimed';

/**
 * Finds the customer an event is about and notifies their workflow, unless it could not change anything.
 * @returns once the event is durable or needs not be
 * @throws Problem 400 for an object without an id of Stripe's
 */
export async function passOn(
  received: StripeEvent,
  ledger: Ledger,
  workflows: CustomerWorkflows,
): Promise<EventOutcome> {
  const { eventId, type, object } = received;
  if (subjectOf(type) === null) return 'not_needed';
  // Whoever holds a secret may write what they like into a body; only Stripe's shapes go on to Temporal and the ledger.
  const objectId = idOf(object);
  if (!isStripeObjectId(objectId))
    throw new Problem(400, 'webhook_payload_invalid', 'The object of this event has no id of Stripe’s.');
  const owner = await ownerOf(object, ledger);
  if (owner.customerId === null || !isId(owner.customerId)) {
    const reason = 'reason' in owner ? owner.reason : 'unknown_object';
    await ledger.addUnclaimedEvent({ eventId, type, objectId, reason });
    return 'unclaimed';
  }
  if (await isOnRecord(received, ledger)) return 'settled';
  const event = { eventId, type, objectId };
  if (await workflows.notify(owner.customerId, event)) return 'notified';
  // A cancelled customer's workflow has ended on purpose; any other that is missing was lost, and is an operator's to
  // bring back.
  if (isAboutMoneyBack(type) && (await isCancelled(owner.customerId, ledger))) {
    await workflows.notifyOrStart(owner.customerId, event);
    return 'notified';
  }
  await ledger.addUnclaimedEvent({ eventId, type, objectId, reason: 'customer_ended' });
  return 'unclaimed';
}
