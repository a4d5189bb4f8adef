// Hands charges that the ledger has accepted over to their workflows, whichever process had accepted them.
import type { FastifyBaseLogger } from 'fastify';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { HandOvers, Ledger, PromisedCharge } from '../../ledger/ledger.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { openCharge } from '../../workflows/messages.ts';

/** Charges that may wait: with so many nothing more is accepted. At 25 charges a second they are 400 s of work. */
const MOST_WAITING = 10_000;
/** Customers to whom one process hands charges at the same time. */
const CUSTOMERS_AT_ONCE = 8;
/** Charges of one customer at the same time: Temporal takes ten requests of a workflow, and some are for people. */
const CHARGES_AT_ONCE = 5;
/**
 * Milliseconds for which what one process has taken is nobody else's: longer than an answer takes. Then it is due again
 * unless the workflow has it, also where the process has died.
 */
const LEASE = 45_000;
/** Milliseconds for which a customer whose workflow did not answer is left alone, so that others are not held up. */
const REST = 30_000;
/** Milliseconds between looks at what is due and at how many wait. */
const PAUSE = 2_000;

export interface HandOver {
  /** Whether so many wait that no more may be accepted; what other processes have accepted counts after 2 s. */
  isFull(): boolean;
  /** `Ledger.promiseCharge`; it is handed over from then on. */
  promise: HandOvers['promiseCharge'];
  /**
   * Hands one over now.
   * @throws Refusal `too_many_open_charges`: it goes on waiting. TemporalUnavailable
   */
  bring(charge: PromisedCharge): Promise<void>;
  /** Takes nothing more; resolves when what is under way has ended. */
  close(): Promise<void>;
}

/** Begins at once, and goes on until `close`. Several processes may do the same. */
export function createHandOver({
  ledger,
  workflows,
  log,
}: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly log: FastifyBaseLogger;
}): HandOver {
  let waiting = 0;
  let isClosed = false;
  let taking: Promise<void> | null = null;
  const underWay = new Set<Promise<void>>();
  /** Customers who are being handed charges, or are left alone for a while. */
  const leftOut = new Set<string>();

  async function bring({ customerId, ...terms }: PromisedCharge): Promise<void> {
    const request = { ...terms, inLedger: 'accepted' as const };
    try {
      // A customer who was cancelled or lost has no workflow: one begins with what the ledger remembers, and judges.
      const view = await workflows.ask(customerId, openCharge, request);
      if (view === null) await workflows.askOrStart(customerId, openCharge, request);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'charge_conflict')) throw error;
      log.error({ customerId, chargeId: terms.chargeId }, 'the workflow has another charge under this id');
    }
    await ledger.acceptCharge(customerId, terms.chargeId);
  }

  async function bringAll(customerId: string, charges: readonly PromisedCharge[]): Promise<void> {
    const results = await Promise.allSettled(charges.map(bring));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) {
      leftOut.delete(customerId);
      return;
    }
    log.warn({ err: failed[0]?.reason, customerId, charges: failed.length }, 'charges go on waiting');
    setTimeout(() => leftOut.delete(customerId), REST).unref();
  }

  async function takeAll(): Promise<void> {
    while (!isClosed && underWay.size < CUSTOMERS_AT_ONCE) {
      const except = [...leftOut];
      const charges = await ledger.takePromisedCharges({ except, most: CHARGES_AT_ONCE, leaseMs: LEASE });
      const customerId = charges[0]?.customerId;
      if (customerId === undefined) return;
      leftOut.add(customerId);
      const handing = bringAll(customerId, charges).finally(() => {
        underWay.delete(handing);
        take();
      });
      underWay.add(handing);
    }
  }

  function take(): void {
    taking ??= takeAll()
      .catch((error) => log.warn({ err: error }, 'charges that wait could not be read'))
      .finally(() => {
        taking = null;
      });
  }

  async function count(): Promise<void> {
    waiting = await ledger.countPromisedCharges(MOST_WAITING);
  }

  const timer = setInterval(() => {
    take();
    count().catch((error) => log.warn({ err: error }, 'charges that wait could not be counted'));
  }, PAUSE).unref();

  return {
    isFull: () => waiting >= MOST_WAITING,
    async promise(charge) {
      const isPromised = await ledger.promiseCharge(charge);
      if (isPromised) waiting += 1;
      if (isPromised && charge.afterMs === 0) take();
      return isPromised;
    },
    bring,
    async close() {
      isClosed = true;
      clearInterval(timer);
      await taking;
      await Promise.all(underWay);
    },
  };
}
