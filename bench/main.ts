// `npm run bench`: measures the product beside a bare Temporal workflow, and shows what was aimed at.
import { setMaxListeners } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { startBare } from './bare/bare.ts';
import type { RowResult } from './bench.ts';
import { type Options, readOptions, usage } from './options.ts';
import { createProduct } from './product.ts';
import { page } from './results.ts';
import { ROWS } from './rows/rows.ts';
import { type Stage, startStage } from './stage.ts';

const BAD_USAGE = 2;
const INTERRUPTED = 130;
const startedMs = Date.now();

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options | 'help';
  try {
    const names = ROWS.map(({ name }) => name);
    options = readOptions(process.argv.slice(2), names);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${usage(ROWS)}`);
    return BAD_USAGE;
  }
  if (options === 'help') {
    console.log(usage(ROWS));
    return 0;
  }
  const interrupted = new AbortController();
  setMaxListeners(0, interrupted.signal); // every request listens to it
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  const stage = await startStage({ isDevelopment: options.isDevelopment, onProgress: say });
  try {
    const results: RowResult[] = [];
    const show = () => {
      const seconds = (Date.now() - startedMs) / 1000;
      return page(results, { options, temporalName: stage.temporalName, startedMs, seconds });
    };
    try {
      await measure(options, stage, interrupted.signal, (result) => results.push(result));
    } finally {
      console.log(`\n${show()}`);
    }
    if (options.out !== null) await writeFile(options.out, show());
    return 0;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    say('interrupted; everything is being ended');
    return INTERRUPTED;
  } finally {
    await stage.stop();
  }
}

/** @param onResult gets each row as soon as it is measured: a later one may fail */
async function measure(
  options: Options,
  stage: Stage,
  signal: AbortSignal,
  onResult: (result: RowResult) => void,
): Promise<void> {
  say('starting the bare workflow');
  const bare = await startBare({
    client: stage.client,
    temporalAddress: stage.temporalAddress,
    emulatorUrl: stage.bareEmulatorUrl,
    count: options.charges,
    signal,
  });
  try {
    const product = createProduct(stage, signal);
    for (const { name, run } of ROWS) {
      if (options.rows !== null && !options.rows.includes(name)) continue;
      signal.throwIfAborted();
      say(`${name}:`);
      onResult(await run({ stage, product, bare, options, say: (line) => say(`  ${line}`), signal }));
    }
  } finally {
    await bare.stop();
  }
}

function say(line: string): void {
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  console.error(`${String(seconds).padStart(5)} s  ${line}`);
}
