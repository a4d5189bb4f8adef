// Walks the chains of evidence and finds where each is broken first.
import { type Kysely, sql, type Transaction } from 'kysely';
import { CHAIN_START, factOf, hashOfFact, isGapAccepted } from './evidence-chain.ts';
import type { BrokenLink, EvidenceChains, Verification } from './ledger.ts';
import { hashOfDelivery } from './notice-deliveries.ts';
import { hashOfAction } from './operator-actions.ts';
import type { Tables } from './schema.ts';

/** Rows, or customers, read at a time. */
const PAGE = 500;

export function evidenceChains(db: Kysely<Tables>): EvidenceChains {
  return {
    async verify(customerId, onProgress = () => {}) {
      let verification: Verification = { customers: 0, facts: 0, acceptedGaps: 0, broken: [] };
      const add = (part: Partial<Verification>) => {
        verification = {
          customers: verification.customers + (part.customers ?? 0),
          facts: verification.facts + (part.facts ?? 0),
          acceptedGaps: verification.acceptedGaps + (part.acceptedGaps ?? 0),
          broken: [...verification.broken, ...(part.broken ?? [])],
        };
      };
      if (customerId !== 'all') {
        add(await verifyCustomer(db, customerId));
        return verification;
      }
      add({ broken: await verifyActions(db) });
      for await (const id of customerIds(db)) {
        add(await verifyCustomer(db, id));
        onProgress(verification);
      }
      return verification;
    },
  };
}

/** Every customer with a snapshot, evidence or a delivered notice. */
async function* customerIds(db: Kysely<Tables>): AsyncGenerator<string> {
  let last = '';
  for (;;) {
    const { rows } = await sql<{ readonly customer_id: string }>`
      (select customer_id from customers where customer_id > ${last} and snapshot is not null
        order by customer_id limit ${PAGE})
      union (select distinct customer_id from evidence where customer_id > ${last} order by customer_id limit ${PAGE})
      union (select distinct customer_id from notice_deliveries where customer_id > ${last}
        order by customer_id limit ${PAGE})
      order by customer_id limit ${PAGE}`.execute(db);
    for (const { customer_id } of rows) yield customer_id;
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.customer_id;
  }
}

function verifyCustomer(db: Kysely<Tables>, customerId: string): Promise<Verification> {
  // One moment of the database: evidence and snapshot are written together, and may be while this reads.
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const evidence = await verifyEvidence(trx, customerId);
      const deliveries = await verifyDeliveries(trx, customerId);
      return { ...evidence, customers: 1, broken: [...evidence.broken, ...deliveries] };
    });
}

async function verifyEvidence(
  trx: Transaction<Tables>,
  customerId: string,
): Promise<Omit<Verification, 'customers'>> {
  let previous = { sequence: 0, hash: CHAIN_START };
  let facts = 0;
  let acceptedGaps = 0;
  const broken = (at: number, problem: BrokenLink['problem']) => ({
    facts,
    acceptedGaps,
    broken: [{ chain: 'evidence', customerId, at, problem } as const],
  });
  const customer = await trx
    .selectFrom('customers')
    .select('snapshot_sequence')
    .where('customer_id', '=', customerId)
    .executeTakeFirst();
  const recordedThrough = customer?.snapshot_sequence ?? 0;
  for (;;) {
    const rows = await trx
      .selectFrom('evidence')
      .selectAll()
      .where('customer_id', '=', customerId)
      .where('sequence', '>', previous.sequence)
      .orderBy('sequence')
      .limit(PAGE)
      .execute();
    for (const row of rows) {
      const { sequence, hash } = row;
      if (sequence > recordedThrough) return broken(sequence, 'not_recorded');
      if (sequence !== previous.sequence + 1) {
        if (!(await isGapAccepted(trx, customerId, previous.sequence, row.written_at)))
          return broken(previous.sequence + 1, 'missing');
        acceptedGaps += 1;
      }
      const isWhole =
        row.previous_hash === previous.hash && hash === hashOfFact(customerId, factOf(row), previous.hash);
      if (!isWhole) return broken(sequence, 'changed');
      previous = { sequence, hash };
      facts += 1;
    }
    if (rows.length < PAGE) break;
  }
  return previous.sequence < recordedThrough
    ? broken(previous.sequence + 1, 'missing')
    : { facts, acceptedGaps, broken: [] };
}

async function verifyDeliveries(trx: Transaction<Tables>, customerId: string): Promise<BrokenLink[]> {
  const rows = await trx
    .selectFrom('notice_deliveries')
    .selectAll()
    .where('customer_id', '=', customerId)
    .orderBy('position')
    .execute();
  const at = firstBroken(rows, hashOfDelivery);
  return at === null ? [] : [{ chain: 'notice_deliveries', customerId, at, problem: 'changed' }];
}

async function verifyActions(db: Kysely<Tables>): Promise<BrokenLink[]> {
  const rows = await db.selectFrom('operator_actions').selectAll().orderBy('position').execute();
  const at = firstBroken(rows, hashOfAction);
  return at === null ? [] : [{ chain: 'operator_actions', customerId: null, at, problem: 'changed' }];
}

/** @returns the position; null when the chain is whole. A row that is missing shows at the one after it. */
function firstBroken<Row extends { position: number; previous_hash: string; hash: string }>(
  rows: readonly Row[],
  hashOfRow: (row: Row, previousHash: string) => string,
): number | null {
  let previousHash = CHAIN_START;
  for (const row of rows) {
    if (row.previous_hash !== previousHash || row.hash !== hashOfRow(row, previousHash)) return row.position;
    previousHash = row.hash;
  }
  return null;
}
