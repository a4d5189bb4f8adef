// The worker's settings, from its environment.
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { MerchantWebhook } from '../activities/merchant-endpoint.ts';
import { Environment, type Rule } from '../config/environment.ts';
import { portFrom } from '../config/rules.ts';
import { type SharedSettings, sharedSettings } from '../config/shared-settings.ts';
import { SERVER_KEY, stripeSettings } from '../config/stripe.ts';
import { isLiveKey } from '../stripe/api-keys.ts';
import type { StripeLimits } from '../stripe/pace.ts';
import { searchAttributesLeftOut } from './left-out-attributes.ts';
import { merchantWebhook } from './merchant-webhook.ts';

export interface WorkerConfig extends SharedSettings {
  readonly stripeSecretKey: string;
  /** Null: Stripe itself. Else a stand-in, e.g. `http://127.0.0.1:8420`. */
  readonly stripeApiBase: string | null;
  /** Kept by all workers of this ledger together. */
  readonly stripeLimits: StripeLimits;
  readonly merchantWebhook: MerchantWebhook | null;
  /** Names of search attributes that workflows do not write. */
  readonly searchAttributesLeftOut: readonly string[];
  /** `host:port` of the Prometheus endpoint; null: none. */
  readonly metricsAddress: string | null;
  /** The release this worker is of; null: unversioned. */
  readonly version: WorkerDeploymentVersion | null;
}

const LOOPBACK = '127.0.0.1';

/**
 * Stripe's own limits (docs.stripe.com/rate-limits), which it raises for an account on request, and what a stand-in is
 * asked at most.
 */
const STRIPE_LIMITS = {
  live: { perEndpoint: 25, total: 100 },
  test: { perEndpoint: 25, total: 25 },
  standIn: { perEndpoint: 500, total: 1_000 },
};

/** Which limits hold for this key, over all workers. `apiBase` names a stand-in, or null. */
export function stripeLimitsOf(stripeSecretKey: string, apiBase: string | null): StripeLimits {
  if (apiBase !== null) return STRIPE_LIMITS.standIn;
  return isLiveKey(stripeSecretKey) ? STRIPE_LIMITS.live : STRIPE_LIMITS.test;
}

const PER_SECOND = /^([1-9]\d{0,3})\/([1-9]\d{0,3})$/;

const RATE_LIMITS: Rule = {
  must: 'be requests a second for one endpoint and in all, each from 1 to 9999, such as 50/200',
  isRight: (text) => PER_SECOND.test(text),
};

function limitsFrom(text: string): StripeLimits | null {
  const [, perEndpoint, total] = PER_SECOND.exec(text) ?? [];
  return perEndpoint && total ? { perEndpoint: Number(perEndpoint), total: Number(total) } : null;
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
  const stripeLimits = limitsFrom(environment.optional('STRIPE_RATE_LIMITS', RATE_LIMITS) ?? '');
  const version = versionFrom(environment);
  const leftOut = searchAttributesLeftOut(environment);
  environment.throwFaults();
  return {
    ...shared,
    stripeSecretKey,
    stripeApiBase: apiBase,
    stripeLimits: stripeLimits ?? stripeLimitsOf(stripeSecretKey, apiBase),
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
