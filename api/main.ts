// The api as a process of its own: environment in, port open, closed in order. The app itself knows none of this.
import { Client, Connection } from '@temporalio/client';
import { type Logger, pino } from 'pino';
import { openLedger } from '../ledger/open.ts';
import { createLinks } from '../links/links.ts';
import { createStripeReader } from '../stripe/reader.ts';
import { createPayloadCodec, dataConverterWith } from '../temporal/payload-codec.ts';
import { buildApp } from './app.ts';
import { type ApiConfig, loadConfig } from './config.ts';

const HELP = `usage: npm run api [-- --help]

The HTTP api and the customer's pages. Everything is set by the environment:

  STRIPE_READ_KEY         reads intents; restricted is enough (else STRIPE_SECRET_KEY)
  STRIPE_PUBLISHABLE_KEY  for the pages; same account and mode
  STRIPE_WEBHOOK_SECRET   of the endpoint /webhooks/stripe; several, comma-separated
  STRIPE_API_BASE         a stand-in for Stripe; never with a live key
  STRIPE_JS_URL           where pages load Stripe.js from (default: Stripe's, or the stand-in's)
  DATABASE_URL            postgres://… of the ledger
  API_KEYS                name:scope[+scope]:secret, comma-separated; scopes read, charge, operate;
                          the secret plain or as sha256=<hex>
  LINK_SECRET             at least 32 characters; several, comma-separated: the first signs
  PUBLIC_URL              where customers reach this process
  RETURN_URL_ORIGINS      origins a customer may be sent back to, comma-separated
  TRUST_PROXY             true, false (default), a number of hops, or addresses
  MAX_CHARGE_AMOUNT       minor units (default 99999999)
  MERCHANT_NAME, TERMS_URL, TERMS_VERSION   what customers agree to
  PAYLOAD_KEYS            id:base64key, comma-separated: encrypts what Temporal keeps; the first encrypts
  PAYLOAD_UI_ORIGIN       of the Temporal UI, which may then ask /codec/decode
  HOST, PORT              where to listen (default 127.0.0.1:3000)
  TEMPORAL_…              Temporal's own variables

SIGTERM or Ctrl-C ends it once requests under way are answered. Exit codes: 0 ended as asked, 1 a fault, 2 bad configuration.`;

const FAULT = 1;
const BAD_CONFIGURATION = 2;

const options = process.argv.slice(2);
if (options.length > 0) {
  const isAsked = options.length === 1 && options[0] === '--help';
  (isAsked ? console.log : console.error)(HELP);
  process.exitCode = isAsked ? 0 : BAD_CONFIGURATION;
} else {
  await start();
}

async function start(): Promise<void> {
  let config: ApiConfig;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = BAD_CONFIGURATION;
    return;
  }
  const logger = pino();
  try {
    await serve(config, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'the api ends because of a fault');
    process.exit(FAULT);
  }
}

async function serve(config: ApiConfig, logger: Logger): Promise<void> {
  const ledger = await openLedger({ databaseUrl: config.databaseUrl ?? '' });
  // Lazy: while Temporal is away this process says so, instead of not being there.
  const connection = Connection.lazy(config.temporal.connectionOptions);
  const payloads = createPayloadCodec(config.payloadKeys);
  const app = await buildApp({
    config: config.app,
    ledger,
    temporal: new Client({
      connection,
      namespace: config.temporal.namespace,
      dataConverter: dataConverterWith(payloads),
    }),
    payloads,
    links: createLinks({ secrets: config.linkSecrets, publicUrl: config.app.publicUrl }),
    stripe: createStripeReader({ apiKey: config.stripeReadKey, apiBase: config.app.stripe.apiBase }),
    logger,
  });
  const close = async () => {
    await app.close();
    await connection.close();
    await ledger.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'closing: requests under way are answered first');
      close().catch((error: unknown) => {
        logger.error({ err: error }, 'did not close in order');
        process.exitCode = FAULT;
      });
    });
  }
  await app.listen({ host: config.host, port: config.port });
}
