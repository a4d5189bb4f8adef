// Keeps a second process off a journal; the lock of a dead process counts for nothing.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * Takes the lock beside `file`.
 * @returns what lets go of it
 * @throws if another living process on this machine holds it
 */
export async function lockJournal(file: string): Promise<() => Promise<void>> {
  const lock = `${file}.lock`;
  const owner = await readFile(lock, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const [pid = '', host] = owner.trim().split(' ');
  if (owner !== '' && host === hostname() && Number(pid) !== process.pid && isAlive(Number(pid))) {
    throw new Error(`${file} is in use by process ${pid}; if that is another program, delete ${lock}`);
  }
  await rm(lock, { force: true });
  await writeFile(lock, `${process.pid} ${hostname()}\n`, { flag: 'wx' });
  return () => rm(lock, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
