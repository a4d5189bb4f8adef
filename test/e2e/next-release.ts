// A release under which no run of this one can go on, for it first issues a command that no history of this one has.
import { upsertMemo } from '@temporalio/workflow';
import { CustomerBilling as billAsInThisRelease } from '../../workflows/customer-billing.ts';

export { CatchUp } from '../../workflows/catch-up.ts';

export async function CustomerBilling(...input: Parameters<typeof billAsInThisRelease>): Promise<void> {
  upsertMemo({ release: 'next' });
  await billAsInThisRelease(...input);
}
