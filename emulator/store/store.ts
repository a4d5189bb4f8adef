// Where everything the emulator knows is kept: in memory, and in a journal file that a restart reads again.
// A commit is one line, so it is kept whole or not at all. It knows nothing of what the records mean.
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { lockJournal } from './journal-lock.ts';
import type {
  ChargeRecord,
  CustomerRecord,
  DeliveryRecord,
  DisputeRecord,
  DueRecord,
  EventRecord,
  FaultRecord,
  IdempotencyRecord,
  MandateRecord,
  OutcomesRecord,
  PaymentIntentRecord,
  PaymentMethodRecord,
  RefundRecord,
  SettingsRecord,
  SetupAttemptRecord,
  SetupIntentRecord,
} from './records.ts';

/** Records of one kind by id, in the order in which they were first put. */
class Collection<T> {
  private readonly records = new Map<string, T>();
  private readonly changed: (id: string) => void;
  constructor(changed: (id: string) => void) {
    this.changed = changed;
  }
  get(id: string): T | undefined {
    return this.records.get(id);
  }
  /** Keeps `record` under `id`; to be called after every change to a record, or a restart forgets the change. */
  put(id: string, record: T): void {
    this.records.set(id, record);
    this.changed(id);
  }
  delete(id: string): void {
    if (this.records.delete(id)) this.changed(id);
  }
  get size(): number {
    return this.records.size;
  }
  entries(): Array<[string, T]> {
    return [...this.records];
  }
  newestFirst(): T[] {
    return [...this.records.values()].reverse();
  }
}

interface Kinds {
  customers: CustomerRecord;
  paymentMethods: PaymentMethodRecord;
  setupIntents: SetupIntentRecord;
  setupAttempts: SetupAttemptRecord;
  paymentIntents: PaymentIntentRecord;
  charges: ChargeRecord;
  mandates: MandateRecord;
  refunds: RefundRecord;
  disputes: DisputeRecord;
  events: EventRecord;
  deliveries: DeliveryRecord;
  idempotency: IdempotencyRecord;
  faults: FaultRecord;
  outcomes: OutcomesRecord;
  due: DueRecord;
  settings: SettingsRecord;
}

type Collections = { readonly [K in keyof Kinds]: Collection<Kinds[K]> };

export interface Store extends Collections {
  /** Writes every change since the last call; resolves once the operating system has them. */
  flush(): Promise<void>;
  /** Writes what is left and lets go of the file. */
  close(): Promise<void>;
}

type JournalEntry = [kind: string, id: string, record: unknown];

/**
 * Opens the store.
 * @param file the journal; absent: memory only
 * @throws if the file cannot be read or written, if another process has it open, or if a line other than a torn last one is not a commit
 */
export async function openStore(file?: string): Promise<Store> {
  const dirty = new Map<string, [kind: keyof Kinds, id: string]>();
  const collection = <K extends keyof Kinds>(kind: K): Collection<Kinds[K]> =>
    new Collection<Kinds[K]>((id) => void dirty.set(`${kind} ${id}`, [kind, id]));
  const collections: Collections = {
    customers: collection('customers'),
    paymentMethods: collection('paymentMethods'),
    setupIntents: collection('setupIntents'),
    setupAttempts: collection('setupAttempts'),
    paymentIntents: collection('paymentIntents'),
    charges: collection('charges'),
    mandates: collection('mandates'),
    refunds: collection('refunds'),
    disputes: collection('disputes'),
    events: collection('events'),
    deliveries: collection('deliveries'),
    idempotency: collection('idempotency'),
    faults: collection('faults'),
    outcomes: collection('outcomes'),
    due: collection('due'),
    settings: collection('settings'),
  };
  if (file === undefined) {
    const forget = async () => dirty.clear();
    return { ...collections, flush: forget, close: forget };
  }

  await mkdir(dirname(file), { recursive: true });
  const unlock = await lockJournal(file);
  try {
    await replay(file, collections);
    await compact(file, collections);
    dirty.clear();
    const journal = await open(file, 'a');
    return { ...collections, ...journalWriter(journal, unlock, dirty, collections) };
  } catch (error) {
    await unlock();
    throw error;
  }
}

function journalWriter(
  journal: FileHandle,
  unlock: () => Promise<void>,
  dirty: Map<string, [kind: keyof Kinds, id: string]>,
  collections: Collections,
): Pick<Store, 'flush' | 'close'> {
  let written: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    if (dirty.size > 0) {
      const entries = [...dirty.values()].map(
        ([kind, id]): JournalEntry => [kind, id, collections[kind].get(id) ?? null],
      );
      dirty.clear();
      const line = `${JSON.stringify(entries)}\n`;
      // A line that failed to be written fails every later one: the file would no longer tell the truth.
      written = written.then(() => journal.appendFile(line));
    }
    return written;
  };
  return {
    flush,
    close: async () => {
      try {
        await flush();
      } finally {
        await journal.close();
        await unlock();
      }
    },
  };
}

async function replay(file: string, collections: Collections): Promise<void> {
  const exists = await stat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  if (!exists) return;
  let torn: Error | null = null;
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1;
    if (torn) throw torn;
    let entries: JournalEntry[];
    try {
      entries = JSON.parse(line);
    } catch {
      // Only the last line may be torn: its commit was never answered, so nobody has heard of it.
      torn = new Error(`${file}: line ${number} is not a commit`);
      continue;
    }
    for (const [kind, id, record] of entries) {
      const target = (collections as unknown as Record<string, Collection<unknown> | undefined>)[kind];
      if (!target) throw new Error(`${file}: line ${number} names an unknown kind "${kind}"`);
      if (record === null) target.delete(id);
      else target.put(id, record);
    }
  }
}

/** Rewrites the journal as it would be without the past: beside the old one first, then in its place. */
async function compact(file: string, collections: Collections): Promise<void> {
  const fresh = `${file}.new`;
  const target = await open(fresh, 'w');
  try {
    for (const [kind, records] of Object.entries(collections) as Array<[string, Collection<unknown>]>) {
      for (const [id, record] of records.entries()) {
        await target.appendFile(`${JSON.stringify([[kind, id, record]])}\n`);
      }
    }
    await target.sync();
  } finally {
    await target.close();
  }
  await rename(fresh, file);
}
