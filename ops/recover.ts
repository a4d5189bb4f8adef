// Brings customers back whose workflows are gone, from the ledger alone. It touches no running one, and no Stripe: a
// workflow that starts from nothing loads its snapshot and reads every open intent before it does anything else.
import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { createRecordActivities } from '../activities/record.ts';
import { advance } from '../domain/advance.ts';
import { isOver, newCustomer } from '../domain/lifecycle.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { BILLING_QUEUE, CUSTOMER_BILLING, workflowIdOf } from '../workflows/messages.ts';

/** `over`: cancelled, and nothing of theirs is open anywhere. */
export type Recovery = 'started' | 'running' | 'over';

export type Tally = { readonly [End in Recovery]: number };

/** Starts under way at once. */
const AT_ONCE = 20;

/** Safe to repeat, and while customers are running. @returns null when the ledger has no such customer on record */
export async function recoverOne(
  customerId: string,
  { ledger, client }: { readonly ledger: Ledger; readonly client: Client },
): Promise<Recovery | null> {
  const loaded = await createRecordActivities({ ledger }).load({ customerId });
  if (loaded.snapshot === null && loaded.charges.length === 0) return null;
  if (isOver(advance(newCustomer(customerId), loaded, Date.now()))) return 'over';
  try {
    await client.workflow.start(CUSTOMER_BILLING, {
      workflowId: workflowIdOf(customerId),
      taskQueue: BILLING_QUEUE,
      workflowIdConflictPolicy: 'FAIL',
      staticSummary: `Customer ${customerId}`,
      args: [newCustomer(customerId)],
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
    throw error;
  }
}

/**
 * Everybody on record. A fault ends it; what was started stays, and running it again goes on from there.
 * @param onProgress hears the tally after each page of customers, also after one that ends with a fault
 */
export async function recoverAll(
  world: { readonly ledger: Ledger; readonly client: Client },
  onProgress: (tally: Tally) => void,
): Promise<Tally> {
  const tally = { started: 0, running: 0, over: 0 };
  let cursor: string | undefined;
  do {
    const page = await world.ledger.listCustomers(cursor === undefined ? {} : { cursor });
    const waiting = page.items.map(({ customerId }) => customerId);
    const lane = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const end = await recoverOne(id, world);
        if (end !== null) tally[end] += 1;
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
    onProgress(tally);
    const fault = lanes.find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tally;
}
