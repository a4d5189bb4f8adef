// Pauses, resumes and cancels a customer at a person's wish. What that means is the workflow's to know.

import type { Attribution } from '../../domain/model/events.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { Links } from '../../links/links.ts';
import type { Billing } from '../../temporal/customers.ts';
import { cancelCustomer, pause, resume } from '../../workflows/messages.ts';
import type { CustomerAnswer } from '../http/schemas.ts';
import type { Reading } from './customers.ts';
import { customerAnswer } from './views.ts';
import { askWorkflow } from './workflow-request.ts';

/** Each answers with the customer as they are then; what is already so is no fault. @throws Refusal */
export interface Lifecycle {
  pause(customerId: string, by: Attribution): Promise<CustomerAnswer>;
  resume(customerId: string, by: Attribution): Promise<CustomerAnswer>;
  cancel(customerId: string, by: Attribution): Promise<CustomerAnswer>;
}

export function createLifecycle(deps: {
  readonly billing: Billing;
  readonly reading: Reading;
  readonly links: Links;
}): Lifecycle {
  const { reading, links } = deps;

  async function act(customerId: string, update: typeof pause, by: Attribution): Promise<CustomerAnswer> {
    const { metadata } = await reading.customerRow(customerId);
    return customerAnswer(await askWorkflow(deps, customerId, update, by), metadata, links);
  }

  return {
    pause: (customerId, by) => act(customerId, pause, by),
    resume: (customerId, by) => act(customerId, resume, by),
    async cancel(customerId, by) {
      try {
        return await act(customerId, cancelCustomer, by);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'customer_cancelled') throw error;
        const { row, view } = await reading.customer(customerId);
        return customerAnswer(view, row.metadata, links);
      }
    },
  };
}
