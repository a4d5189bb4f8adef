// Reads customers and charges: from the live workflow first, and from the ledger where that cannot answer.
import type { FastifyBaseLogger } from 'fastify';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeView, CustomerView } from '../../domain/view.ts';
import { CLOSED } from '../../ledger/charge-rows.ts';
import type { ChargeRow, CustomerRow, Ledger } from '../../ledger/ledger.ts';
import { type CustomerWorkflows, TemporalUnavailable } from '../../temporal/customer-workflows.ts';

/** A customer as last recorded and as of now. */
export interface CurrentCustomer {
  readonly row: CustomerRow;
  readonly view: CustomerView;
}

/** A charge as last recorded and as of now. */
export interface CurrentCharge {
  readonly row: ChargeRow;
  readonly view: ChargeView;
}

export interface CustomerReader {
  /** @throws Refusal `customer_not_found` */
  customerRow(customerId: string): Promise<CustomerRow>;
  /** @throws Refusal `customer_not_found` */
  customer(customerId: string): Promise<CurrentCustomer>;
  /** @throws Refusal `customer_not_found`, `charge_not_found` */
  chargeRow(customerId: string, chargeId: string): Promise<ChargeRow>;
  /** @throws Refusal `customer_not_found`, `charge_not_found` */
  charge(customerId: string, chargeId: string): Promise<CurrentCharge>;
  /** The workflow's view; null when there is no workflow, or when it does not answer and the ledger must do. */
  live(customerId: string): Promise<CustomerView | null>;
}

export function createCustomerReader(
  ledger: Ledger,
  workflows: CustomerWorkflows,
  log: FastifyBaseLogger,
): CustomerReader {
  async function live(customerId: string): Promise<CustomerView | null> {
    try {
      return await workflows.view(customerId);
    } catch (error) {
      if (!(error instanceof TemporalUnavailable)) throw error;
      log.warn({ err: error.cause, customerId }, 'the workflow did not answer; reading the ledger');
      return null;
    }
  }

  async function customerRow(customerId: string): Promise<CustomerRow> {
    const row = await ledger.getCustomer(customerId);
    if (row === null) throw new Refusal('customer_not_found', `There is no customer "${customerId}".`);
    return row;
  }

  async function chargeRow(customerId: string, chargeId: string): Promise<ChargeRow> {
    const row = await ledger.getCharge(customerId, chargeId);
    if (row !== null) return row;
    await customerRow(customerId);
    throw new Refusal('charge_not_found', `This customer has no charge "${chargeId}".`);
  }

  return {
    live,
    customerRow,
    chargeRow,
    async customer(customerId) {
      const row = await customerRow(customerId);
      return { row, view: (await live(customerId)) ?? recordedCustomer(row) };
    },
    async charge(customerId, chargeId) {
      const row = await chargeRow(customerId, chargeId);
      if (isClosed(row.status)) return { row, view: recordedCharge(row) };
      const open = (await live(customerId))?.charges.find((charge) => charge.chargeId === chargeId);
      if (open) return { row, view: open };
      // It may have been closed and recorded between the two readings.
      const latest = await chargeRow(customerId, chargeId);
      return { row: latest, view: recordedCharge(latest) };
    },
  };
}

/** Whether nothing will happen to a charge any more. */
export function isClosed(status: ChargeRow['status']): boolean {
  return status !== 'claimed' && CLOSED.includes(status);
}

/** Whether it is over without the money. */
export function isGivenUp(status: ChargeRow['status']): boolean {
  return isClosed(status) && status !== 'succeeded';
}

/** The customer as last recorded; one whose workflow has recorded nothing yet is waiting to be enrolled. */
export function recordedCustomer({ customerId, view }: CustomerRow): CustomerView {
  return (
    view ?? {
      customerId,
      stripeCustomerId: null,
      status: 'awaiting_mandate',
      needsAttention: [],
      amountDue: 0,
      amountsDue: [],
      currency: null,
      charges: [],
    }
  );
}

/** The charge as last recorded; `openedAtMs` stands for a due time of "at once" until a workflow has recorded it. */
export function recordedCharge({ view, terms, openedAtMs }: ChargeRow): ChargeView {
  const { chargeId, amount, currency, dueAtMs = openedAtMs } = terms;
  return view ?? { chargeId, status: 'scheduled', amount, currency, attempts: [], dueAtMs };
}
