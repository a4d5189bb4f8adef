// The contract between the processes and the workflows: names, queues, messages.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Consent, MandateTerms } from '../domain/model/enrolment.ts';
import type { Attribution } from '../domain/model/events.ts';
import type { ChargePolicy } from '../domain/model/policy.ts';
import type { ChargeView, CustomerView } from '../domain/view.ts';

export const CUSTOMER_BILLING = 'CustomerBilling';
export const CATCH_UP = 'CatchUp';

/** Workflows, the ledger and notices. */
export const BILLING_QUEUE = 'billing';
/** Every call to Stripe; the pace they are made at is kept by their client (stripe/pace.ts). */
export const STRIPE_QUEUE = 'stripe';

/** The workflow of a customer; at most one is open at a time. */
export function workflowIdOf(customerId: string): string {
  return `billing/${customerId}`;
}

/**
 * What a customer's workflow is started with: no state, so that nobody can bring a mandate or a charge along. What is
 * known of the customer, the ledger says.
 */
export interface StartInput {
  readonly customerId: string;
  /** What the run is started for, where it could end before a signal reaches it. */
  readonly event?: StripeEventRef;
}

/** The options with which a customer's workflow is started. */
export function startOf({ customerId, event }: StartInput) {
  const input: StartInput = event === undefined ? { customerId } : { customerId, event };
  return {
    workflowId: workflowIdOf(customerId),
    taskQueue: BILLING_QUEUE,
    staticSummary: `Customer ${customerId}`,
    args: [input] as [StartInput],
  };
}

/** The schedule of `CatchUp`, and the id of the workflows it starts. */
export const CATCH_UP_ID = 'catch-up';

/** Says that Stripe has an event about an object, which the workflow then reads; nothing else of the event is believed. */
export interface StripeEventRef {
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
}

/** Recorded in history: only ever add optional fields. */
export interface EnrolRequest extends Attribution {
  /** Names this request: the same one again changes nothing. Its return URL is in the ledger under it. */
  readonly requestId: string;
  /** Adopted instead of creating a customer at Stripe. Only in the first enrolment. */
  readonly stripeCustomerId?: string;
  readonly currency?: string;
  /** Confirmed at once, on the server; needs `consent`. */
  readonly paymentMethodId?: string;
  readonly consent?: Consent;
  readonly terms?: MandateTerms;
}

export interface ConsentRequest extends Attribution {
  readonly enrolmentNumber: number;
  readonly consent: Consent;
}

/** Terms of one amount owed; the rest of them (text, metadata) is in the ledger under its id. */
export interface ChargeRequest extends Attribution {
  readonly chargeId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** Epoch milliseconds UTC; absent means now. */
  readonly dueAtMs?: number;
  /** How it is collected, as configured when it was asked for; absent: the default. It is frozen into the charge. */
  readonly policy?: ChargePolicy;
  /** The ledger has taken corrected terms for a charge that Stripe refused: 1, 2, 3 … */
  readonly correction?: number;
  /**
   * `claimed`: the ledger has it under this id, so its opening needs no record of its own. `accepted`: the same, and the
   * caller knows; what is refused here is opened and closed as failed, so that it is on record and told.
   */
  readonly inLedger?: 'claimed' | 'accepted';
}

export interface ChargeAction extends Attribution {
  readonly chargeId: string;
}

export interface StepUpCompleted {
  readonly chargeId: string;
}

export const stripeEventReceived = defineSignal<[StripeEventRef]>('stripeEventReceived');
export const stepUpCompleted = defineSignal<[StepUpCompleted]>('stepUpCompleted');

/** Answers once there is a SetupIntent to show and a card given with the request has been tried, or after 20 s. */
export const enrol = defineUpdate<CustomerView, [EnrolRequest]>('enrol');
/** The customer agreed on our page. */
export const giveConsent = defineUpdate<CustomerView, [ConsentRequest]>('giveConsent');
export const openCharge = defineUpdate<ChargeView, [ChargeRequest]>('openCharge');
export const cancelCharge = defineUpdate<ChargeView, [ChargeAction]>('cancelCharge');
export const retryCharge = defineUpdate<ChargeView, [ChargeAction]>('retryCharge');
/** What has failed is owed no longer. */
export const waiveCharge = defineUpdate<ChargeView, [ChargeAction]>('waiveCharge');
export const pause = defineUpdate<CustomerView, [Attribution]>('pause');
export const resume = defineUpdate<CustomerView, [Attribution]>('resume');
export const cancelCustomer = defineUpdate<CustomerView, [Attribution]>('cancelCustomer');

export const view = defineQuery<CustomerView>('view');

/**
 * `ApplicationFailure.type` of a refused update. `message` is the refusal's words, `details[0]` its `RefusalCode`.
 * Validators and handlers both use it, so the api maps one shape.
 */
export const REFUSAL = 'Refusal';

/**
 * What the worker's payload codec puts in the place of a payload that it refuses: an object with this one field. It has
 * to be refused wherever it could be read (temporal/payload-codec.ts).
 */
export const REFUSED_PAYLOAD = 'refusedPayload';

/** By what an operator finds customers. Temporal never encrypts them, so they hold no personal data. */
export const SEARCH_ATTRIBUTES = {
  BillingStatus: defineSearchAttributeKey('BillingStatus', SearchAttributeType.KEYWORD),
  /** Who or what has to be looked at; each value stays until it is dealt with (domain/attention.ts). */
  NeedsAttention: defineSearchAttributeKey('NeedsAttention', SearchAttributeType.KEYWORD_LIST),
  StripeCustomerId: defineSearchAttributeKey('StripeCustomerId', SearchAttributeType.KEYWORD),
  Currency: defineSearchAttributeKey('Currency', SearchAttributeType.KEYWORD),
  IssuerCountry: defineSearchAttributeKey('IssuerCountry', SearchAttributeType.KEYWORD),
  LastDecline: defineSearchAttributeKey('LastDecline', SearchAttributeType.KEYWORD),
  AmountDue: defineSearchAttributeKey('AmountDue', SearchAttributeType.INT),
  NextActionAt: defineSearchAttributeKey('NextActionAt', SearchAttributeType.DATETIME),
  StepUpDeadline: defineSearchAttributeKey('StepUpDeadline', SearchAttributeType.DATETIME),
} as const;
