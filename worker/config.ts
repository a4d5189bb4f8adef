// The worker's settings, from its environment.
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { MerchantWebhook } from '../activities/merchant-endpoint.ts';
import { Environment } from '../config/environment.ts';
import { portFrom } from '../config/rules.ts';
import { type SharedSettings, sharedSettings } from '../config/shared-settings.ts';
import { SERVER_KEY, stripeSettings } from '../config/stripe.ts';
import { isLiveKey } from '../stripe/api-keys.ts';
import { searchAttributesLeftOut } from './left-out-attributes.ts';
import { merchantWebhook } from './merchant-webhook.ts';

export interface WorkerConfig extends SharedSettings {
  readonly stripeSecretKey: string;
  /** Null: Stripe itself. Else a stand-in, e.g. `http://127.0.0.1:8420`. */
  readonly stripeApiBase: string | null;
  /** Calls to Stripe per second. */
  readonly rateCap: number;
  readonly merchantWebhook: MerchantWebhook | null;
  /** Names of search attributes that workflows do not write. */
  readonly searchAttributesLeftOut: readonly string[];
  /** `host:port` of the Prometheus endpoint; null: none. */
  readonly metricsAddress: string | null;
  /** The release this worker is of; null: unversioned. */
  readonly version: WorkerDeploymentVersion | null;
}

const LOOPBACK = '127.0.0.1';

/** Below Stripe's limits of 100 and 25 requests a second (docs.stripe.com/rate-limits), for the api reads there too. */
const RATE_CAP = { live: 80, test: 20, standIn: 500 };

/** How many calls to Stripe this key may make per second, over all workers. `apiBase` names a stand-in, or null. */
export function rateCapOf(stripeSecretKey: string, apiBase: string | null): number {
  if (apiBase !== null) return RATE_CAP.standIn;
  return isLiveKey(stripeSecretKey) ? RATE_CAP.live : RATE_CAP.test;
}

/**
 * @param withLedger the process opens its ledger itself, so `DATABASE_URL` may be absent
 * @throws Error that lists every fault by variable, with its remedy and without values
 */
export function loadConfig(variables: NodeJS.ProcessEnv, { withLedger = false } = {}): WorkerConfig {
  const environment = new Environment(variables);
  const { apiBase, isLive } = stripeSettings(environment);
  const stripeSecretKey = environment.required('STRIPE_SECRET_KEY', SERVER_KEY);
  const shared = sharedSettings(environment, { withLedger, isLive });
  const webhook = merchantWebhook(environment, { isLive });
  const metricsPort = environment.optional('METRICS_PORT', portFrom(1));
  const version = versionFrom(environment);
  const leftOut = searchAttributesLeftOut(environment);
  environment.throwFaults();
  return {
    ...shared,
    stripeSecretKey,
    stripeApiBase: apiBase,
    rateCap: rateCapOf(stripeSecretKey, apiBase),
    merchantWebhook: webhook,
    searchAttributesLeftOut: leftOut,
    metricsAddress: metricsPort === null ? null : `${variables.HOST || LOOPBACK}:${metricsPort}`,
    version,
  };
}

/** Under the names that Temporal's own worker controller gives (github.com/temporalio/temporal-worker-controller). */
function versionFrom(environment: Environment): WorkerConfig['version'] {
  const deploymentName = environment.text('TEMPORAL_DEPLOYMENT_NAME');
  const buildId = environment.text('TEMPORAL_WORKER_BUILD_ID');
  if ((deploymentName === '') !== (buildId === ''))
    environment.faults.push(
      'TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID go together: set both or none',
    );
  if (/[.:]/.test(deploymentName))
    environment.faults.push('TEMPORAL_DEPLOYMENT_NAME must be without dots and colons');
  return buildId === '' ? null : { deploymentName, buildId };
}
