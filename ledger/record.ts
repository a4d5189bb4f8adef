// Writes what a workflow puts on record: facts, the charges they concern, the customer.
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Fact } from '../domain/model/facts.ts';
import { CLOSED, textsKey } from './charge-rows.ts';
import { writeFacts } from './evidence-chain.ts';
import type { Ledger, RecordEntry } from './ledger.ts';
import { writeNotices } from './notice-outbox.ts';
import type { Tables } from './schema.ts';

/** The newest fact that opened a charge, among those that an entry's snapshot covers. */
interface Opening {
  readonly sequence: number;
  readonly atMs: number;
}

export function record(db: Kysely<Tables>): Ledger['record'] {
  return (entry) => db.transaction().execute((trx) => writeEntry(trx, entry));
}

/** @throws EvidenceConflict */
export async function writeEntry(
  trx: Transaction<Tables>,
  entry: RecordEntry,
): Promise<{ readonly alreadyClosed: readonly string[] }> {
  await writeCustomer(trx, entry); // first: its row is the lock that makes concurrent entries of a customer wait for each other
  await writeFacts(trx, entry.customerId, entry.facts);
  if (entry.notifies) await writeNotices(trx, entry.customerId, entry.facts);
  if (entry.charges.length === 0) return { alreadyClosed: [] };

  const openings = await readOpenings(trx, entry);
  const written = await writeCharges(trx, entry, openings);
  const unwritten = entry.charges.map(({ chargeId }) => chargeId).filter((id) => !written.has(id));
  return { alreadyClosed: await readReopened(trx, entry.customerId, unwritten, openings) };
}

/** An older snapshot changes nothing; in any case the row exists and is locked afterwards. */
async function writeCustomer(
  trx: Transaction<Tables>,
  { customerId, view, snapshot }: RecordEntry,
): Promise<void> {
  await trx
    .insertInto('customers')
    .values({
      customer_id: customerId,
      stripe_customer_id: view.stripeCustomerId,
      status: view.status,
      view: JSON.stringify(view),
      snapshot: JSON.stringify(snapshot),
      snapshot_sequence: snapshot.sequence,
    })
    .onConflict((conflict) =>
      conflict
        .column('customer_id')
        .doUpdateSet((eb) => ({
          stripe_customer_id: eb.ref('excluded.stripe_customer_id'),
          status: eb.ref('excluded.status'),
          view: eb.ref('excluded.view'),
          snapshot: eb.ref('excluded.snapshot'),
          snapshot_sequence: eb.ref('excluded.snapshot_sequence'),
        }))
        .where(sql<boolean>`coalesce(customers.snapshot_sequence, 0) <= excluded.snapshot_sequence`),
    )
    .execute();
}

async function readOpenings(trx: Transaction<Tables>, entry: RecordEntry): Promise<Map<string, Opening>> {
  const rows = await trx
    .selectFrom('evidence')
    .distinctOn('charge_id')
    .select(['charge_id', 'sequence', 'at_ms'])
    .where('customer_id', '=', entry.customerId)
    .where('kind', '=', 'charge_opened')
    .where(
      'charge_id',
      'in',
      entry.charges.map(({ chargeId }) => chargeId),
    )
    .where('sequence', '<=', entry.snapshot.sequence)
    .orderBy('charge_id')
    .orderBy('sequence', 'desc')
    .execute();
  return new Map(rows.map((row) => [row.charge_id ?? '', { sequence: row.sequence, atMs: row.at_ms }]));
}

/**
 * Writes the charges whose rows are neither closed nor newer, those that were closed by facts which do not count, and
 * those that had failed and are collected after all, or waived. What is open, the workflow decides: a row that was
 * claimed with other terms meanwhile gets the workflow's, and loses its hash and its texts, which belong to the other
 * terms.
 * @returns the ids that were written
 */
async function writeCharges(
  trx: Transaction<Tables>,
  { customerId, facts, charges, snapshot }: RecordEntry,
  openings: ReadonlyMap<string, Opening>,
): Promise<ReadonlySet<string>> {
  const superseded = supersededSequences(facts);
  const resumed = facts.flatMap(({ kind, chargeId }) =>
    kind === 'charge_reopened' || kind === 'charge_waived' ? [chargeId ?? ''] : [],
  );
  const sameTerms = sql<boolean>`(charges.amount = excluded.amount and charges.currency = excluded.currency
    and coalesce(charges.due_at_ms, excluded.due_at_ms) = excluded.due_at_ms)`;
  const written = await trx
    .insertInto('charges')
    .values(
      charges.map((view) => ({
        customer_id: customerId,
        charge_id: view.chargeId,
        terms_hash: null,
        amount: view.amount,
        currency: view.currency,
        due_at_ms: view.dueAtMs,
        opened_at_ms: openings.get(view.chargeId)?.atMs ?? view.dueAtMs,
        status: view.status,
        view: JSON.stringify(view),
        opened_sequence: openings.get(view.chargeId)?.sequence ?? null,
        recorded_sequence: snapshot.sequence,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['customer_id', 'charge_id'])
        .doUpdateSet((eb) => ({
          terms_hash: sql<string | null>`case when ${sameTerms} then charges.terms_hash end`,
          amount: eb.ref('excluded.amount'),
          currency: eb.ref('excluded.currency'),
          due_at_ms: sql<number>`case when ${sameTerms} then charges.due_at_ms else excluded.due_at_ms end`,
          status: eb.ref('excluded.status'),
          view: eb.ref('excluded.view'),
          hand_over_at_ms: null,
          opened_sequence: eb.ref('excluded.opened_sequence'),
          recorded_sequence: eb.ref('excluded.recorded_sequence'),
        }))
        .where((eb) =>
          eb.or([
            eb('charges.status', 'not in', CLOSED),
            ...(superseded.length === 0 ? [] : [eb('charges.recorded_sequence', 'in', superseded)]),
            ...(resumed.length === 0
              ? []
              : [eb.and([eb('charges.status', '=', 'failed'), eb('charges.charge_id', 'in', resumed)])]),
          ]),
        )
        .where(sql<boolean>`coalesce(charges.recorded_sequence, 0) <= excluded.recorded_sequence`),
    )
    .returning(['charge_id', 'terms_hash'])
    .execute();

  const unclaimed = written.filter((row) => row.terms_hash === null).map((row) => textsKey(row.charge_id));
  if (unclaimed.length > 0) {
    await trx
      .deleteFrom('personal_data')
      .where('customer_id', '=', customerId)
      .where('key', 'in', unclaimed)
      .execute();
  }
  return new Set(written.map((row) => row.charge_id));
}

/** The newest of each run of facts that do not count, which is what a charge's row written with them names. */
function supersededSequences(facts: readonly Fact[]): readonly number[] {
  return facts.flatMap(({ kind, data }) =>
    kind === 'facts_superseded' && typeof data.through === 'number' ? [data.through] : [],
  );
}

/**
 * Which of these charges had been closed and were then opened again by a late message. Each opening is a fact with a
 * sequence of its own, and a row keeps the sequence of the opening it shows: a closed row with a later opening was opened
 * again. Openings beyond the entry's snapshot do not count, so writing the closing entry twice gives the same answer.
 */
async function readReopened(
  trx: Transaction<Tables>,
  customerId: string,
  chargeIds: readonly string[],
  openings: ReadonlyMap<string, Opening>,
): Promise<string[]> {
  if (chargeIds.length === 0) return [];
  const closed = await trx
    .selectFrom('charges')
    .select(['charge_id', 'opened_sequence'])
    .where('customer_id', '=', customerId)
    .where('charge_id', 'in', chargeIds)
    .where('status', 'in', CLOSED)
    .execute();
  return closed
    .filter((row) => (openings.get(row.charge_id)?.sequence ?? 0) > (row.opened_sequence ?? 0))
    .map((row) => row.charge_id);
}
