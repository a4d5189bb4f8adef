// Runs tests in a copy of the tree, and says which one failed first.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { TestSelection } from './mutant.ts';

/** Tests that take longer do not end: that is a failure too, for without the fault they do. */
const LONGEST_MS = 10 * 60_000;
/** What does not end by itself is killed. */
const END_WITHIN_MS = 15_000;

/** As much of vitest's JSON report as is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * @returns the first test that failed, as `file: name`; null when all passed
 * @throws Error where no test ran
 */
export async function runTests(
  folder: string,
  { files, pattern }: { readonly files: readonly string[]; readonly pattern: TestSelection['pattern'] },
  signal: AbortSignal,
): Promise<string | null> {
  const reportFile = join(folder, 'mutants-report.json');
  await rm(reportFile, { force: true });
  const vitest = [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', '--bail=1'];
  const reporter = ['--reporter=json', `--outputFile=${reportFile}`];
  const only = pattern === null ? [] : ['-t', pattern];
  const { code, output, isEnded } = await runToEnd(
    process.execPath,
    [...vitest, ...reporter, ...only, ...files],
    folder,
    LONGEST_MS,
    signal,
  );
  if (!isEnded) return `${files.join(', ')}: did not end within ${LONGEST_MS / 60_000} minutes`;
  const written = await readFile(reportFile, 'utf8').catch(() => null);
  if (written === null) throw new Error(`vitest reported nothing about ${files.join(', ')}:\n${output}`);
  const report: Report = JSON.parse(written);
  const failed = failedIn(report, folder);
  if (failed !== null) return failed;
  if (code !== 0) return `${files.join(', ')}: an error outside of any test`;
  if (report.numPassedTests === 0)
    throw new Error(`no test of ${files.join(', ')} is called ${pattern ?? 'anything'}`);
  return null;
}

/** A test, where one is to blame: files that were under way when it failed count as failed too. */
function failedIn({ testResults }: Report, folder: string): string | null {
  const results = testResults.map((result) => ({ ...result, file: relative(folder, result.name) }));
  for (const { file, assertionResults } of results) {
    const test = assertionResults.find(({ status }) => status === 'failed');
    if (test) return `${file}: ${test.fullName}`;
  }
  const files = results.filter(({ status }) => status === 'failed');
  const [first] = files.toSorted((one, other) => other.message.length - one.message.length);
  return first ? `${first.file}: ${first.message.split('\n')[0]}` : null;
}

/**
 * Runs a program in a process group of its own, so that all that it has started ends with it.
 * @throws the reason of `signal` when that is aborted, after everything has ended
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  cwd: string,
  longestMs: number,
  signal: AbortSignal,
): Promise<{ readonly code: number | null; readonly output: string; readonly isEnded: boolean }> {
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.on('data', (part: Buffer) => parts.push(part));
  const tooLong = AbortSignal.timeout(longestMs);
  const stopped = AbortSignal.any([signal, tooLong]);
  const stop = () => void endGroup(child);
  stopped.addEventListener('abort', stop);
  const [code] = (await once(child, 'close').finally(() => stopped.removeEventListener('abort', stop))) as [
    number | null,
  ];
  await endGroup(child);
  signal.throwIfAborted();
  return { code, output: Buffer.concat(parts).toString().slice(-4_000), isEnded: !tooLong.aborted };
}

/** Asks the whole group to end, and kills what is left of it. */
async function endGroup({ pid }: ChildProcess): Promise<void> {
  const send = (name: NodeJS.Signals | 0): boolean => {
    try {
      return pid !== undefined && process.kill(-pid, name);
    } catch {
      return false; // nobody is left
    }
  };
  if (!send('SIGTERM')) return;
  for (const giveUpAt = Date.now() + END_WITHIN_MS; Date.now() < giveUpAt; ) {
    if (!send(0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  send('SIGKILL');
}
