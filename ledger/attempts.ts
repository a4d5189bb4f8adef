// Writes what came of an attempt together with its answer, so that a repetition gets the answer that is on record.
import type { Kysely } from 'kysely';
import { CLOSED } from './charge-rows.ts';
import type { AttemptAnswer, AttemptKey, AttemptRecord } from './ledger.ts';
import { writeEntry } from './record.ts';
import type { Tables } from './schema.ts';

export function attempts(db: Kysely<Tables>): AttemptRecord {
  async function recordedAttempt(key: AttemptKey): Promise<AttemptAnswer | 'over' | null> {
    const answers = db
      .selectFrom('attempt_answers')
      .select('answer')
      .where('customer_id', '=', key.customerId)
      .where('charge_id', '=', key.chargeId)
      .where('intent_number', '=', key.intentNumber)
      .where('attempt_number', '=', key.attemptNumber)
      .where('after_sequence', '=', key.afterSequence);
    const ended = db
      .selectFrom('charges')
      .select('status')
      .where('customer_id', '=', key.customerId)
      .where('charge_id', '=', key.chargeId)
      .where('status', 'in', CLOSED)
      .where('recorded_sequence', '<=', key.afterSequence);
    const { answer, end } = await db
      .selectNoFrom([answers.as('answer'), ended.as('end')])
      .executeTakeFirstOrThrow();
    return answer ?? (end === null ? null : 'over');
  }

  return {
    recordedAttempt,

    async recordAttempt(entry, key, { events, digest }) {
      const { facts } = entry;
      const [first] = facts;
      const through = facts.at(-1)?.sequence ?? 0;
      try {
        return await db.transaction().execute(async (trx) => {
          const { alreadyClosed } = await writeEntry(trx, entry);
          const answer: AttemptAnswer = { events, recorded: { through, digest, alreadyClosed } };
          const row = {
            charge_id: key.chargeId,
            intent_number: key.intentNumber,
            attempt_number: key.attemptNumber,
            after_sequence: key.afterSequence,
            from_sequence: first?.sequence ?? through,
            through_sequence: through,
            answer: JSON.stringify(answer),
          };
          const written = await trx
            .insertInto('attempt_answers')
            .values({ customer_id: key.customerId, ...row })
            .onConflict((conflict) =>
              conflict
                .column('customer_id')
                .doUpdateSet(row)
                .where('attempt_answers.through_sequence', '<', through),
            )
            .returning('customer_id')
            .executeTakeFirst();
          if (!written) throw new Error('another attempt of this customer is on record after this one');
          return answer;
        });
      } catch (error) {
        // Another try of this attempt was first: what it wrote is what came of it.
        const answer = await recordedAttempt(key);
        if (answer === null || answer === 'over') throw error;
        return answer;
      }
    },

    async attemptThatWrote(customerId, sequence) {
      const row = await db
        .selectFrom('attempt_answers')
        .select(['charge_id as chargeId', 'through_sequence as through'])
        .where('customer_id', '=', customerId)
        .where('from_sequence', '<=', sequence)
        .where('through_sequence', '>=', sequence)
        .executeTakeFirst();
      return row ?? null;
    },
  };
}
