// Where everything the emulator knows is kept: in memory, and in a journal file that a restart reads again.
import { type JournalEntry, openJournal } from './journal.ts';
import type {
  ChargeRecord,
  CustomerRecord,
  DeliveryRecord,
  DisputeRecord,
  DueRecord,
  EarlyFraudWarningRecord,
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
  earlyFraudWarnings: EarlyFraudWarningRecord;
  events: EventRecord;
  deliveries: DeliveryRecord;
  idempotency: IdempotencyRecord;
  faults: FaultRecord;
  outcomes: OutcomesRecord;
  due: DueRecord;
  settings: SettingsRecord;
}

const KINDS = [
  'customers',
  'paymentMethods',
  'setupIntents',
  'setupAttempts',
  'paymentIntents',
  'charges',
  'mandates',
  'refunds',
  'disputes',
  'earlyFraudWarnings',
  'events',
  'deliveries',
  'idempotency',
  'faults',
  'outcomes',
  'due',
  'settings',
] as const satisfies readonly (keyof Kinds)[];

type Collections = { readonly [K in keyof Kinds]: Collection<Kinds[K]> };

export interface Store extends Collections {
  /** Writes every change since the last call, as one commit; resolves once the operating system has it. */
  flush(): Promise<void>;
  /** Writes what is left and lets go of the file. */
  close(): Promise<void>;
}

/**
 * Opens the store.
 * @param file the journal; absent: memory only
 * @throws if the file cannot be read or written, if another process has it open, or if a line other than a torn last one is not a commit
 */
export async function openStore(file?: string): Promise<Store> {
  const changed = new Map<string, [kind: keyof Kinds, id: string]>();
  const collections = Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      new Collection<unknown>((id) => void changed.set(`${kind} ${id}`, [kind, id])),
    ]),
  ) as unknown as Collections;
  if (file === undefined) {
    const forget = async () => changed.clear();
    return { ...collections, flush: forget, close: forget };
  }

  const anyKind = collections as unknown as Record<string, Collection<unknown> | undefined>;
  const restore = ([kind, id, record]: JournalEntry) => {
    const collection = anyKind[kind];
    if (!collection) throw new Error(`an unknown kind "${kind}"`);
    if (record === null) collection.delete(id);
    else collection.put(id, record);
  };
  const all = (): JournalEntry[] =>
    KINDS.flatMap((kind) =>
      collections[kind].entries().map(([id, record]): JournalEntry => [kind, id, record]),
    );
  const journal = await openJournal(file, restore, all);
  changed.clear();

  const flush = async (): Promise<void> => {
    const entries = [...changed.values()].map(
      ([kind, id]): JournalEntry => [kind, id, collections[kind].get(id) ?? null],
    );
    changed.clear();
    await journal.append(entries);
  };
  const close = async (): Promise<void> => {
    try {
      await flush();
    } finally {
      await journal.close();
    }
  };
  return { ...collections, flush, close };
}
