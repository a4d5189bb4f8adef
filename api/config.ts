// Reads the api's environment, once, and names every fault in it at once. It prints no value: many are secrets.
import { isIP } from 'node:net';
import { linksFrom } from '../config/links.ts';
import { largestAmount } from '../domain/shared/money.ts';
import { faultsInKeys, isLiveKey } from '../stripe/api-keys.ts';
import { type TemporalAddress, temporalFrom } from '../temporal/address.ts';
import { type PayloadKey, readPayloadKeys } from '../temporal/payload-keys.ts';
import { type ApiKey, readApiKeys } from './http/api-keys.ts';

/** What the routes need to know; nothing of how the process is reached or what it reaches. */
export interface AppConfig {
  readonly apiKeys: readonly ApiKey[];
  /** Any of them may have signed a webhook, so that one can be rolled. */
  readonly webhookSecrets: readonly string[];
  /** Where customers reach the pages, without a trailing slash. */
  readonly publicUrl: string;
  /** Where a customer may be sent back to after the card page. */
  readonly returnUrlOrigins: readonly string[];
  /** Whose `X-Forwarded-For` is believed: nobody's, everybody's, so many hops', or these addresses'. */
  readonly trustProxy: boolean | number | string[];
  /** Minor units of any currency. */
  readonly maxChargeAmount: number;
  /** Whose scripts may ask the codec endpoint: the Temporal UI's; null: nobody's. */
  readonly payloadUiOrigin: string | null;
  readonly stripe: {
    readonly publishableKey: string;
    /** Where the pages load Stripe.js from. */
    readonly jsUrl: string;
    /** Null: Stripe itself. Else a stand-in, e.g. `http://127.0.0.1:12111`. */
    readonly apiBase: string | null;
  };
  /** Whose terms a customer agrees to, where they are, and which. */
  readonly merchant: { readonly name: string; readonly termsUrl: string; readonly termsVersion: string };
}

export interface ApiConfig {
  readonly app: AppConfig;
  /** Reads intents; restricted where there is one, else the secret key. */
  readonly stripeReadKey: string;
  /** Empty: payloads are not encrypted. */
  readonly payloadKeys: readonly PayloadKey[];
  /** Null only where the caller brings the ledger along. */
  readonly databaseUrl: string | null;
  /** The first signs, all of them open. */
  readonly linkSecrets: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly temporal: TemporalAddress;
}

const STRIPE_JS = 'https://js.stripe.com/v3/';
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = '3000';

/**
 * Names every fault at once, so that one restart fixes them all.
 * @param withLedger the process opens its ledger itself, so `DATABASE_URL` may be absent
 * @throws Error listing the faults by variable, without values
 */
export function loadConfig(env: NodeJS.ProcessEnv, { withLedger = false } = {}): ApiConfig {
  const faults: string[] = [];
  const read = (name: string, fallback = ''): string => env[name] || fallback;
  const need = (name: string): string => {
    if (read(name) === '') faults.push(`${name} is not set`);
    return read(name);
  };
  const needList = (name: string): string[] => {
    const entries = listOf(read(name));
    if (entries.length === 0) faults.push(`${name} is not set`);
    return entries;
  };
  const check = (name: string, value: string, isRight: (value: string) => boolean, rule: string): string => {
    if (value !== '' && !isRight(value)) faults.push(`${name} ${rule}`);
    return value;
  };
  const checkUrl = (name: string, value: string) =>
    check(name, value, isHttpUrl, 'must be an http(s) address');

  const readKey = read('STRIPE_READ_KEY');
  const secretKey = read('STRIPE_SECRET_KEY');
  if (readKey === '' && secretKey === '') faults.push('STRIPE_READ_KEY (or STRIPE_SECRET_KEY) is not set');
  const publishableKey = need('STRIPE_PUBLISHABLE_KEY');
  const server = { STRIPE_READ_KEY: readKey || null, STRIPE_SECRET_KEY: secretKey || null };
  faults.push(...faultsInKeys({ server, browser: { STRIPE_PUBLISHABLE_KEY: publishableKey || null } }));
  const apiBase = check(
    'STRIPE_API_BASE',
    read('STRIPE_API_BASE'),
    (base) => isHttpUrl(base) && new URL(base).pathname === '/',
    'must be an http(s) address without a path',
  ).replace(/\/+$/, '');
  if (apiBase !== '' && [readKey, secretKey, publishableKey].some(isLiveKey))
    faults.push('STRIPE_API_BASE names a stand-in, and one of the Stripe keys is a live key');
  const jsUrl = checkUrl(
    'STRIPE_JS_URL',
    read('STRIPE_JS_URL', apiBase === '' ? STRIPE_JS : `${apiBase}/v3/`),
  );

  const webhookSecrets = needList('STRIPE_WEBHOOK_SECRET');
  const keyText = need('API_KEYS');
  const apiKeys = keyText === '' ? [] : readApiKeys(keyText, faults);
  const { linkSecrets, publicUrl } = linksFrom(env, faults);
  const payloadKeys = readPayloadKeys(read('PAYLOAD_KEYS'), faults);
  const payloadUiOrigin = check(
    'PAYLOAD_UI_ORIGIN',
    read('PAYLOAD_UI_ORIGIN').replace(/\/$/, ''),
    isOrigin,
    'must be an origin such as https://temporal.example',
  );
  if (payloadUiOrigin !== '' && payloadKeys.length === 0)
    faults.push('PAYLOAD_UI_ORIGIN needs PAYLOAD_KEYS: without keys there is no codec endpoint');
  const returnUrlOrigins = listOf(read('RETURN_URL_ORIGINS')).map((origin) => origin.replace(/\/$/, ''));
  for (const origin of returnUrlOrigins)
    check(
      'RETURN_URL_ORIGINS',
      origin,
      isOrigin,
      'must be origins such as https://shop.example, comma-separated',
    );
  const trustProxy = trustProxyFrom(read('TRUST_PROXY', 'false'), faults);
  const maxChargeAmount = check(
    'MAX_CHARGE_AMOUNT',
    read('MAX_CHARGE_AMOUNT', String(largestAmount('eur'))),
    (amount) => /^[1-9]\d*$/.test(amount) && Number(amount) <= largestAmount('eur'),
    `must be minor units, a whole number from 1 to ${largestAmount('eur')}`,
  );
  const merchant = {
    name: need('MERCHANT_NAME'),
    termsUrl: checkUrl('TERMS_URL', need('TERMS_URL')),
    termsVersion: need('TERMS_VERSION'),
  };
  const databaseUrl = check(
    'DATABASE_URL',
    withLedger ? read('DATABASE_URL') : need('DATABASE_URL'),
    (url) => /^postgres(ql)?:\/\//.test(url),
    'must begin with postgres:// or postgresql://',
  );
  const port = check(
    'PORT',
    read('PORT', DEFAULT_PORT),
    (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535,
    'must be a port from 0 (any free one) to 65535',
  );
  const temporal = temporalFrom(env, faults);

  if (faults.length > 0) throw new Error(`bad configuration: ${faults.join('; ')}`);
  return {
    app: {
      apiKeys,
      webhookSecrets,
      publicUrl: publicUrl.replace(/\/+$/, ''),
      returnUrlOrigins,
      trustProxy,
      maxChargeAmount: Number(maxChargeAmount),
      payloadUiOrigin: payloadUiOrigin || null,
      stripe: { publishableKey, jsUrl, apiBase: apiBase || null },
      merchant,
    },
    stripeReadKey: readKey || secretKey,
    databaseUrl: databaseUrl || null,
    linkSecrets,
    payloadKeys,
    host: read('HOST', DEFAULT_HOST),
    port: Number(port),
    temporal,
  };
}

function trustProxyFrom(text: string, faults: string[]): AppConfig['trustProxy'] {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const proxies = listOf(text);
  if (!proxies.every(isAddress))
    faults.push('TRUST_PROXY must be true, false, a number of hops, or addresses, comma-separated');
  return proxies;
}

function isAddress(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const longest = isIP(address) === 6 ? 128 : 32;
  return (
    isIP(address) !== 0 &&
    rest.length === 0 &&
    (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= longest))
  );
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isOrigin(text: string): boolean {
  return isHttpUrl(text) && new URL(text).origin === text;
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
