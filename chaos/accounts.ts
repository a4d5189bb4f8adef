// Collects what everybody says about every charge: the emulator, the ledger and the evidence over the api, the workflows.
// It judges nothing.
import type { Client } from '@temporalio/client';
import type { Truth } from '../emulator/control/truth.ts';
import { view, workflowIdOf } from '../workflows/messages.ts';
import type { Caller } from './caller.ts';
import type { PlannedCustomer } from './plan.ts';
import type { Account, Evidence } from './verdict.ts';

/** Customers asked about at once. */
const AT_ONCE = 8;

/** Asks until each has answered. @returns all that the emulator knows, too */
export async function collectAccounts(
  customers: readonly PlannedCustomer[],
  sources: { readonly caller: Caller; readonly temporal: Client; readonly emulatorUrl: string },
): Promise<{ readonly accounts: readonly Account[]; readonly truth: Truth }> {
  const { caller, temporal, emulatorUrl } = sources;
  const truth = (await (await fetch(`${emulatorUrl}/_emulator/truth`)).json()) as Truth;

  async function pages<Item>(path: string): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor = ''; ; ) {
      const page = await caller.get(cursor === '' ? path : `${path}?cursor=${encodeURIComponent(cursor)}`);
      items.push(...(page.items ?? []));
      if (!page.nextCursor) return items;
      cursor = page.nextCursor;
    }
  }

  async function ofCustomer({ customerId, rounds }: PlannedCustomer): Promise<Account[]> {
    const path = `/v1/customers/${customerId}`;
    const recorded = await pages<{ chargeId: string; status: string }>(`${path}/charges`);
    const evidence = await pages<Evidence>(`${path}/evidence`);
    const live = await temporal.workflow
      .getHandle(workflowIdOf(customerId))
      .query(view)
      .catch(() => null);
    return rounds.flat().map((charge) => {
      const isIts = ({ chargeId }: { chargeId?: string | null }) => chargeId === charge.chargeId;
      const isTheirs = (each: { chargeId: string | null; customerId: string | null }) =>
        isIts(each) && each.customerId === customerId;
      const isWithWorkflow = live?.charges.find(isIts)?.status ?? null;
      return {
        customerId,
        charge,
        bank: truth.charges.filter(isTheirs),
        intents: truth.intents.filter(isTheirs),
        ledger: recorded.find(isIts)?.status ?? null,
        workflow: live === null ? 'silent' : isWithWorkflow,
        evidence: evidence.filter(isIts),
      };
    });
  }

  const accounts: Account[] = [];
  for (let first = 0; first < customers.length; first += AT_ONCE) {
    const some = await Promise.all(customers.slice(first, first + AT_ONCE).map(ofCustomer));
    accounts.push(...some.flat());
  }
  return { accounts, truth };
}
