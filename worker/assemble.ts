// Puts the worker together from its settings and what it is given to work with.
import { activityInfo } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { type NativeConnection, Runtime } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createLinks } from '../links/links.ts';
import { createStripeClient } from '../stripe/client.ts';
import { createPace } from '../stripe/pace.ts';
import { ensureSearchAttributes } from '../temporal/ensure-search-attributes.ts';
import { workerDataConverter } from '../temporal/payload-codec.ts';
import { scheduleCatchUp } from './catch-up-schedule.ts';
import type { WorkerConfig } from './config.ts';
import { createNoticeStarter } from './notice-starter.ts';
import { createWorkers, type Workers, type WorkflowCode } from './worker.ts';

/** Temporal's own, of what has been given none (docs.temporal.io/task-queue/priority). */
const DEFAULT_PRIORITY = 3;

/** What the caller has opened, and closes after the workers. */
export interface WorkerResources {
  readonly ledger: Ledger;
  readonly connection: NativeConnection;
  readonly workflows: WorkflowCode;
  /** Until a call to Stripe counts as unanswered; absent: as in production. */
  readonly stripeTimeoutMs?: number;
}

/**
 * Sees to it that Temporal has what the workers need; nothing is polled before `run()`.
 * @throws Error when the namespace is another installation's
 */
export async function assembleWorker(
  config: WorkerConfig,
  { ledger, connection, workflows, stripeTimeoutMs }: WorkerResources,
): Promise<Workers> {
  const { namespace } = config.temporal;
  await ensureSearchAttributes(connection, namespace);
  await scheduleCatchUp(connection, { namespace, installationId: ledger.installationId });
  const dataConverter = workerDataConverter(config.payloadEncryption);
  const client = new Client({ connection, namespace, dataConverter });
  const onFault = (error: unknown) =>
    Runtime.instance().logger.warn('the ledger gives no turns at Stripe; this process keeps the pace alone', {
      error,
    });
  const pace = createPace(ledger, config.stripeLimits, onFault, priorityOfActivity);
  const workers = await createWorkers({
    connection,
    namespace,
    dataConverter,
    version: config.version,
    activities: createActivities({
      stripe: createStripeClient(config.stripeSecretKey, config.stripeApiBase, stripeTimeoutMs, pace),
      ledger,
      links: createLinks({ secrets: config.linkSecrets, publicUrl: config.publicUrl }),
      amountLimits: config.amountLimits,
      budgets: config.policies.budgets,
      searchAttributesLeftOut: config.searchAttributesLeftOut,
      merchantWebhook: config.merchantWebhook,
      notices: createNoticeStarter(client.activity),
    }),
    ...workflows,
  });
  return workers;
}

/** Of the activity that asks, as its workflow has given it. */
function priorityOfActivity(): number {
  return activityInfo().priority?.priorityKey ?? DEFAULT_PRIORITY;
}
