// Makes the empty ledger in memory that tests begin with, once for each version of the ledger's code.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';
import { openLedger } from '../../ledger/open.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A data folder of PGlite, as it dumps one. */
    ledgerSnapshotPath: string;
  }
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache/offsession');

/** PGlite takes seconds to make a database and no time to copy one. */
export default async function setup(project: TestProject): Promise<void> {
  const path = join(CACHE, `ledger-${await versionOfLedger()}.tar`);
  if (!existsSync(path)) await takeSnapshot(path);
  project.provide('ledgerSnapshotPath', path);
}

async function versionOfLedger(): Promise<string> {
  const hash = createHash('sha256');
  hash.update(await readFile(join(ROOT, 'node_modules/@electric-sql/pglite/package.json')));
  const folder = join(ROOT, 'ledger');
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
  for (const file of files.sort()) hash.update(await readFile(join(folder, file)));
  return hash.digest('hex').slice(0, 16);
}

async function takeSnapshot(path: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const dataDir = await mkdtemp(join(tmpdir(), 'offsession-snapshot-'));
  try {
    const ledger = await openLedger({ dataDir });
    await ledger.close();
    const database = await PGlite.create(join(dataDir, 'ledger'));
    const dump = await database.dumpDataDir('none').finally(() => database.close());
    // Written aside and renamed: runs side by side never see half a file.
    const whole = join(CACHE, `${process.pid}-${Date.now()}.tar`);
    await writeFile(whole, Buffer.from(await dump.arrayBuffer()));
    await rename(whole, path);
  } finally {
    await rm(dataDir, { recursive: true });
  }
}
