// A customer's whole record as one JSON value, personal data that is still there included. It changes nothing.
import type { EvidenceItem, Ledger, Page } from '../ledger/ledger.ts';

/** @returns null when there is no such customer. Times are epoch ms, amounts minor units, as in the ledger. */
export async function exportCustomer(customerId: string, ledger: Ledger): Promise<object | null> {
  const customer = await ledger.getCustomer(customerId);
  if (!customer) return null;
  return {
    installationId: ledger.installationId,
    ...customer,
    personalData: await ledger.personalOf(customerId),
    charges: await allOf((cursor) => ledger.listCharges({ customerId, ...cursor })),
    evidence: await allOf<EvidenceItem>(({ cursor }) => ledger.listEvidence(customerId, cursor)),
    stripeObjects: await ledger.stripeObjectsOf(customerId),
    operatorActions: await ledger.operatorActionsOn(customerId),
  };
}

async function allOf<Item>(
  pageAt: (at: { readonly cursor?: string }) => Promise<Page<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let at: { cursor?: string } | undefined = {};
  while (at !== undefined) {
    const page: Page<Item> = await pageAt(at);
    items.push(...page.items);
    at = page.nextCursor === undefined ? undefined : { cursor: page.nextCursor };
  }
  return items;
}
