// Asks a customer's workflow, and knows what it means when there is none. The ledger says who should have one.
import type { UpdateDefinition } from '@temporalio/common';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { Billing } from '../../temporal/customers.ts';
import type { Reading } from './customers.ts';

/**
 * Sends an update to the customer's workflow. One that Temporal has lost is started again from the ledger.
 * @throws Refusal of the workflow's; or `customer_not_found`, `customer_cancelled`, or `no_mandate` where the
 * customer was never enrolled
 */
export async function askWorkflow<Answer, Request>(
  { billing, reading }: { readonly billing: Billing; readonly reading: Reading },
  customerId: string,
  update: UpdateDefinition<Answer, [Request]>,
  request: Request,
): Promise<Answer> {
  const answer = await billing.ask(customerId, update, request);
  if (answer !== null) return answer;
  const { view } = await reading.customerRow(customerId);
  if (view === null) throw new Refusal('no_mandate', 'The customer has not been enrolled yet.');
  if (view.status === 'cancelled')
    throw new Refusal('customer_cancelled', 'The customer is cancelled; a new enrolment brings them back.');
  return billing.askOrStart(customerId, update, request);
}
