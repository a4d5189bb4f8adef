// The ledger's tables as the queries see them; migrations/ creates them, and the two must agree.
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { FactKind } from '../domain/model/facts.ts';
import type { ChargePolicy } from '../domain/model/policy.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { ChargeStatus, ChargeView, CustomerStatus, CustomerView } from '../domain/view.ts';
import type { AttemptAnswer, NoticeDelivery, OperatorAction, UnclaimedReason } from './ledger.ts';

/** Read as a value and written as JSON text, because the two drivers turn objects into parameters differently. */
type Json<Value> = ColumnType<Value, string, string>;

type JsonOrNull<Value> = ColumnType<Value | null, string | null, string | null>;

export interface Tables {
  installation: { id: GeneratedAlways<string>; nonce_secret: GeneratedAlways<string> };
  customers: {
    customer_id: string;
    /** Null when a workflow recorded a customer whose claim had been released; `ERASED` after an erasure. */
    request_id: string | null;
    metadata: ColumnType<{ readonly [key: string]: string }, string | undefined, string>;
    stripe_customer_id: string | null;
    status: CustomerStatus | null;
    view: JsonOrNull<CustomerView>;
    snapshot: JsonOrNull<CustomerState>;
    snapshot_sequence: number | null;
    created_at_ms: Generated<number>;
  };
  charges: {
    customer_id: string;
    charge_id: string;
    /** Null after an erasure, and for a charge that a workflow opened without a claim: then only the columns are known. */
    terms_hash: string | null;
    amount: number;
    currency: string;
    due_at_ms: number | null;
    policy_name: string | null;
    policy: JsonOrNull<ChargePolicy>;
    opened_at_ms: Generated<number>;
    /** How often its terms have been replaced. */
    corrections: Generated<number>;
    /** Who asked for these terms; null for a charge that a workflow opened without a claim. */
    actor: string | null;
    /** Accepted here, and to be handed over to the workflow at this time; null once the workflow has it. */
    hand_over_at_ms: number | null;
    status: 'claimed' | ChargeStatus;
    view: JsonOrNull<ChargeView>;
    opened_sequence: number | null;
    recorded_sequence: number | null;
    /** PaymentIntents with a number up to this one can no longer be claimed. */
    intents_ruled_out: Generated<number>;
  };
  evidence: {
    customer_id: string;
    sequence: number;
    at_ms: number;
    kind: FactKind;
    charge_id: string | null;
    actor: string | null;
    reason: string | null;
    data: Json<{ readonly [key: string]: unknown }>;
    previous_hash: string;
    hash: string;
    written_at: GeneratedAlways<Date>;
  };
  attempt_answers: {
    customer_id: string;
    charge_id: string;
    intent_number: number;
    attempt_number: number;
    /** Of the state that the attempt was given. */
    after_sequence: number;
    /** The facts that were written with it. */
    from_sequence: number;
    through_sequence: number;
    answer: Json<AttemptAnswer>;
  };
  stripe_objects: {
    stripe_id: string;
    customer_id: string;
    charge_id: string | null;
    position: GeneratedAlways<number>;
    indexed_at_ms: GeneratedAlways<number>;
  };
  personal_data: { customer_id: string; key: string; value: Json<object> };
  customer_secrets: { customer_id: string; secret: string };
  operator_actions: {
    position: GeneratedAlways<number>;
    at_ms: number;
    kind: OperatorAction['kind'];
    customer_id: string | null;
    actor: string;
    reason: string;
    data: Json<{ readonly [key: string]: unknown }>;
    previous_hash: string;
    hash: string;
  };
  notice_outbox: {
    customer_id: string;
    notice_id: string;
    /** Of the fact that says what it says. */
    sequence: number;
    check_at_ms: Generated<number | null>;
  };
  notice_deliveries: {
    position: GeneratedAlways<number>;
    customer_id: string;
    notice_id: string;
    at_ms: number;
    outcome: NoticeDelivery['outcome'];
    status: number | null;
    reason: string | null;
    previous_hash: string;
    hash: string;
  };
  unclaimed_events: {
    event_id: string;
    type: string;
    object_id: string | null;
    reason: UnclaimedReason;
  };
  stripe_turns: { name: string; next_at_ms: number };
  catch_up: { only_one: Generated<boolean>; through_ms: number };
}
