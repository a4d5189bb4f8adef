// `npm run mutants`: makes one small fault after the other, and says which test sees it.
import { parseArgs } from 'node:util';
import { FAULTS, type Mutant, readMutants, type TestSelection } from './mutant.ts';
import { runTests, runToEnd } from './run-tests.ts';
import { changedSince, copyTree, type Tree } from './tree.ts';

const USAGE = `usage: npm run mutants -- [--only ID…] [--touched-since REF] [--minutes N] [--chaos]

Makes each fault of ${FAULTS}/ in a copy of the working tree, one at a time, and runs the tests that the
fault names until one fails. A fault that no test sees is a missing test. The tests must pass without any fault first.

  --only ID…           these faults only; an id is the name of its file
  --touched-since REF  only faults whose code, tests or own file are not as they were in that commit
  --minutes N          begins no further fault after so many minutes; those left are listed, and are no failure
  --chaos              a fault that its tests do not see meets the short kill test too (minutes each; needs PostgreSQL)

Exit codes: 0 every fault that was tried was seen, 1 one was not, or could not be tried, or a test fails without any
fault, 2 bad usage, 130 interrupted.`;

const KILL_TEST = ['run', '--silent', 'chaos', '--', '--seed', '1', '--charges', '60', '--kills', '6'];
const KILL_TEST_MS = 20 * 60_000;

interface Options {
  readonly only: readonly string[];
  readonly touchedSince: string | null;
  readonly minutes: number | null;
  readonly chaos: boolean;
}

type Verdict =
  | { readonly is: 'caught'; readonly by: string }
  | { readonly is: 'LIVES' | 'NOT TRIED' | 'left'; readonly reason: string };

interface Result {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  readonly seconds: number;
}

const say = (line: string) => console.log(line);

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));

  const { minutes } = options;
  const endMs = minutes === null ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const root = process.cwd();
  const mutants = await selectMutants(root, options);
  if (mutants === null) return 2;
  if (mutants.length === 0) {
    say('No fault is touched.');
    return 0;
  }
  const tree = await copyTree(root);
  try {
    const failing = await failsWithout(tree, mutants, interrupted.signal);
    if (failing !== null) {
      say(`Fails without any fault, so nothing can be told: ${failing}`);
      return 1;
    }
    const results = await tryAll(tree, mutants, { endMs, chaos: options.chaos }, interrupted.signal);
    for (const line of table(results)) say(line);
    return results.every(({ verdict }) => verdict.is === 'caught' || verdict.is === 'left') ? 0 : 1;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    say('\nInterrupted; everything has been ended and the copy removed.');
    return 130;
  } finally {
    await tree.remove();
  }
}

/** @returns null, having said why, where an id or the commit is unknown */
async function selectMutants(root: string, { only, touchedSince }: Options): Promise<Mutant[] | null> {
  const all = await readMutants(root);
  const unknown = only.filter((id) => !all.some((mutant) => mutant.id === id));
  if (unknown.length > 0) {
    console.error(`There is no fault called ${unknown.join(', ')} in ${FAULTS}/.`);
    return null;
  }
  const wanted = only.length === 0 ? all : all.filter(({ id }) => only.includes(id));
  if (touchedSince === null) return wanted;
  const changed = await changedSince(root, touchedSince).catch(() => null);
  if (changed === null) {
    console.error(`Git knows no commit called ${touchedSince}.`);
    return null;
  }
  return wanted.filter(({ id, tests, changes }) =>
    [`${FAULTS}/${id}.mutant`, ...[...tests, ...changes].map(({ file }) => file)].some((file) =>
      changed.has(file),
    ),
  );
}

/** Otherwise a test that fails anyway would pass for one that sees a fault. */
async function failsWithout(
  tree: Tree,
  mutants: readonly Mutant[],
  signal: AbortSignal,
): Promise<string | null> {
  const named = new Map<TestSelection['pattern'], Set<string>>();
  for (const { file, pattern } of mutants.flatMap(({ tests }) => tests))
    named.set(pattern, (named.get(pattern) ?? new Set()).add(file));
  const count = [...named.values()].reduce((sum, files) => sum + files.size, 0);
  say(`${mutants.length} faults; first the ${count} files of tests that they name, without any fault`);
  for (const [pattern, files] of named) {
    const failed = await runTests(tree.folder, { files: [...files], pattern }, signal);
    if (failed !== null) return failed;
  }
  return null;
}

async function tryAll(
  tree: Tree,
  mutants: readonly Mutant[],
  { endMs, chaos }: { readonly endMs: number; readonly chaos: boolean },
  signal: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const mutant of mutants) {
    const startedMs = Date.now();
    const verdict: Verdict =
      startedMs < endMs
        ? await tryOne(tree, mutant, chaos, signal)
        : { is: 'left', reason: 'the time was up' };
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    results.push({ mutant, verdict, seconds });
    const what = verdict.is === 'caught' ? verdict.by : verdict.reason;
    say(`${results.length}/${mutants.length} ${mutant.id}: ${verdict.is} (${seconds} s) ${what}`);
  }
  return results;
}

async function tryOne(tree: Tree, mutant: Mutant, chaos: boolean, signal: AbortSignal): Promise<Verdict> {
  let undo = async () => {};
  try {
    undo = await tree.mutate(mutant);
    for (const { file, pattern } of mutant.tests) {
      const failed = await runTests(tree.folder, { files: [file], pattern }, signal);
      if (failed !== null) return { is: 'caught', by: failed };
    }
    return chaos ? await killTest(tree, signal) : { is: 'LIVES', reason: mutant.wrong };
  } catch (error) {
    if (signal.aborted) throw error;
    return { is: 'NOT TRIED', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await undo();
  }
}

async function killTest({ folder }: Tree, signal: AbortSignal): Promise<Verdict> {
  const build = await runToEnd('npm', ['run', '--silent', 'build'], folder, KILL_TEST_MS, signal);
  if (build.code !== 0) throw new Error(`it does not compile:\n${build.output}`);
  const { code } = await runToEnd('npm', KILL_TEST, folder, KILL_TEST_MS, signal);
  return code === 0
    ? { is: 'LIVES', reason: 'neither its tests nor the kill test see it' }
    : { is: 'caught', by: 'the kill test' };
}

function* table(results: readonly Result[]): Generator<string> {
  const width = Math.max(...results.map(({ mutant }) => mutant.id.length));
  yield '';
  for (const { mutant, verdict } of results) {
    const what = verdict.is === 'caught' ? verdict.by : verdict.reason;
    yield `${verdict.is.padEnd(9)}  ${mutant.id.padEnd(width)}  ${what}`;
  }
  const count = (is: Verdict['is']) => results.filter(({ verdict }) => verdict.is === is).length;
  const others = (['LIVES', 'NOT TRIED', 'left'] as const).filter((is) => count(is) > 0);
  yield `\n${count('caught')} of ${results.length} faults caught${others.map((is) => `, ${count(is)} ${is}`).join('')}`;
}

/** @returns an exit code where there is nothing to run */
function readOptions(): Options | number {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string', multiple: true, default: [] },
        'touched-since': { type: 'string' },
        minutes: { type: 'string' },
        chaos: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      say(USAGE);
      return 0;
    }
    if (positionals.length > 0 && values.only.length === 0)
      throw new Error(`"${positionals[0]}" is no option; ids come after --only`);
    if (values.minutes !== undefined && !/^\d{1,4}$/.test(values.minutes))
      throw new Error('--minutes must be a whole number');
    return {
      only: [...values.only, ...positionals],
      touchedSince: values['touched-since'] ?? null,
      minutes: values.minutes === undefined ? null : Number(values.minutes),
      chaos: values.chaos,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 2;
  }
}
