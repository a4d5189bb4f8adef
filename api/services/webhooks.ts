// Passes Stripe's events on to the workflow of the customer they concern. What an event says is not believed, only read.
import { isAboutMoneyBack } from '../../domain/shared/stripe-events.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { isCancelled, ownerOf } from '../../stripe/owner.ts';
import type { CustomerWorkflows } from '../../temporal/customers.ts';
import type { StripeEvent } from '../http/webhook-signature.ts';

/**
 * Finds the customer an event is about and notifies their workflow.
 * @returns once the event is durable: in the workflow, or among the unclaimed ones
 */
export async function passOn(
  { eventId, type, objectId, object }: StripeEvent,
  ledger: Ledger,
  workflows: CustomerWorkflows,
): Promise<void> {
  const owner = await ownerOf(object, ledger);
  if (owner.customerId === null || objectId === null) {
    const reason = owner.customerId === null ? owner.reason : 'unknown_object';
    await ledger.addUnclaimedEvent({ eventId, type, objectId, reason });
    return;
  }
  const event = { eventId, type, objectId };
  if (await workflows.notify(owner.customerId, event)) return;
  // A cancelled customer's workflow has ended on purpose; any other that is missing was lost, and is an operator's to
  // bring back.
  if (isAboutMoneyBack(type) && (await isCancelled(owner.customerId, ledger)))
    await workflows.notifyOrStart(owner.customerId, event);
  else await ledger.addUnclaimedEvent({ eventId, type, objectId, reason: 'customer_ended' });
}
