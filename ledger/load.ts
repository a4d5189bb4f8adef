// Loads what the ledger remembers of a customer, for a run that starts from nothing.
import type { EventOf, RememberedCharge } from '../domain/model/events.ts';
import type { Ledger } from './ledger.ts';

/** @throws whatever the database throws */
export async function loadForRun(ledger: Ledger, customerId: string): Promise<EventOf<'loaded'>> {
  const { snapshot: last, charges } = await ledger.loadCustomer(customerId);
  const noticeIds = last?.notices.map(({ noticeId }) => noticeId) ?? [];
  const delivered = await ledger.deliveredNotices(customerId, noticeIds);
  // Starting a notice is no fact, so the snapshot still holds notices that have been delivered since.
  const notices = last?.notices.filter(({ noticeId }) => !delivered.includes(noticeId)) ?? [];
  const objects = charges.length === 0 ? [] : await ledger.stripeObjectsOf(customerId);
  const remembered = charges.map(({ terms, openedAtMs }): RememberedCharge => {
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
    };
  });
  return { kind: 'loaded', snapshot: last && { ...last, notices }, charges: remembered };
}
