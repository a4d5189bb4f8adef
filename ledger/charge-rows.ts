// How a charge is kept: its identity in one row, its texts in an erasable one.
import { type Kysely, type Selectable, sql } from 'kysely';
import { type MoneyBackRecord, moneyBackOf } from '../domain/money-back.ts';
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { ChargeStatus } from '../domain/view.ts';
import type { ChargeRow, ChargeTerms, PersonalKey } from './ledger.ts';
import type { Tables } from './schema.ts';

/** A charge with one of these statuses stays as it is, whatever a workflow records later; but see `record.ts` for one that has failed. */
export const CLOSED: readonly ChargeStatus[] = ['succeeded', 'failed', 'waived', 'cancelled'];

/** A charge that is only claimed is not shown, and no run begins with it: nobody has been promised anything. */
export const IS_PROMISED = sql<boolean>`(charges.status <> 'claimed' or charges.view is not null)`;

/** The terms that are the caller's own text; erasable. */
export type ChargeTexts = Pick<ChargeTerms, 'description' | 'statementDescriptorSuffix' | 'metadata'>;

export function textsKey(chargeId: string): PersonalKey {
  return `charge/${chargeId}`;
}

/** Null when there are none. Empty metadata are none. */
export function textsOf({
  description,
  statementDescriptorSuffix,
  metadata,
}: ChargeTerms): ChargeTexts | null {
  const isEmpty = metadata === undefined || Object.keys(metadata).length === 0;
  const texts = omitUndefined({
    description,
    statementDescriptorSuffix,
    metadata: isEmpty ? undefined : metadata,
  });
  return Object.keys(texts).length > 0 ? texts : null;
}

/** What a charge's terms are compared by: every term, also the texts. */
export function comparedTerms(terms: ChargeTerms): object {
  const { chargeId, amount, currency, dueAtMs, policyName } = terms;
  return { chargeId, amount, currency, dueAtMs, policyName, ...textsOf(terms) };
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

/** What is on record of refunds and disputes of a charge, oldest first; null when there is nothing. */
export const MONEY_BACK = sql<readonly MoneyBackRecord[] | null>`(
  select jsonb_agg(jsonb_build_object('kind', evidence.kind, 'data', evidence.data) order by evidence.sequence)
  from evidence
  where evidence.customer_id = charges.customer_id and evidence.charge_id = charges.charge_id
    and evidence.kind in ('refund', 'dispute'))`;

export function chargeRow(
  row: Selectable<Tables['charges']> & {
    readonly texts: object | null;
    readonly money_back?: readonly MoneyBackRecord[] | null;
  },
): ChargeRow {
  return {
    terms: {
      chargeId: row.charge_id,
      amount: row.amount,
      currency: row.currency,
      ...omitUndefined({
        dueAtMs: row.due_at_ms ?? undefined,
        policyName: row.policy_name ?? undefined,
        policy: row.policy ?? undefined,
      }),
      ...row.texts,
    },
    openedAtMs: row.opened_at_ms,
    corrections: row.corrections,
    actor: row.actor,
    waitsForWorkflow: row.hand_over_at_ms !== null,
    status: row.status,
    view: row.view,
    moneyBack: moneyBackOf(row.money_back ?? []),
  };
}
