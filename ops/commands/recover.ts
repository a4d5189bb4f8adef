// Brings customers back whose workflows are lost, from the ledger alone.
import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { advance } from '../../domain/advance.ts';
import { isOver, newCustomer } from '../../domain/lifecycle.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { loadForRun } from '../../ledger/load.ts';
import { temporalFrom } from '../../temporal/address.ts';
import { clientDataConverter } from '../../temporal/payload-codec.ts';
import { readPayloadEncryption } from '../../temporal/payload-keys.ts';
import { CUSTOMER_BILLING, startOf } from '../../workflows/messages.ts';
import type { Target } from '../arguments.ts';
import { DONE, type ExitCode, noSuchCustomer } from '../exit-codes.ts';

/** `over`: cancelled, and nothing of the customer is open anywhere. */
export type Recovery = 'started' | 'running' | 'over';

export type Tally = { readonly [Outcome in Recovery]: number };

interface Systems {
  readonly ledger: Ledger;
  readonly client: Client;
}

/** How many workflows are started side by side. */
const CONCURRENCY = 20;

/** Running workflows are left alone. What was done is put on record, also when a fault ends `all` early. */
export async function recover(
  { customerId, actor, reason }: Target,
  ledger: Ledger,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const faults: string[] = [];
  const { connectionOptions, namespace } = temporalFrom(env, faults);
  const payloadEncryption = readPayloadEncryption(env, faults);
  if (faults.length > 0) throw new Error(`bad configuration: ${faults.join('; ')}`);
  const connection = await Connection.connect(connectionOptions);
  try {
    const dataConverter = clientDataConverter(payloadEncryption);
    const systems = { ledger, client: new Client({ connection, namespace, dataConverter }) };
    const action = { kind: 'recover', actor, reason } as const;
    if (customerId === 'all') {
      let tally: Tally = { started: 0, running: 0, over: 0 };
      let isWhole = false;
      try {
        await recoverAll(systems, (soFar) => {
          tally = { ...soFar };
          console.error(`${inWords(tally)} so far`);
        });
        isWhole = true;
      } finally {
        await ledger.addOperatorAction({ ...action, customerId: null, data: { ...tally, isWhole } });
      }
      console.log(inWords(tally));
      return DONE;
    }
    const recovery = await recoverOne(customerId, systems);
    if (recovery === null) return noSuchCustomer(customerId);
    await ledger.addOperatorAction({ ...action, customerId, data: { outcome: recovery } });
    console.log(`${customerId}: ${recovery}`);
    return DONE;
  } finally {
    await connection.close();
  }
}

/**
 * Starts a workflow from nothing: it loads its snapshot and reads every open intent before it does anything else. Safe to
 * repeat, and while customers are running.
 * @returns null when the ledger has no such customer on record
 */
export async function recoverOne(customerId: string, { ledger, client }: Systems): Promise<Recovery | null> {
  const loaded = await loadForRun(ledger, customerId);
  if (loaded.snapshot === null && loaded.charges.length === 0) return null;
  if (isOver(advance(newCustomer(customerId), loaded, Date.now()))) return 'over';
  try {
    await client.workflow.start(CUSTOMER_BILLING, {
      ...startOf({ customerId }),
      workflowIdConflictPolicy: 'FAIL',
    });
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
    throw error;
  }
}

/**
 * Every customer on record. A fault ends it; what was started stays, and a repetition goes on from there.
 * @param onProgress called with the tally after each page of customers, also after a page that ends with a fault
 */
export async function recoverAll(systems: Systems, onProgress: (tally: Tally) => void): Promise<Tally> {
  const tally = { started: 0, running: 0, over: 0 };
  let cursor: string | undefined;
  do {
    const page = await systems.ledger.listCustomers(omitUndefined({ cursor }));
    const waiting = page.items.map(({ customerId }) => customerId);
    const recoverWaiting = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const recovery = await recoverOne(id, systems);
        if (recovery !== null) tally[recovery] += 1;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, recoverWaiting));
    onProgress(tally);
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return tally;
}

function inWords({ started, running, over }: Tally): string {
  return `${started} started, ${running} running already, ${over} over`;
}
