// What the ledger can be told and asked. It keeps what happened; it decides nothing and knows no Stripe.

import type { Fact } from '../domain/model/facts.ts';
import type { CustomerState } from '../domain/model/state.ts';
import type { ChargeStatus, ChargeView, CustomerStatus, CustomerView } from '../domain/view.ts';

/** One amount owed as the caller worded it. Text is kept in erasable rows, apart from the identity. */
export interface ChargeTerms {
  readonly chargeId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Epoch ms as the caller gave it; absent means at once, and is part of the terms as such. */
  readonly dueAtMs?: number;
  readonly description?: string;
  readonly statementDescriptorSuffix?: string;
  readonly metadata?: { readonly [key: string]: string };
}

/** What is known of a charge: `claimed` until a workflow has accepted it. */
export interface ChargeRow {
  readonly terms: ChargeTerms;
  readonly openedAtMs: number;
  readonly status: 'claimed' | ChargeStatus;
  /** As last recorded; null while claimed or merely accepted. */
  readonly view: ChargeView | null;
}

/** Personal data, erasable, one JSON value per customer and key. */
export type PersonalKey =
  | 'contact' // {email?, locale?}
  | `enrolment/${string}` // {returnUrl?} by requestId
  | `consent/${string}` // {ip?, userAgent?} by consentId; evidence too: erased or kept, never changed
  | `charge/${string}`; // {description?, statementDescriptorSuffix?, metadata?} by chargeId

/** Why an event was passed on to nobody; `made_elsewhere`: our Stripe customer's, but not made by us. */
export type UnclaimedReason = 'unknown_object' | 'made_elsewhere' | 'customer_ended';

/** `conflict`: the id is in use with other terms. */
export type Claim = 'new' | 'same' | 'conflict';

export interface CustomerRow {
  readonly customerId: string;
  /** As last recorded; null until the workflow first wrote. */
  readonly view: CustomerView | null;
  readonly metadata: { readonly [key: string]: string };
}

/** How a notice ended. Codes only, as in `SendNotice`'s result. */
export interface NoticeDelivery {
  /** When that was known, by the billing clock, epoch ms. */
  readonly atMs: number;
  readonly outcome: 'sent' | 'no_endpoint' | 'given_up';
  /** What the endpoint answered to one that was sent. */
  readonly status?: number;
  /** Why one was given up. */
  readonly reason?: string;
}

export interface EvidenceItem extends Fact {
  /** Joined from the erasable rows where `data.consentId` names a consent; absent once erased. */
  readonly personal?: { readonly [key: string]: unknown };
  /** Of a `notice`: its newest end, by `data.noticeId`; absent until it has ended. */
  readonly delivery?: NoticeDelivery;
}

/** Append-only, as evidence is, but of no workflow: it may concern everybody, or a customer whose life is over. */
export interface OperatorAction {
  readonly kind: 'kill_switch_on' | 'kill_switch_off' | 'erased' | 'recover' | 'export';
  /** The database's clock, epoch ms. */
  readonly atMs: number;
  readonly actor: string;
  readonly reason: string;
  readonly data: { readonly [key: string]: unknown };
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface Ledger {
  /** Made by the first migration; part of every idempotency key, so that two installations never share one. */
  readonly installationId: string;

  // — identity, written by the api before a caller gets its answer —

  /**
   * Claims a customer's id. `requestHash` covers the whole request; `personal` rows are written in the same transaction.
   * The `requestHash` of a first claim stays for ever.
   */
  claimCustomer(claim: {
    readonly customerId: string;
    readonly requestHash: string;
    readonly metadata: { readonly [key: string]: string };
    readonly personal: { readonly [Key in PersonalKey]?: object };
  }): Promise<Claim>;
  /** Takes a claim back after a refusal; does nothing once a workflow has recorded the customer. */
  releaseCustomer(customerId: string, requestHash: string): Promise<void>;
  /**
   * Claims a charge's id, with all its terms (texts into personal rows). `same` and `conflict` come with the row that is
   * there, and its status says whether it was ever accepted.
   */
  claimCharge(
    customerId: string,
    terms: ChargeTerms,
  ): Promise<{ readonly claim: Claim; readonly row: ChargeRow }>;
  /** The workflow has accepted it: `claimed` becomes `scheduled`. Does nothing to any other status. */
  acceptCharge(customerId: string, chargeId: string): Promise<void>;
  /** Takes a claim back after a refusal; only while it is `claimed` with the same terms. */
  releaseCharge(customerId: string, terms: ChargeTerms): Promise<void>;

  // — the record, written by activities; writing a thing twice is harmless —

  /**
   * In one transaction: facts (by sequence, ignored when there), the charges they concern, the customer's view and the
   * state as a snapshot. A charge that is closed in the ledger stays as it is.
   * @returns ids of charges that the ledger already had as closed *before* this call by an earlier sequence: the
   * workflow opened them again by a late message and must drop them.
   */
  record(entry: {
    readonly customerId: string;
    readonly facts: readonly Fact[];
    readonly charges: readonly ChargeView[];
    readonly view: CustomerView;
    readonly snapshot: CustomerState;
  }): Promise<{ readonly alreadyClosed: readonly string[] }>;
  /** How a notice ended in one run of its workflow. The first end of a run stays, and so does every run's. */
  recordNoticeDelivery(
    end: { readonly customerId: string; readonly noticeId: string; readonly runId: string } & NoticeDelivery,
  ): Promise<void>;
  /** Which of these notices have ended, in whichever run. */
  endedNotices(customerId: string, noticeIds: readonly string[]): Promise<readonly string[]>;
  /** The address book: whose Stripe object this is. Written before a confirm; the first entry of an object stays. */
  addStripeObject(entry: {
    readonly stripeId: string;
    readonly customerId: string;
    readonly chargeId?: string;
  }): Promise<void>;
  /**
   * Writes a PaymentIntent into the address book, unless the charge has another one there that is not in `canceled`.
   * Several may claim at once: one of them is first, and all hear of it.
   * @returns the charge's intent: the oldest that is not in `canceled`
   */
  claimIntent(claim: {
    readonly customerId: string;
    readonly chargeId: string;
    readonly paymentIntentId: string;
    /** Of this charge, and known from Stripe to be canceled: these can never be paid. */
    readonly canceled: readonly string[];
  }): Promise<string>;
  /** Null for objects nobody registered. */
  findStripeObject(
    stripeId: string,
  ): Promise<{ readonly customerId: string; readonly chargeId: string | null } | null>;
  /** The address book of a customer, to bring one back: newest first. */
  stripeObjectsOf(
    customerId: string,
  ): Promise<readonly { readonly stripeId: string; readonly chargeId: string | null }[]>;
  /** What a run that starts from nothing needs: the snapshot and every open charge (accepted, not closed). */
  loadCustomer(
    customerId: string,
  ): Promise<{ readonly snapshot: CustomerState | null; readonly charges: readonly ChargeRow[] }>;

  // — personal data —

  /** Replaces what is there, but for a consent: that stays as it was first written, until it is erased. */
  putPersonal(customerId: string, key: PersonalKey, value: object): Promise<void>;
  /** Null when never given or erased. */
  getPersonal<Value extends object>(customerId: string, key: PersonalKey): Promise<Value | null>;
  /** All that is still there, by key. */
  personalOf(customerId: string): Promise<{ readonly [key: string]: object }>;

  // — operators —

  /** Asked before every attempt. */
  isKillSwitchOn(): Promise<boolean>;
  /** The newest action on the emergency brake; null when nobody ever touched it. */
  killSwitch(): Promise<
    ({ readonly isOn: boolean } & Pick<OperatorAction, 'atMs' | 'actor' | 'reason'>) | null
  >;
  /** Holds from the next attempt on. Each call is put on record, also one that changes nothing. */
  setKillSwitch(action: {
    readonly isOn: boolean;
    readonly actor: string;
    readonly reason: string;
  }): Promise<void>;
  /**
   * Removes personal data and the customer's own metadata, and puts that on record, in one transaction. Identity,
   * charges and evidence stay. @returns the keys that were erased; null when there is no such customer
   */
  erase(action: {
    readonly customerId: string;
    readonly actor: string;
    readonly reason: string;
  }): Promise<readonly string[] | null>;
  /** For what changes nothing in the ledger itself. `customerId` null: it concerned everybody. */
  addOperatorAction(action: {
    readonly kind: 'recover' | 'export';
    readonly customerId: string | null;
    readonly actor: string;
    readonly reason: string;
    readonly data: OperatorAction['data'];
  }): Promise<void>;
  /** What operators did to this customer past the workflow, oldest first. */
  operatorActionsOn(customerId: string): Promise<readonly OperatorAction[]>;

  // — reading —

  getCustomer(customerId: string): Promise<CustomerRow | null>;
  /** Newest first, 50 a page; only those whom a workflow has recorded. A malformed cursor is a `RangeError`. */
  listCustomers(filter: {
    readonly status?: CustomerStatus;
    readonly cursor?: string;
  }): Promise<Page<CustomerRow>>;
  /** Claimed rows are not shown: nobody has been promised anything. */
  getCharge(customerId: string, chargeId: string): Promise<ChargeRow | null>;
  /** Newest first, 50 a page; `customerId` absent means all customers. A malformed cursor is a `RangeError`. */
  listCharges(filter: {
    readonly customerId?: string;
    readonly status?: ChargeStatus;
    readonly cursor?: string;
  }): Promise<Page<ChargeRow & { readonly customerId: string }>>;
  /** Oldest first, 100 a page. A malformed cursor is a `RangeError`. */
  listEvidence(customerId: string, cursor?: string): Promise<Page<EvidenceItem>>;

  // — events nobody was found for —

  addUnclaimedEvent(event: {
    readonly eventId: string;
    readonly type: string;
    readonly objectId: string | null;
    readonly reason: UnclaimedReason;
  }): Promise<void>;
  countUnclaimedEvents(): Promise<number>;
  /** Epoch ms up to which events that failed to arrive have been read; null when never. */
  caughtUpThrough(): Promise<number | null>;
  /** Only ever moves forward. */
  setCaughtUp(throughMs: number): Promise<void>;

  /** Throws when the database does not answer within 2 s. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
