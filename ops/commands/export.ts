// Prints a customer's whole record as one JSON value, with the personal data that is still there.
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import type { EvidenceItem, Ledger, Page } from '../../ledger/ledger.ts';
import type { Target } from '../arguments.ts';
import { DONE, type ExitCode, noSuchCustomer } from '../exit-codes.ts';
import { printableJson } from '../printable.ts';

export async function printExport({ customerId, actor, reason }: Target, ledger: Ledger): Promise<ExitCode> {
  if ((await ledger.getCustomer(customerId)) === null) return noSuchCustomer(customerId);
  // Put on record first, so that nothing is handed out that is not on record. So an export also shows itself.
  await ledger.addOperatorAction({ kind: 'export', customerId, actor, reason, data: {} });
  console.log(printableJson(await exportCustomer(customerId, ledger), 2));
  return DONE;
}

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
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await pageAt(omitUndefined({ cursor }));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}
