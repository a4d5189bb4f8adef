// The api as a process of its own: reads the environment, opens the port, and closes in order.
import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import closeWithGrace from 'close-with-grace';
import { type Logger, pino } from 'pino';
import { openLedger } from '../ledger/open.ts';
import { assembleApi } from './assemble.ts';
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
  TRUST_PROXY             false (default), a number of hops (1 to 5), or addresses
  MAX_CHARGE_AMOUNT       minor units, or by currency: eur:500000,default:100000
  POLICY_FILE             JSON: how declined charges are collected (docs/policy.md)
  MERCHANT_NAME, TERMS_URL, TERMS_VERSION   what customers agree to
  PAYLOAD_KEYS            id:base64key, comma-separated: encrypts what Temporal keeps; the first encrypts
  PAYLOAD_ALLOW_PLAIN     true: also takes what is not encrypted, while runs from before the keys go on
  PAYLOAD_UI_ORIGIN       of the Temporal UI, which may then ask /codec/decode
  HOST, PORT              where to listen (default 127.0.0.1:3000)
  TEMPORAL_…              Temporal's own variables

SIGTERM or Ctrl-C ends it once requests under way are answered. Exit codes: 0 ended as asked, 1 a fault, 2 bad configuration.`;

const FAULT = 1;
const BAD_CONFIGURATION = 2;
/** Milliseconds; longer than the api takes to answer what is under way. */
const LONGEST_CLOSE = 60_000;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code; a running api ends by a signal */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args: [...args], options: { help: { type: 'boolean' } } });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${HELP}`);
    return BAD_CONFIGURATION;
  }
  let config: ApiConfig;
  try {
    config = loadConfig(process.env);
  } catch (error) {
    console.error(messageOf(error));
    return BAD_CONFIGURATION;
  }
  const logger = pino();
  try {
    await serve(config, logger);
    return 0;
  } catch (error) {
    logger.fatal({ err: error }, 'the api ends because of a fault');
    process.exit(FAULT);
  }
}

async function serve(config: ApiConfig, logger: Logger): Promise<void> {
  const ledger = await openLedger({ databaseUrl: config.databaseUrl ?? '' });
  // Lazy: while Temporal does not answer, this process says so instead of ending.
  const connection = Connection.lazy(config.temporal.connectionOptions);
  const app = await assembleApi(config, { ledger, connection, logger });
  closeWithGrace({ delay: LONGEST_CLOSE, logger, skip: ['beforeExit'] }, async ({ signal, err }) => {
    if (err) logger.fatal({ err }, 'the api ends because of a fault');
    else logger.info({ signal }, 'closing: requests under way are answered first');
    await app.close();
    await connection.close();
    await ledger.close();
  });
  await app.listen({ host: config.host, port: config.port });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
