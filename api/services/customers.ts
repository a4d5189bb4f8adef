// What is known of customers and charges: the live workflow first, the ledger where it cannot answer. It changes nothing.
import type { FastifyBaseLogger } from 'fastify';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeView, CustomerView } from '../../domain/view.ts';
import { CLOSED } from '../../ledger/charge-rows.ts';
import type { ChargeRow, CustomerRow, Ledger } from '../../ledger/ledger.ts';
import type { Billing } from '../../temporal/customers.ts';
import { Problem } from '../http/problems.ts';
import { acceptedCharge, claimedCustomer } from './views.ts';

/** Whether nothing will happen to a charge any more. */
export function isClosed(status: ChargeRow['status']): boolean {
  return status !== 'claimed' && CLOSED.includes(status);
}

export interface KnownCustomer {
  readonly row: CustomerRow;
  readonly view: CustomerView;
}

export interface KnownCharge {
  readonly row: ChargeRow;
  readonly view: ChargeView;
}

export interface Reading {
  /** @throws Refusal `customer_not_found` */
  customerRow(customerId: string): Promise<CustomerRow>;
  /** @throws Refusal `customer_not_found` */
  customer(customerId: string): Promise<KnownCustomer>;
  /** @throws Refusal `customer_not_found`, `charge_not_found` */
  chargeRow(customerId: string, chargeId: string): Promise<ChargeRow>;
  /** @throws Refusal `customer_not_found`, `charge_not_found` */
  charge(customerId: string, chargeId: string): Promise<KnownCharge>;
  /** The workflow's view; null when there is no workflow or it does not answer, and the ledger must do. */
  live(customerId: string): Promise<CustomerView | null>;
}

export function createReading(ledger: Ledger, billing: Billing, log: FastifyBaseLogger): Reading {
  async function live(customerId: string): Promise<CustomerView | null> {
    try {
      return await billing.view(customerId);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
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
      return { row, view: (await live(customerId)) ?? row.view ?? claimedCustomer(customerId) };
    },
    async charge(customerId, chargeId) {
      const row = await chargeRow(customerId, chargeId);
      if (isClosed(row.status)) return { row, view: recorded(row) };
      const open = (await live(customerId))?.charges.find((charge) => charge.chargeId === chargeId);
      if (open) return { row, view: open };
      // It may have been closed and recorded between the two readings.
      const again = await chargeRow(customerId, chargeId);
      return { row: again, view: recorded(again) };
    },
  };
}

/** What the ledger last heard of a charge. */
export function recorded(row: ChargeRow): ChargeView {
  return row.view ?? acceptedCharge(row);
}
