// Reads the worker's environment, once, and names every fault in it at once. It prints no value: they are secrets.
import type { WorkerDeploymentVersion } from '@temporalio/common';
import { linksFrom } from '../config/links.ts';
import { type TemporalAddress, temporalFrom } from '../temporal/address.ts';
import { type PayloadKey, readPayloadKeys } from '../temporal/payload-keys.ts';

export interface WorkerConfig {
  readonly stripeSecretKey: string;
  /** Null: Stripe itself. Else a stand-in, e.g. `http://127.0.0.1:8420`. */
  readonly stripeApiBase: string | null;
  /** Calls to Stripe per second. */
  readonly rateCap: number;
  /** Empty only where the caller brings the ledger along. */
  readonly databaseUrl: string;
  /** The first signs, all of them open. */
  readonly linkSecrets: readonly string[];
  /** Empty: payloads are not encrypted. */
  readonly payloadKeys: readonly PayloadKey[];
  /** Where customers reach the pages. */
  readonly publicUrl: string;
  readonly merchantWebhook: { readonly url: string; readonly secret: string } | null;
  /** `host:port` of the Prometheus endpoint; null: none. */
  readonly metricsAddress: string | null;
  /** The release this worker is of; null: unversioned. */
  readonly version: WorkerDeploymentVersion | null;
  readonly temporal: TemporalAddress;
}

/** Below Stripe's limits of 100 and 25 requests a second (docs.stripe.com/rate-limits), for the api reads there too. */
const RATE_CAP = { live: 80, test: 20, standIn: 500 };

/** How many calls to Stripe this key may make per second, over all workers. `apiBase` names a stand-in, or null. */
export function rateCapOf(stripeSecretKey: string, apiBase: string | null): number {
  if (apiBase !== null) return RATE_CAP.standIn;
  return isLive(stripeSecretKey) ? RATE_CAP.live : RATE_CAP.test;
}

/**
 * Names every fault at once, so that one restart fixes them all.
 * @param withLedger the process opens its ledger itself, so `DATABASE_URL` may be absent
 * @throws Error listing the faults by variable, without values
 */
export function loadConfig(env: NodeJS.ProcessEnv, { withLedger = false } = {}): WorkerConfig {
  const faults: string[] = [];
  const need = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') faults.push(`${name} is not set`);
    return value;
  };
  const check = (name: string, value: string, isRight: (value: string) => boolean, rule: string): string => {
    if (value !== '' && !isRight(value)) faults.push(`${name} ${rule}`);
    return value;
  };

  const stripeSecretKey = check(
    'STRIPE_SECRET_KEY',
    need('STRIPE_SECRET_KEY'),
    (key) => /^[sr]k_(live|test)_/.test(key),
    'must be a secret or restricted key (sk_… or rk_…)',
  );
  const stripeApiBase = check(
    'STRIPE_API_BASE',
    env.STRIPE_API_BASE ?? '',
    (base) => isHttpUrl(base) && new URL(base).pathname === '/',
    'must be an http(s) address without a path',
  );
  if (stripeApiBase !== '' && isLive(stripeSecretKey)) {
    faults.push('STRIPE_API_BASE names a stand-in, and STRIPE_SECRET_KEY is a live key');
  }

  const databaseUrl = check(
    'DATABASE_URL',
    withLedger ? (env.DATABASE_URL ?? '') : need('DATABASE_URL'),
    (url) => /^postgres(ql)?:\/\//.test(url),
    'must be a postgresql:// address',
  );
  const { linkSecrets, publicUrl } = linksFrom(env, faults);
  const payloadKeys = readPayloadKeys(env.PAYLOAD_KEYS ?? '', faults);

  const webhookUrl = check(
    'MERCHANT_WEBHOOK_URL',
    env.MERCHANT_WEBHOOK_URL ?? '',
    (url) => isHttpUrl(url) && new URL(url).username === '' && new URL(url).password === '',
    'must be an http(s) address without user name and password',
  );
  const webhookSecret = check(
    'MERCHANT_WEBHOOK_SECRET',
    env.MERCHANT_WEBHOOK_SECRET ?? '',
    (secret) => /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret),
    'must be whsec_ and at least 24 bytes in base64',
  );
  if ((webhookUrl === '') !== (webhookSecret === '')) {
    faults.push('MERCHANT_WEBHOOK_URL and MERCHANT_WEBHOOK_SECRET go together: set both or none');
  }

  const metricsPort = check(
    'METRICS_PORT',
    env.METRICS_PORT ?? '',
    (port) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535,
    'must be a port from 1 to 65535',
  );
  const version = versionFrom(env, faults);
  const temporal = temporalFrom(env, faults);

  if (faults.length > 0) throw new Error(`bad configuration: ${faults.join('; ')}`);
  return {
    stripeSecretKey,
    stripeApiBase: stripeApiBase || null,
    rateCap: rateCapOf(stripeSecretKey, stripeApiBase || null),
    databaseUrl,
    linkSecrets,
    payloadKeys,
    publicUrl,
    merchantWebhook: webhookUrl === '' ? null : { url: webhookUrl, secret: webhookSecret },
    metricsAddress: metricsPort === '' ? null : `${env.HOST || '127.0.0.1'}:${metricsPort}`,
    version,
    temporal,
  };
}

/** Under the names that Temporal's own worker controller gives (github.com/temporalio/temporal-worker-controller). */
function versionFrom(env: NodeJS.ProcessEnv, faults: string[]): WorkerConfig['version'] {
  const deploymentName = env.TEMPORAL_DEPLOYMENT_NAME ?? '';
  const buildId = env.TEMPORAL_WORKER_BUILD_ID ?? '';
  if ((deploymentName === '') !== (buildId === '')) {
    faults.push('TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID go together: set both or none');
  }
  if (/[.:]/.test(deploymentName)) faults.push('TEMPORAL_DEPLOYMENT_NAME must be without dots and colons');
  return buildId === '' ? null : { deploymentName, buildId };
}

function isLive(stripeKey: string): boolean {
  return /^[sr]k_live_/.test(stripeKey);
}

function isHttpUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
