// The schedule of the catch-up, which reads Stripe's undelivered events again.
import {
  Client,
  type ConnectionLike,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
} from '@temporalio/client';
import { BILLING_QUEUE, CATCH_UP, CATCH_UP_ID } from '../workflows/messages.ts';

const EVERY = '5 minutes';

const SCHEDULE = {
  spec: { intervals: [{ every: EVERY }] },
  action: {
    type: 'startWorkflow',
    workflowType: CATCH_UP,
    workflowId: CATCH_UP_ID,
    taskQueue: BILLING_QUEUE,
    args: [],
  },
  // The position is in the ledger, so a run that was missed is made up for by the next.
  policies: { overlap: 'SKIP', catchupWindow: '1 minute' },
} satisfies Omit<ScheduleOptions, 'scheduleId'>;

/**
 * Creates the schedule or brings it up to date, and runs it at once. Any number of workers may call this; a catch-up
 * that is under way is not joined by a second one. Whether the schedule is paused is the operator's decision, and stays.
 *
 * The schedule says whose namespace it is, for two installations in one would do each other's work: a worker with test
 * keys would then "collect" charges of real money.
 * @throws Error when the namespace is another installation's
 */
export async function scheduleCatchUp(
  connection: ConnectionLike,
  { namespace, installationId }: { readonly namespace: string; readonly installationId: string },
): Promise<void> {
  const { schedule } = new Client({ connection, namespace });
  try {
    const memo = { installationId };
    await schedule.create({
      ...SCHEDULE,
      memo,
      scheduleId: CATCH_UP_ID,
      state: { triggerImmediately: true },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    const handle = schedule.getHandle(CATCH_UP_ID);
    const { memo } = await handle.describe();
    if (memo?.installationId !== installationId)
      throw new Error(
        `the Temporal namespace "${namespace}" belongs to another installation, whose ledger is another one: set ` +
          `TEMPORAL_NAMESPACE to one of its own. If that ledger is gone for good, delete the schedule ${CATCH_UP_ID}`,
      );
    await handle.update(({ state }) => ({ ...SCHEDULE, state }));
    await handle.trigger();
  }
}
