// The journal file: a commit is one line, so it is kept whole or not at all.
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { lockJournal } from './journal-lock.ts';

/** `record` is null where it was deleted. */
export type JournalEntry = [kind: string, id: string, record: unknown];

export interface Journal {
  /** Appends one commit, after those before; resolves once the operating system has it. */
  append(entries: readonly JournalEntry[]): Promise<void>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/**
 * Opens the journal for one process: gives what is in it to `restore`, and rewrites it as `all` says it would be
 * without the past.
 * @throws if the file cannot be read or written, if another process has it open, or if a line other than a torn last one is not a commit
 */
export async function openJournal(
  file: string,
  restore: (entry: JournalEntry) => void,
  all: () => readonly JournalEntry[],
): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true });
  const unlock = await lockJournal(file);
  try {
    await replay(file, restore);
    await rewrite(file, all());
    const target = await open(file, 'a');
    let written: Promise<void> = Promise.resolve();
    return {
      append: (entries) => {
        if (entries.length === 0) return written;
        const line = lineOf(entries);
        // A line that failed to be written fails every later one: the file would no longer tell the truth.
        written = written.then(() => target.appendFile(line));
        return written;
      },
      close: async () => {
        await target.close();
        await unlock();
      },
    };
  } catch (error) {
    await unlock();
    throw error;
  }
}

function lineOf(entries: readonly JournalEntry[]): string {
  return `${JSON.stringify(entries)}\n`;
}

async function replay(file: string, restore: (entry: JournalEntry) => void): Promise<void> {
  if (!(await exists(file))) return;
  let torn: Error | null = null;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1;
    if (torn) throw torn;
    let entries: JournalEntry[];
    try {
      entries = JSON.parse(line);
    } catch {
      // Only the last line may be torn: its commit was never answered, so nobody has relied on it.
      torn = new Error(`${file}: line ${number} is not a commit`);
      continue;
    }
    try {
      for (const entry of entries) restore(entry);
    } catch (error) {
      throw new Error(`${file}: line ${number}: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Beside the old one first, then in its place. */
async function rewrite(file: string, entries: readonly JournalEntry[]): Promise<void> {
  const fresh = `${file}.new`;
  const target = await open(fresh, 'w');
  try {
    for (const entry of entries) await target.appendFile(lineOf([entry]));
    await target.sync();
  } finally {
    await target.close();
  }
  await rename(fresh, file);
}
