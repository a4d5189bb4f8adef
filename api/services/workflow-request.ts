// Asks a customer's workflow, and decides what it means when there is none: the ledger knows who should have one.
import type { UpdateDefinition } from '@temporalio/common';
import { customerCancelled, noMandate } from '../../domain/refuse.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import type { CustomerReader } from './customer-reader.ts';

/**
 * Sends an update to the customer's workflow. One that Temporal has lost is started again from the ledger.
 * @throws Refusal of the workflow's; or `customer_not_found`, `customer_cancelled`, or `no_mandate` where the
 * customer was never enrolled
 */
export async function askWorkflow<Answer, Request>(
  { workflows, reader }: { readonly workflows: CustomerWorkflows; readonly reader: CustomerReader },
  customerId: string,
  update: UpdateDefinition<Answer, [Request]>,
  request: Request,
): Promise<Answer> {
  const answer = await workflows.ask(customerId, update, request);
  if (answer !== null) return answer;
  const { view } = await reader.customerRow(customerId);
  if (view === null) throw noMandate();
  if (view.status === 'cancelled') throw customerCancelled();
  return workflows.askOrStart(customerId, update, request);
}
