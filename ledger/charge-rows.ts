// Charges as rows: what is kept of the terms, where their texts are, and how a row reads. It writes nothing.
import { type Kysely, type Selectable, sql } from 'kysely';
import type { ChargeStatus } from '../domain/view.ts';
import { hashOf } from './hash.ts';
import type { ChargeRow, ChargeTerms, PersonalKey } from './ledger.ts';
import type { Tables } from './schema.ts';

/** A charge in one of these stays as it is, whatever a workflow says later. */
export const CLOSED: readonly ChargeStatus[] = ['succeeded', 'failed', 'cancelled'];

/** What the caller wrote in words; erasable. */
export type ChargeTexts = Pick<ChargeTerms, 'description' | 'statementDescriptorSuffix' | 'metadata'>;

export function textsKey(chargeId: string): PersonalKey {
  return `charge/${chargeId}`;
}

/** Null when there are none. */
export function textsOf({
  description,
  statementDescriptorSuffix,
  metadata,
}: ChargeTerms): ChargeTexts | null {
  const texts = {
    ...(description === undefined ? {} : { description }),
    ...(statementDescriptorSuffix === undefined ? {} : { statementDescriptorSuffix }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  return Object.keys(texts).length > 0 ? texts : null;
}

/** Covers every term, texts too: it still tells terms apart when the texts have been erased. */
export function termsHash(terms: ChargeTerms): string {
  const { chargeId, amount, currency, dueAtMs } = terms;
  return hashOf({ chargeId, amount, currency, dueAtMs, ...textsOf(terms) });
}

/** Charges with their texts, as `chargeRow` reads them. */
export function selectCharges(db: Kysely<Tables>) {
  return db
    .selectFrom('charges')
    .leftJoin('personal_data', (join) =>
      join
        .onRef('personal_data.customer_id', '=', 'charges.customer_id')
        .on('personal_data.key', '=', sql<string>`'charge/' || charges.charge_id`),
    )
    .selectAll('charges')
    .select('personal_data.value as texts');
}

export function chargeRow(row: Selectable<Tables['charges']> & { readonly texts: object | null }): ChargeRow {
  return {
    terms: {
      chargeId: row.charge_id,
      amount: row.amount,
      currency: row.currency,
      ...(row.due_at_ms === null ? {} : { dueAtMs: row.due_at_ms }),
      ...row.texts,
    },
    openedAtMs: row.opened_at_ms,
    status: row.status,
    view: row.view,
  };
}
