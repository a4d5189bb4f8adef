// The contract of the ledger: what can be written to it and read from it.

import type { RecordedAttempt, TimedEvent } from '../domain/model/events.ts';
import type { Fact, Notice } from '../domain/model/facts.ts';
import type { ChargePolicy } from '../domain/model/policy.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { MoneyBack } from '../domain/money-back.ts';
import type { ChargeStatus, ChargeView, CustomerStatus, CustomerView } from '../domain/view.ts';
import type { NumberedIntent } from './intent-nonce.ts';

/** The terms of a charge as the caller gave them. Texts are kept apart from the identity, in erasable rows. */
export interface ChargeTerms {
  readonly chargeId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Epoch ms as the caller gave it. Absent means at once, and an absent time is a term of its own. */
  readonly dueAtMs?: number;
  readonly description?: string;
  readonly statementDescriptorSuffix?: string;
  /** Empty metadata are the same as none. */
  readonly metadata?: { readonly [key: string]: string };
  /** The name of the policy, as the caller gave it. */
  readonly policyName?: string;
  /** How it is collected, as configured when it was asked for. No term: the same request later may find another one. */
  readonly policy?: ChargePolicy;
}

export interface ChargeRow {
  readonly terms: ChargeTerms;
  /** By the database's clock or the workflow's, epoch ms. */
  readonly openedAtMs: number;
  /** How often its terms have been replaced. */
  readonly corrections: number;
  /** Who asked for these terms; null where nobody claimed it. */
  readonly actor: string | null;
  /** The ledger has accepted it, and its workflow is still to get it. */
  readonly waitsForWorkflow: boolean;
  /**
   * `claimed`: the id is taken for these terms, and no workflow has accepted them yet, so nobody has been promised
   * anything. With a view, the charge had been refused, and these are the terms that replace the refused ones.
   */
  readonly status: 'claimed' | ChargeStatus;
  /** As last recorded; null until the workflow recorded the charge. */
  readonly view: ChargeView | null;
  /** From its refunds and disputes on record; as if there were none in a row that was just claimed. */
  readonly moneyBack: MoneyBack;
}

/** Personal data, erasable, one JSON value per customer and key. */
export type PersonalKey =
  | 'contact' // {email?, locale?}
  | `enrolment/${string}` // {returnUrl?} by requestId
  | `consent/${string}` // {ip?, userAgent?} by consentId; part of the evidence: it may be erased and never changed
  | `charge/${string}`; // {description?, statementDescriptorSuffix?, metadata?} by chargeId

/** Why an event was given to no customer. `made_elsewhere`: its Stripe customer is ours, the object is not. */
export type UnclaimedReason = 'unknown_object' | 'made_elsewhere' | 'customer_ended';

/** `replaced`: the id was in use, and nothing had come of its terms. `conflict`: it is in use with other terms. */
export type Claim = 'new' | 'same' | 'replaced' | 'conflict';

export interface CustomerRow {
  readonly customerId: string;
  /** As last recorded; null until the workflow recorded the customer. */
  readonly view: CustomerView | null;
  readonly metadata: { readonly [key: string]: string };
}

/** A notice by its name. */
export interface NoticeRef {
  readonly customerId: string;
  readonly noticeId: string;
}

/** How the delivery of a notice ended. Codes only, no texts. */
export interface NoticeDelivery {
  /** By the clock of the worker that sent it, or of the billing where there was nobody to send it to; epoch ms. */
  readonly atMs: number;
  readonly outcome: 'sent' | 'no_endpoint' | 'given_up';
  /** The HTTP status that the endpoint answered; only for `sent`. */
  readonly status?: number;
  /** Only for `given_up`. */
  readonly reason?: string;
}

export interface EvidenceItem extends Fact {
  /** What `data.consentId` names among the personal data; absent once that is erased. */
  readonly personal?: { readonly [key: string]: unknown };
  /** Of a `notice`: how its delivery ended; absent until then. */
  readonly delivery?: NoticeDelivery;
}

/** What an operator did outside of the workflows. Append-only, as evidence is. */
export interface OperatorAction {
  readonly kind: 'kill_switch_on' | 'kill_switch_off' | 'erased' | 'recover' | 'export' | 'gaps_accepted';
  /** By the database's clock, epoch ms. */
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
  readonly data: { readonly [key: string]: unknown };
}

/** Where a chain of evidence is broken first. */
export interface BrokenLink {
  readonly chain: 'evidence' | 'notice_deliveries' | 'operator_actions';
  /** Null for `operator_actions`, which is one chain for everybody. */
  readonly customerId: string | null;
  /** Of a fact its sequence, of other entries their position. */
  readonly at: number;
  /** `changed`: not what was written; `missing`: lost, or removed; `not_recorded`: beyond what the workflow recorded. */
  readonly problem: 'changed' | 'missing' | 'not_recorded';
}

export interface Verification {
  /** Customers with evidence or a snapshot. */
  readonly customers: number;
  readonly facts: number;
  /** Gaps that an operator accepted after a restore. */
  readonly acceptedGaps: number;
  /** At most one for each chain: the first. */
  readonly broken: readonly BrokenLink[];
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

/** An attempt by its numbers, and the state that it began with by the number of its newest fact. */
export interface AttemptKey {
  readonly customerId: string;
  readonly chargeId: string;
  readonly intentNumber: number;
  readonly attemptNumber: number;
  readonly afterSequence: number;
}

/** What an attempt has learnt and put on record. */
export interface AttemptAnswer {
  readonly events: readonly TimedEvent[];
  readonly recorded: Omit<RecordedAttempt, 'policy'>;
}

/** Every method may also throw what the database throws. */
export interface Ledger
  extends Claims,
    HandOvers,
    StripeTurns,
    CustomerRecord,
    AttemptRecord,
    Notices,
    EvidenceChains,
    StripeObjectIndex,
    PersonalData,
    OperatorActions,
    Lists,
    StripeEvents {
  /** Made by the first migration; part of every idempotency key, so that two installations never share one. */
  readonly installationId: string;
  /** What marks a PaymentIntent as ours, in its metadata. Nobody else can make it, and it is the same on each call. */
  intentNonce(intent: NumberedIntent): string;
  /** @throws Error when the database does not answer within 2 s */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Who may use an id. The api writes these before a caller gets an answer. */
export interface Claims {
  /**
   * The id of a customer's request: the same for the same request until the customer is erased. It is keyed, so that
   * nobody can guess the request from it.
   */
  requestIdOf(customerId: string, request: unknown): Promise<string>;
  /**
   * Claims a customer's id for a request. The `personal` rows are written in the same transaction. A claim is for good,
   * but for one whose enrolment failed before there was a SetupIntent: another request replaces that. After an erasure
   * every claim is a conflict, since no request can be recognised. `stripe_customer_in_use`: another customer of ours is
   * that customer at Stripe.
   */
  claimCustomer(claim: {
    readonly customerId: string;
    readonly requestId: string;
    /** The customer at Stripe that is to be used; absent: a new one. */
    readonly stripeCustomerId?: string;
    readonly metadata: { readonly [key: string]: string };
    readonly personal: { readonly [Key in PersonalKey]?: object };
  }): Promise<Claim | 'stripe_customer_in_use'>;
  /** Undoes a claim whose request was refused. Does nothing once a workflow has recorded the customer. */
  releaseCustomer(customerId: string, requestId: string): Promise<void>;
  /**
   * Claims a charge's id for its terms. A claim is for good, but for a charge that was `refused` before it had a
   * PaymentIntent: other terms replace those. After an erasure terms are compared without their texts.
   * @param actor who asks
   * @returns with `same` and `conflict`, the row that is there
   */
  claimCharge(
    customerId: string,
    terms: ChargeTerms,
    actor: string,
  ): Promise<{ readonly claim: Claim; readonly row: ChargeRow }>;
  /**
   * The workflow has the charge: `claimed` becomes `scheduled`, and it is no longer to be handed over. Any other status
   * stays.
   */
  acceptCharge(customerId: string, chargeId: string): Promise<void>;
  /**
   * Undoes a claim whose charge the workflow did not take. Does nothing unless it is `claimed` with the same terms. A
   * charge that had been refused before is that again, with what its view says.
   */
  releaseCharge(customerId: string, terms: ChargeTerms): Promise<void>;
}

/** A charge that the ledger has accepted, as its workflow is asked to open it. */
export type PromisedCharge = Pick<ChargeTerms, 'chargeId' | 'amount' | 'currency' | 'dueAtMs' | 'policy'> & {
  readonly customerId: string;
  readonly actor: string;
};

/**
 * Charges that the ledger has accepted and their workflows are still to get. They are promised: a run that starts from
 * nothing begins with them as with any other.
 */
export interface HandOvers {
  /**
   * Accepts a charge that is `claimed`: it becomes `scheduled`, to be handed over in `afterMs` milliseconds by the
   * database's clock.
   * @param mostOpen the customer's open charges, this one included, may be so many
   * @returns whether it is accepted, by this call or before; false when they would be more, or its claim was released
   */
  promiseCharge(charge: {
    readonly customerId: string;
    readonly chargeId: string;
    readonly afterMs: number;
    readonly mostOpen: number;
  }): Promise<boolean>;
  /**
   * Takes charges of one customer to hand over, the one for whom it is due longest. Nobody else gets them for `leaseMs`
   * milliseconds; after that they are due again, unless the workflow has them (`acceptCharge`).
   * @param except customers to leave out
   * @returns at most `most`; none when none is due, or another process is at them
   */
  takePromisedCharges(lease: {
    readonly except: readonly string[];
    readonly most: number;
    readonly leaseMs: number;
  }): Promise<readonly PromisedCharge[]>;
  /** How many there are, whether due or not; counts up to `most`. */
  countPromisedCharges(most: number): Promise<number>;
}

/** What a workflow puts on record at once. */
export interface RecordEntry {
  readonly customerId: string;
  readonly facts: readonly Fact[];
  readonly charges: readonly ChargeView[];
  readonly view: CustomerView;
  readonly snapshot: CustomerState;
  readonly notifies: boolean;
}

/** The life of a customer as its workflow records it. Writing an entry twice is harmless. */
export interface CustomerRecord {
  /**
   * Writes in one transaction: the facts, the charges they concern, the customer's view, and the state as a snapshot.
   * Notices among the facts come into the outbox with `notifies`, which says that somebody is there to be told.
   * Facts carry the hash of the one before. A charge that is closed stays as it is, unless a fact of the entry says that
   * what closed it does not count; an older snapshot never replaces a newer one.
   * @throws EvidenceConflict when another fact is there under the same sequence, or the fact before is missing: the
   * transaction is undone, and an operator has to look
   * @returns the ids of charges that an earlier sequence had closed before this entry: the workflow opened them again
   * because of a late message, and must drop them
   */
  record(entry: RecordEntry): Promise<{ readonly alreadyClosed: readonly string[] }>;
  /** What a run needs that starts from nothing: the snapshot and every open charge (accepted and not closed). */
  loadCustomer(
    customerId: string,
  ): Promise<{ readonly snapshot: CustomerState | null; readonly charges: readonly ChargeRow[] }>;
}

/**
 * Attempts are put on record by the activity that makes them, in the transaction that writes the answer down: whoever
 * repeats an attempt gets the answer that is on record. One answer is kept for each customer, the newest.
 */
export interface AttemptRecord {
  /**
   * Null when no answer to this very attempt is on record. `over`: the charge itself was, by facts that the state which
   * the attempt was given has behind it.
   */
  recordedAttempt(key: AttemptKey): Promise<AttemptAnswer | 'over' | null>;
  /**
   * Writes an entry, as `record` does, and the answer.
   * @throws EvidenceConflict as `record` does, where the customer has moved on from the state that the attempt was given
   * @returns the answer that is on record: of concurrent tries of one attempt the first one's
   */
  recordAttempt(
    entry: RecordEntry,
    key: AttemptKey,
    answer: Pick<AttemptAnswer, 'events'> & Pick<RecordedAttempt, 'digest'>,
  ): Promise<AttemptAnswer>;
  /** The attempt that wrote the fact with this number, if it is the customer's newest attempt on record. */
  attemptThatWrote(
    customerId: string,
    sequence: number,
  ): Promise<{ readonly chargeId: string; readonly through: number } | null>;
}

/** Notices on their way. Each comes into the outbox once, however often its fact is written. */
export interface Notices {
  /** What a notice says, and how it ended if it has. Null for one that nobody is to send. */
  findNotice(of: NoticeRef): Promise<{ readonly notice: Notice; readonly end: NoticeDelivery | null } | null>;
  /** The first end stays. */
  recordNoticeDelivery(delivery: NoticeRef & NoticeDelivery): Promise<void>;
  /** Ids of the customer's notices whose end is not on record. */
  openNotices(customerId: string): Promise<readonly string[]>;
  /**
   * Of everybody, those whose end is not on record and that nobody has looked after for an hour, or ever: the longest due
   * first, 100 at most.
   */
  noticesToCheck(): Promise<readonly NoticeRef[]>;
  /** Somebody has looked whether it is on its way. */
  noticeChecked(of: NoticeRef): Promise<void>;
}

/** Whether the evidence is whole. */
export interface EvidenceChains {
  /**
   * Walks the chains of one customer, or of everybody and the operators'. Safe while customers are recorded.
   * @param onProgress called after each customer
   */
  verify(customerId: string | 'all', onProgress?: (soFar: Verification) => void): Promise<Verification>;
}

export interface ClaimedIntent {
  readonly paymentIntentId: string;
  /** How long it has been in the index by the database's clock, milliseconds; 0 when this claim has put it there. */
  readonly indexedForMs: number;
}

/** Whose a Stripe object is. Entries are never changed. */
export interface StripeObjectIndex {
  /** Written before a confirm. The first entry of an object stays. */
  addStripeObject(entry: {
    readonly stripeId: string;
    readonly customerId: string;
    readonly chargeId?: string;
  }): Promise<void>;
  /**
   * Indexes a PaymentIntent unless the charge has another one there that is not in `canceled`, or its number is ruled
   * out. Of concurrent claims one is first, and all get its answer. Nothing may be confirmed that is not claimed.
   * @returns the charge's intent: the oldest that is not in `canceled`; null where there is none, and none may be claimed
   */
  claimIntent(claim: {
    readonly customerId: string;
    readonly chargeId: string;
    readonly paymentIntentId: string;
    /** Null for one that was found: whatever its number, it becomes known and is read. */
    readonly intentNumber: number | null;
    /** This charge's intents that Stripe says are canceled, which can never be paid. */
    readonly canceled: readonly string[];
  }): Promise<ClaimedIntent | null>;
  /**
   * Rules the numbers up to `through` out unless the charge has an intent that is not in `canceled`: whoever still works
   * on an attempt that was given up, and has not claimed its intent by now, never confirms it.
   * @returns the charge's intent, as `claimIntent` does; null once the numbers are ruled out
   */
  ruleOutIntents(rule: {
    readonly customerId: string;
    readonly chargeId: string;
    readonly through: number;
    readonly canceled: readonly string[];
  }): Promise<string | null>;
  /** Null for an object that is not in the index. */
  findStripeObject(
    stripeId: string,
  ): Promise<{ readonly customerId: string; readonly chargeId: string | null } | null>;
  /** How long an object has been in the index by the database's clock, milliseconds; null when it is not there. */
  indexedForMs(stripeId: string): Promise<number | null>;
  /** Newest first. */
  stripeObjectsOf(
    customerId: string,
  ): Promise<readonly { readonly stripeId: string; readonly chargeId: string | null }[]>;
}

export interface PersonalData {
  /** Replaces the value under this key; a consent stays as it was first written. */
  putPersonal(customerId: string, key: PersonalKey, value: object): Promise<void>;
  /** Null when it was never given, or is erased. */
  getPersonal<Value extends object>(customerId: string, key: PersonalKey): Promise<Value | null>;
  /** All that has not been erased, by key. */
  personalOf(customerId: string): Promise<{ readonly [key: string]: object }>;
}

/** Each of these is put on record with its actor and reason. */
export interface OperatorActions {
  /** Asked before every attempt. */
  isKillSwitchOn(): Promise<boolean>;
  /** The newest action on the kill switch; null when there is none. */
  killSwitch(): Promise<
    ({ readonly isOn: boolean } & Pick<OperatorAction, 'atMs' | 'actor' | 'reason'>) | null
  >;
  /** Holds from the next attempt on. A call that changes nothing is put on record as well. */
  setKillSwitch(action: {
    readonly isOn: boolean;
    readonly actor: string;
    readonly reason: string;
  }): Promise<void>;
  /**
   * Removes personal data, the customer's own metadata, and what either could be guessed from, in one transaction.
   * Identity, charges and evidence stay.
   * @returns the keys that were erased; null when there is no such customer
   */
  erase(action: {
    readonly customerId: string;
    readonly actor: string;
    readonly reason: string;
  }): Promise<readonly string[] | null>;
  /**
   * For actions that change nothing else in the ledger. `customerId` null: it concerned everybody. After `gaps_accepted`
   * one gap in the record of each customer concerned may be written over, the one that follows the last fact before it.
   */
  addOperatorAction(action: {
    readonly kind: 'recover' | 'export' | 'gaps_accepted';
    readonly customerId: string | null;
    readonly actor: string;
    readonly reason: string;
    readonly data: OperatorAction['data'];
  }): Promise<void>;
  /** The actions on this customer, oldest first. */
  operatorActionsOn(customerId: string): Promise<readonly OperatorAction[]>;
}

/** Reading, one by one or in pages. A malformed cursor is a `RangeError`. */
export interface Lists {
  getCustomer(customerId: string): Promise<CustomerRow | null>;
  /** Newest first, 50 a page; only customers whom a workflow has recorded. */
  listCustomers(filter: {
    readonly status?: CustomerStatus;
    readonly cursor?: string;
  }): Promise<Page<CustomerRow>>;
  /** The state as last recorded, so that a request can be judged by it; null when none was. */
  getSnapshot(customerId: string): Promise<CustomerState | null>;
  /** Null also for a charge that is only claimed. */
  getCharge(customerId: string, chargeId: string): Promise<ChargeRow | null>;
  /** Newest first, 50 a page, without charges that are only claimed; `customerId` absent means all customers. */
  listCharges(filter: {
    readonly customerId?: string;
    readonly status?: ChargeStatus;
    readonly cursor?: string;
  }): Promise<Page<ChargeRow & { readonly customerId: string }>>;
  /** Oldest first, 100 a page. */
  listEvidence(customerId: string, cursor?: string): Promise<Page<EvidenceItem>>;
}

/** When requests may go to Stripe, over all workers. Only for a pace: after a crash of the database it begins anew. */
export interface StripeTurns {
  /**
   * Reserves turns in a row, as far apart as one endpoint may be asked, and together no more than the account may ask.
   * @param perEndpoint requests a second, as `total` is
   * @param overdueMs turns that nobody took may be taken up to so many milliseconds later
   * @returns in how many milliseconds the first of them is; negative: it is overdue
   */
  reserveStripeTurns(asked: {
    readonly endpoint: string;
    readonly turns: number;
    readonly perEndpoint: number;
    readonly total: number;
    readonly overdueMs: number;
  }): Promise<number>;
  /** No turn that is reserved from now on comes before `ms` milliseconds have passed. */
  postponeStripeTurns(ms: number): Promise<void>;
}

/** Stripe's events: those that belong to no customer, and how far missed ones have been read. */
export interface StripeEvents {
  /** An event is kept once, and only so many of them (`UNCLAIMED_KEPT`): what senders choose is not to fill a disk. */
  addUnclaimedEvent(event: {
    readonly eventId: string;
    readonly type: string;
    readonly objectId: string | null;
    readonly reason: UnclaimedReason;
  }): Promise<void>;
  countUnclaimedEvents(): Promise<number>;
  /** Epoch ms up to which Stripe's list of events has been read; null when never. */
  caughtUpThrough(): Promise<number | null>;
  /** An earlier time than the one that is there changes nothing. */
  setCaughtUp(throughMs: number): Promise<void>;
}
