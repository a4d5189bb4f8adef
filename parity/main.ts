// `npm run parity`: whether Stripe's test mode, or another stand-in, answers one script as the emulator does.
import { readFile, writeFile } from 'node:fs/promises';
import { buildEmulator } from '../emulator/app.ts';
import { compare } from './compare.ts';
import { type ParityConfig, readConfig } from './config.ts';
import { run } from './run.ts';
import type { Answer } from './script.ts';

const HELP = `usage: npm run parity [-- --record | --additions]

Plays one script of requests and compares each answer with parity/recording.json, what the emulator promises.
Leaves with 0 when every promise is kept, with 1 when not.

  STRIPE_SECRET_KEY   sk_test_… or rk_test_…: Stripe's test mode; live keys are refused
  STRIPE_API_BASE     a stand-in instead of Stripe
  neither             an emulator that is started for the run

  --record      note what the emulator answers as what it promises
  --additions   also list the fields that are answered and not promised
`;

const RECORDING = new URL('recording.json', import.meta.url);
const BAD_USE = 2;

async function answersFrom({ against, secretKey }: ParityConfig): Promise<Answer[]> {
  if (against === 'stripe') return run(secretKey, null);
  if (against !== 'emulator') return run(secretKey, against);
  const emulator = await buildEmulator({ webhookSecret: 'whsec_parity' });
  try {
    return await run(secretKey, await emulator.listen({ host: '127.0.0.1', port: 0 }));
  } finally {
    await emulator.close();
  }
}

function configOrExit(): ParityConfig {
  if (process.argv.includes('--help')) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    process.exit(BAD_USE);
  }
}

async function main(): Promise<void> {
  const config = configOrExit();
  const answers = await answersFrom(config);
  if (config.record) {
    await writeFile(RECORDING, `${JSON.stringify(answers, null, 1)}\n`);
    console.log(`${answers.length} answers are on record`);
    return;
  }
  const promised = JSON.parse(await readFile(RECORDING, 'utf8')) as Answer[];
  const { differences, additions } = compare(promised, answers);
  for (const difference of differences) console.log(difference);
  if (config.showAdditions) for (const addition of additions) console.log(`not promised: ${addition}`);
  console.log(
    `${answers.length} steps against ${config.against}: ${differences.length} differences, ${additions.length} fields that are not promised`,
  );
  process.exitCode = differences.length === 0 ? 0 : 1;
}

await main();
