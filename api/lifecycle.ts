// Pauses, resumes and cancels a customer at a person's wish. What that means is the workflow's to know.
import { Refusal } from '../domain/errors.ts';
import type { Asked } from '../domain/events.ts';
import type { Links } from '../links/links.ts';
import { cancelCustomer, pause, resume } from '../workflows/messages.ts';
import { askWorkflow } from './asking.ts';
import type { Billing } from './billing.ts';
import type { Reading } from './reading.ts';
import type { CustomerAnswer } from './schemas.ts';
import { customerAnswer } from './views.ts';

/** Each answers with the customer as they are then; what is already so is no fault. @throws Refusal */
export interface Lifecycle {
  pause(customerId: string, by: Asked): Promise<CustomerAnswer>;
  resume(customerId: string, by: Asked): Promise<CustomerAnswer>;
  cancel(customerId: string, by: Asked): Promise<CustomerAnswer>;
}

export function createLifecycle(deps: {
  readonly billing: Billing;
  readonly reading: Reading;
  readonly links: Links;
}): Lifecycle {
  const { reading, links } = deps;

  async function act(customerId: string, update: typeof pause, by: Asked): Promise<CustomerAnswer> {
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
