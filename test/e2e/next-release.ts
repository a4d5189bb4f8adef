// A release no run of today's code can go on under: it writes something down first. It bills as today's does.
import { upsertMemo } from '@temporalio/workflow';
import type { CustomerState } from '../../domain/model/state.ts';
import { CustomerBilling as lifeAsToday } from '../../workflows/customer-billing.ts';

export { CatchUp } from '../../workflows/catch-up.ts';
export { SendNotice } from '../../workflows/send-notice.ts';

/** A command that no history of today's begins with. */
export async function CustomerBilling(carried: CustomerState): Promise<void> {
  upsertMemo({ release: 'next' });
  await lifeAsToday(carried);
}
