// Loads what the ledger remembers of a customer, for a run that starts from nothing.
import type { EventOf, RememberedCharge } from '../domain/model/events.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { Ledger } from './ledger.ts';

/** @throws whatever the database throws */
export async function loadForRun(ledger: Ledger, customerId: string): Promise<EventOf<'loaded'>> {
  const { snapshot, charges } = await ledger.loadCustomer(customerId);
  const objects = charges.length === 0 ? [] : await ledger.stripeObjectsOf(customerId);
  const remembered = charges.map(({ terms, openedAtMs, actor }): RememberedCharge => {
    const { chargeId, amount, currency, dueAtMs } = terms;
    const intent = objects.find(
      (object) => object.chargeId === chargeId && object.stripeId.startsWith('pi_'),
    );
    return {
      chargeId,
      amount,
      currency,
      openedAtMs,
      dueAtMs: dueAtMs ?? null,
      paymentIntentId: intent?.stripeId ?? null,
      ...omitUndefined({ actor: actor ?? undefined, policy: terms.policy }),
    };
  });
  return { kind: 'loaded', snapshot, charges: remembered };
}
