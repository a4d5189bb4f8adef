// `npm run emulator`: the stand-in for Stripe as a process of its own, until it is told to stop.
import { parseArgs } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { buildEmulator } from './app.ts';
import { type EmulatorConfig, loadConfig } from './config.ts';

const HELP = `usage: npm run emulator [-- --help]

A stand-in for Stripe, with its Stripe.js and its banks. Everything is set by the environment:

  HOST                   address to listen on (default 127.0.0.1)
  PORT                   port to listen on (default 8420; 0: any free one)
  DATA_DIR               folder it keeps its state in (default .data)
  STRIPE_WEBHOOK_SECRET  whsec_… it signs events with; the first of a comma-separated list (required)
  EMULATOR_WEBHOOK_URL   where it sends events (without it, none are sent)

Point a Stripe SDK at it with host, port and protocol http, and any key that starts with sk_test_.
GET /_emulator/ explains how to steer it.

Exit codes: 0 ended as asked, 1 a fault, 2 bad configuration.
`;

const FAULT = 1;
const BAD_CONFIGURATION = 2;

/** How long deliveries under way may take to end, milliseconds. */
const CLOSE_MS = 10_000;

function configOrExit(): EmulatorConfig {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
    if (values.help) {
      process.stdout.write(HELP);
      process.exit(0);
    }
    return loadConfig(process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nnpm run emulator -- --help lists all settings\n`);
    process.exit(BAD_CONFIGURATION);
  }
}

async function main(): Promise<void> {
  const config = configOrExit();
  process.umask(0o077); // what it keeps is its owner's alone
  const app = await buildEmulator({
    dataFile: config.dataFile,
    webhookSecret: config.webhookSecret,
    ...(config.webhookUrl === null ? {} : { webhookUrl: config.webhookUrl }),
  });
  const address = await app.listen({ host: config.host, port: config.port });
  process.stdout.write(
    `Stripe stand-in: ${address}\nControl API:     ${address}/_emulator/\nState:           ${config.dataFile}\n` +
      `Webhooks:        ${config.webhookUrl ?? 'none (EMULATOR_WEBHOOK_URL is not set)'}\n`,
  );
  closeWithGrace({ delay: CLOSE_MS }, async ({ err }) => {
    if (err) process.stderr.write(`${err.stack ?? String(err)}\n`);
    await app.close();
  });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `the emulator did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(FAULT);
});
