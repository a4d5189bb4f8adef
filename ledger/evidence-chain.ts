// Writes facts as a chain: each carries the hash of the one before, and none replaces another.
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Fact } from '../domain/model/facts.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import { hashOf } from './hash.ts';
import type { Tables } from './schema.ts';

/** In place of the hash before, for the first entry of a chain. */
export const CHAIN_START = '';

/**
 * The record cannot take an entry: it holds another one in its place, or lacks the fact before. Nothing of the entry is
 * written. Repeating does not help, but is harmless: docs/operations.md says what an operator does.
 */
export class EvidenceConflict extends Error {
  override readonly name = 'EvidenceConflict';

  /** The number of the fact; null for another kind of entry. */
  readonly sequence: number | null;

  /** @param about what could not be written: a fact by its number, or in words without personal data */
  constructor(customerId: string, about: number | string, problem: 'other_content' | 'gap') {
    const entry = typeof about === 'number' ? `fact ${about}` : about;
    const what = problem === 'gap' ? `lacks the facts before ${entry}` : `holds another ${entry}`;
    super(`the record of customer ${customerId} ${what}; "Evidence" in docs/operations.md says what to do`);
    this.sequence = typeof about === 'number' ? about : null;
  }
}

/** The hash of a fact covers all of it and, by the previous hash, every fact before. */
export function hashOfFact(customerId: string, fact: Fact, previousHash: string): string {
  const { sequence, atMs, kind, chargeId = null, actor = null, reason = null, data } = fact;
  return hashOf([customerId, sequence, atMs, kind, chargeId, actor, reason, data, previousHash]);
}

export function factOf(row: Omit<Selectable<Tables['evidence']>, 'customer_id'>): Fact {
  return {
    sequence: row.sequence,
    atMs: row.at_ms,
    kind: row.kind,
    ...omitUndefined({
      chargeId: row.charge_id ?? undefined,
      actor: row.actor ?? undefined,
      reason: row.reason ?? undefined,
    }),
    data: row.data,
  };
}

/**
 * The caller holds the lock on the customer's row. Facts that are there with the same content are left alone.
 * @param facts in the order of their sequence
 * @throws EvidenceConflict
 */
export async function writeFacts(
  trx: Transaction<Tables>,
  customerId: string,
  facts: readonly Fact[],
): Promise<void> {
  const [first] = facts;
  if (first === undefined) return;
  const before = await trx
    .selectFrom('evidence')
    .select(['sequence', 'hash'])
    .where('customer_id', '=', customerId)
    .where('sequence', '<', first.sequence)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
  const there = await trx
    .selectFrom('evidence')
    .select(['sequence', 'hash'])
    .where('customer_id', '=', customerId)
    .where(
      'sequence',
      'in',
      facts.map(({ sequence }) => sequence),
    )
    .execute();
  const hashes = new Map(there.map(({ sequence, hash }) => [sequence, hash]));

  const rows = [];
  let previous = { sequence: before?.sequence ?? 0, hash: before?.hash ?? CHAIN_START };
  for (const fact of facts) {
    const { sequence } = fact;
    const hash = hashOfFact(customerId, fact, previous.hash);
    const hashThere = hashes.get(sequence);
    if (hashThere !== undefined && hashThere !== hash)
      throw new EvidenceConflict(customerId, sequence, 'other_content');
    if (hashThere === undefined) {
      const isGap = sequence !== previous.sequence + 1;
      if (isGap && !(await isGapAccepted(trx, customerId, previous.sequence)))
        throw new EvidenceConflict(customerId, sequence, 'gap');
      rows.push({
        customer_id: customerId,
        sequence,
        at_ms: fact.atMs,
        kind: fact.kind,
        charge_id: fact.chargeId ?? null,
        actor: fact.actor ?? null,
        reason: fact.reason ?? null,
        data: JSON.stringify(fact.data),
        previous_hash: previous.hash,
        hash,
      });
    }
    previous = { sequence, hash };
  }
  if (rows.length > 0) await trx.insertInto('evidence').values(rows).execute();
}

/**
 * Whether an operator accepted that facts after this one are lost: for each customer the one gap after the last fact that
 * was written before the acceptance.
 * @param filledAt when the fact after the gap was written; absent when it is about to be
 */
export async function isGapAccepted(
  trx: Kysely<Tables>,
  customerId: string,
  lastSequence: number,
  filledAt?: Date,
): Promise<boolean> {
  const last = await trx
    .selectFrom('evidence')
    .select('written_at')
    .where('customer_id', '=', customerId)
    .where('sequence', '=', lastSequence)
    .executeTakeFirst();
  let acceptances = trx
    .selectFrom('operator_actions')
    .select('position')
    .where('kind', '=', 'gaps_accepted')
    .where((eb) => eb.or([eb('customer_id', 'is', null), eb('customer_id', '=', customerId)]));
  if (last) acceptances = acceptances.where('at_ms', '>', last.written_at.getTime());
  if (filledAt) acceptances = acceptances.where('at_ms', '<=', filledAt.getTime());
  return (await acceptances.limit(1).executeTakeFirst()) !== undefined;
}
