// The api's settings, from its environment.
import { Environment, entriesOf, type Rule } from '../config/environment.ts';
import type { Policies } from '../config/policies.ts';
import { anyText, HTTP_ADDRESS, ORIGIN, portFrom } from '../config/rules.ts';
import { type SharedSettings, sharedSettings } from '../config/shared-settings.ts';
import { BROWSER_KEY, type StripeSettings, stripeSettings } from '../config/stripe.ts';
import type { AmountLimits } from '../domain/model/policy.ts';
import { isTermsVersion } from '../domain/shared/ids.ts';
import { type ApiKey, readApiKeys } from './http/api-keys.ts';
import { type TrustProxy, trustProxy } from './trust-proxy.ts';

/** What the routes need to know; nothing of how the process is reached or what it reaches. */
export interface AppConfig {
  readonly apiKeys: readonly ApiKey[];
  /** Any of them may have signed a webhook, so that one can be rolled. */
  readonly webhookSecrets: readonly string[];
  /** Where customers reach the pages, without a trailing slash. */
  readonly publicUrl: string;
  /** Where a customer may be sent back to after the card page. */
  readonly returnUrlOrigins: readonly string[];
  readonly trustProxy: TrustProxy;
  /** The merchant's own largest amounts, beside Stripe's. */
  readonly amountLimits: AmountLimits;
  /** By which charges are collected. */
  readonly policies: Policies;
  /** Whose scripts may ask the codec endpoint: the Temporal UI's; null: nobody's. */
  readonly payloadUiOrigin: string | null;
  readonly stripe: {
    readonly publishableKey: string;
    /** Where the pages load Stripe.js from. */
    readonly jsUrl: string;
    /** Null: Stripe itself. Else a stand-in, e.g. `http://127.0.0.1:12111`. */
    readonly apiBase: string | null;
    /** Whether objects and events must be of real money. */
    readonly isLive: boolean;
  };
  /** Whose terms a customer agrees to, where they are, and which. */
  readonly merchant: { readonly name: string; readonly termsUrl: string; readonly termsVersion: string };
}

export interface ApiConfig extends Omit<SharedSettings, 'publicUrl' | 'amountLimits' | 'policies'> {
  readonly app: AppConfig;
  /** Reads intents; restricted where there is one, else the secret key. */
  readonly stripeReadKey: string;
  readonly host: string;
  readonly port: number;
}

const STRIPE_JS_ORIGIN = 'https://js.stripe.com';
const STRIPE_JS = `${STRIPE_JS_ORIGIN}/v3/`;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 3000;

const WEBHOOK_SECRET: Rule = {
  must: 'be the signing secrets of the webhook endpoint at Stripe (whsec_…), comma-separated',
  isRight: (secret) => secret.startsWith('whsec_'),
};

/** As it stands in consents, which the workflow would otherwise refuse. */
const TERMS_VERSION: Rule = {
  must: 'be the version of the terms at TERMS_URL, one line of at most 64 characters',
  isRight: isTermsVersion,
};

/** Stripe's are of 32 characters and more. */
const LONG_WEBHOOK_SECRET = /^whsec_[A-Za-z0-9+/=]{24,}$/;

/**
 * @param withLedger the process opens its ledger itself, so `DATABASE_URL` may be absent
 * @throws Error that lists every fault by variable, with its remedy and without values
 */
export function loadConfig(variables: NodeJS.ProcessEnv, { withLedger = false } = {}): ApiConfig {
  const environment = new Environment(variables);
  const stripe = stripeSettings(environment);
  const { readKey, secretKey, apiBase, isLive } = stripe;
  if (readKey === null && secretKey === null)
    environment.faults.push(
      'STRIPE_READ_KEY (or STRIPE_SECRET_KEY) is not set: it must be a restricted key that reads intents (rk_…)',
    );
  const publishableKey = environment.required('STRIPE_PUBLISHABLE_KEY', BROWSER_KEY);
  const jsUrl = stripeJsUrl(environment, stripe);
  const { publicUrl, amountLimits, policies, ...shared } = sharedSettings(environment, {
    withLedger,
    isLive,
  });
  const merchant = {
    name: environment.required('MERCHANT_NAME', anyText('the name of the business the customer pays')),
    termsUrl: environment.required('TERMS_URL', HTTP_ADDRESS),
    termsVersion: environment.required('TERMS_VERSION', TERMS_VERSION),
  };
  const app: AppConfig = {
    apiKeys: apiKeys(environment, isLive),
    webhookSecrets: webhookSecrets(environment, isLive),
    publicUrl,
    returnUrlOrigins: environment.list('RETURN_URL_ORIGINS', ORIGIN).map(withoutSlash),
    trustProxy: trustProxy(environment),
    amountLimits,
    policies,
    payloadUiOrigin: payloadUiOrigin(environment, shared),
    stripe: { publishableKey, jsUrl, apiBase, isLive },
    merchant,
  };
  const host = environment.text('HOST') || DEFAULT_HOST;
  const port = Number(environment.optional('PORT', portFrom(0)) ?? DEFAULT_PORT);
  environment.throwFaults();
  return { ...shared, app, stripeReadKey: readKey ?? secretKey ?? '', host, port };
}

/** A script on the customer's page sees the card: with real money it is Stripe's own and nobody else's. */
function stripeJsUrl(environment: Environment, { apiBase, isLive }: StripeSettings): string {
  const fallback = apiBase === null ? STRIPE_JS : `${apiBase}/v3/`;
  const jsUrl = environment.optional('STRIPE_JS_URL', HTTP_ADDRESS) ?? fallback;
  if (isLive && HTTP_ADDRESS.isRight(jsUrl) && new URL(jsUrl).origin !== STRIPE_JS_ORIGIN)
    environment.faults.push(
      `STRIPE_JS_URL must begin with ${STRIPE_JS_ORIGIN}/ with live Stripe keys: unset it, or use test keys`,
    );
  return jsUrl;
}

function apiKeys(environment: Environment, isLive: boolean): ApiKey[] {
  const text = environment.required(
    'API_KEYS',
    anyText('name:scope[+scope]:secret, comma-separated; scopes are read, charge, operate'),
  );
  return entriesOf(text).length === 0 ? [] : readApiKeys(text, environment.faults, isLive);
}

function webhookSecrets(environment: Environment, isLive: boolean): string[] {
  const secrets = environment.requiredList('STRIPE_WEBHOOK_SECRET', WEBHOOK_SECRET);
  if (isLive && !secrets.every((secret) => LONG_WEBHOOK_SECRET.test(secret)))
    environment.faults.push(
      'STRIPE_WEBHOOK_SECRET must be as Stripe gave it with live Stripe keys: whsec_ and at least 24 letters and digits',
    );
  return secrets;
}

function payloadUiOrigin(
  environment: Environment,
  { payloadEncryption }: Pick<SharedSettings, 'payloadEncryption'>,
): string | null {
  const origin = environment.optional('PAYLOAD_UI_ORIGIN', ORIGIN);
  if (origin !== null && payloadEncryption.keys.length === 0)
    environment.faults.push('PAYLOAD_UI_ORIGIN needs PAYLOAD_KEYS: without keys there is no codec endpoint');
  return origin && withoutSlash(origin);
}

function withoutSlash(origin: string): string {
  return origin.replace(/\/$/, '');
}
