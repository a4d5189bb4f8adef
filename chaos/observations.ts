// Collects what the emulator, the ledger, the evidence and the workflows each say about every charge.
import type { Client } from '@temporalio/client';
import type { Truth } from '../emulator/control/truth.ts';
import { view, workflowIdOf } from '../workflows/messages.ts';
import type { Caller } from './caller.ts';
import type { Evidence, Observation } from './findings.ts';
import type { PlannedCustomer } from './plan.ts';

/** Customers whose charges are collected at once. */
const CUSTOMERS_AT_ONCE = 8;

/** Repeats each request until it is answered. @returns the emulator’s whole truth, too */
export async function collectObservations(
  customers: readonly PlannedCustomer[],
  sources: {
    readonly caller: Caller;
    readonly temporal: Client;
    readonly emulatorUrl: string;
    readonly arrivals: ReadonlyMap<string, number>;
  },
): Promise<{ readonly observations: readonly Observation[]; readonly truth: Truth }> {
  const { caller, temporal, emulatorUrl, arrivals } = sources;
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

  async function ofCustomer({ customerId, rounds }: PlannedCustomer): Promise<Observation[]> {
    const path = `/v1/customers/${customerId}`;
    const recorded = await pages<{ chargeId: string; status: string }>(`${path}/charges`);
    const evidence = await pages<Evidence>(`${path}/evidence`);
    const live = await temporal.workflow
      .getHandle(workflowIdOf(customerId))
      .query(view)
      .catch(() => null);
    return rounds.flat().map((charge) => {
      const isThisCharge = ({ chargeId }: { chargeId?: string | null }) => chargeId === charge.chargeId;
      const isThisCustomers = (each: { chargeId: string | null; customerId: string | null }) =>
        isThisCharge(each) && each.customerId === customerId;
      const inWorkflow = live?.charges.find(isThisCharge)?.status ?? null;
      return {
        customerId,
        charge,
        bank: truth.charges.filter(isThisCustomers),
        intents: truth.intents.filter(isThisCustomers),
        ledger: recorded.find(isThisCharge)?.status ?? null,
        workflow: live === null ? 'silent' : inWorkflow,
        evidence: evidence.filter(isThisCharge),
        arrivals,
      };
    });
  }

  const observations: Observation[] = [];
  for (let first = 0; first < customers.length; first += CUSTOMERS_AT_ONCE) {
    const batch = await Promise.all(customers.slice(first, first + CUSTOMERS_AT_ONCE).map(ofCustomer));
    observations.push(...batch.flat());
  }
  return { observations, truth };
}
