// Shows and lists customers, and pauses, resumes and cancels them when a person asks.
import { Refusal } from '../../domain/shared/refusal.ts';
import type { CustomerStatus } from '../../domain/view.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { cancelCustomer, pause, resume } from '../../workflows/messages.ts';
import type { Caller } from '../http/auth.ts';
import type { Action } from '../http/schemas/actions.ts';
import type { CustomerAnswer } from '../http/schemas/customers.ts';
import type { PageAnswer } from '../http/schemas/lists.ts';
import type { Answers } from './answers.ts';
import { type CustomerReader, recordedCustomer } from './customer-reader.ts';
import { askWorkflow } from './workflow-request.ts';

export interface Customers {
  /** @throws Refusal `customer_not_found` */
  show(customerId: string, caller: Caller): Promise<CustomerAnswer>;
  /** As last recorded. @throws RangeError for a malformed cursor */
  list(
    filter: { readonly status?: CustomerStatus; readonly cursor?: string },
    caller: Caller,
  ): Promise<PageAnswer<CustomerAnswer>>;
  /** Each action answers with the customer as they are then; asking for what is already so is no fault. @throws Refusal */
  pause(customerId: string, action: Action, caller: Caller): Promise<CustomerAnswer>;
  resume(customerId: string, action: Action, caller: Caller): Promise<CustomerAnswer>;
  cancel(customerId: string, action: Action, caller: Caller): Promise<CustomerAnswer>;
}

export function createCustomers(deps: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly answers: Answers;
}): Customers {
  const { ledger, reader, answers } = deps;

  async function show(customerId: string, caller: Caller): Promise<CustomerAnswer> {
    const { row, view } = await reader.customer(customerId);
    return answers.customer(view, row.metadata, caller);
  }

  async function act(
    customerId: string,
    update: typeof pause,
    action: Action,
    caller: Caller,
  ): Promise<CustomerAnswer> {
    const { metadata } = await reader.customerRow(customerId);
    const view = await askWorkflow(deps, customerId, update, { ...action, actor: caller.actor });
    return answers.customer(view, metadata, caller);
  }

  return {
    show,
    async list(filter, caller) {
      const { items, ...rest } = await ledger.listCustomers(filter);
      const shown = items.map((row) => answers.customer(recordedCustomer(row), row.metadata, caller));
      return { items: await Promise.all(shown), ...rest };
    },
    pause: (customerId, action, caller) => act(customerId, pause, action, caller),
    resume: (customerId, action, caller) => act(customerId, resume, action, caller),
    async cancel(customerId, action, caller) {
      try {
        return await act(customerId, cancelCustomer, action, caller);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'customer_cancelled') throw error;
        return show(customerId, caller);
      }
    },
  };
}
