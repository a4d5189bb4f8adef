// The words in which an operator reads of states and steps.
import type { Attention } from '../domain/attention.ts';
import type { Step, TimeEvent } from '../domain/model/steps.ts';
import type { ChargeStatus, CustomerStatus } from '../domain/view.ts';

export const MEANING: { readonly [Status in CustomerStatus]: string } = {
  cancelled: 'Billing has ended; what is open at Stripe is followed to its end.',
  paused: 'Nothing is attempted until somebody resumes the customer (update `resume`).',
  awaiting_mandate:
    'There is no card that may be charged. The customer has to finish their enrolment link, or be sent a new one.',
  awaiting_step_up: 'The bank wants the customer to authenticate a charge.',
  past_due: 'Money is owed and not collected yet.',
  active: 'Billing goes on.',
};

/** Who has to do what. */
export const NEEDED: { readonly [Kind in Attention]: string } = {
  unknown:
    '`unknown`: the outcome of an attempt is not known yet. Stripe is being asked; if it stays, an operator has to look at the payment in the Dashboard.',
  refused: '`refused`: an operator has to mend what Stripe refused, then `retryCharge` or `cancelCharge`.',
  failed:
    '`failed`: a charge was given up and is owed still. Collect it after all with `retryCharge`, best after the customer has given another card, or forgive it with `waiveCharge`.',
  disputed: '`disputed`: the merchant has to answer a dispute in the Dashboard before its deadline.',
  no_card: '`no_card`: the customer has to give another card (new enrolment).',
  step_up: '`step_up`: the customer has to open the step-up link. Remind them, or wait for the deadline.',
};

/** What a charge waits for; what is held waits for one of several things (operator-view.ts). */
export const ADVICE: { readonly [Status in ChargeStatus]?: string } = {
  awaiting_step_up: 'The customer must open the step-up link',
  awaiting_card: 'The customer must give another card (new enrolment).',
  refused: 'Our fault or the account’s: mend it, then `retryCharge` or `cancelCharge`.',
  unknown: 'Stripe is being asked; nothing to do.',
  retrying: 'On its calendar; `retryCharge` attempts it now.',
};

/** What is being done, or is to be done. */
export function wordsFor(step: Step): string {
  switch (step.do) {
    case 'load':
      return 'asking the ledger what it remembers';
    case 'record':
      return 'writing to the ledger';
    case 'createStripeCustomer':
      return 'create the customer at Stripe';
    case 'createSetupIntent':
      return 'create a SetupIntent';
    case 'confirmSetupIntent':
      return 'confirm the card given';
    case 'readSetupIntent':
      return 'read the SetupIntent at Stripe';
    case 'cancelSetupIntent':
      return 'cancel an unfinished SetupIntent';
    case 'attemptCharge':
      return `attempt \`${step.chargeId}\``;
    case 'readPaymentIntent':
      return `ask Stripe about \`${step.chargeId}\``;
    case 'findPaymentIntent':
      return `find the intent of \`${step.chargeId}\``;
    case 'cancelPaymentIntent':
      return `cancel the intent of \`${step.chargeId}\``;
    case 'readRefund':
      return `read ${step.refundId} at Stripe`;
    case 'readDispute':
      return `read ${step.disputeId} at Stripe`;
    case 'decide':
      return DECISIONS[step.event.kind](step.event.chargeId);
    case 'wait':
      return `wait until ${at(step.untilMs)}`;
    case 'end':
      return 'the end: nothing of this customer is open';
  }
}

const DECISIONS: { readonly [Kind in TimeEvent['kind']]: (chargeId: string) => string } = {
  cardMissing: (chargeId) => `wait for another card for \`${chargeId}\``,
  cardWaitExpired: (chargeId) => `give \`${chargeId}\` up: no other card came`,
  stepUpReminderDue: (chargeId) => `remind the customer to authenticate \`${chargeId}\``,
  stepUpExpired: (chargeId) => `give \`${chargeId}\` up: the customer did not authenticate`,
};

/** Epoch milliseconds as an operator reads them. */
export function at(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
