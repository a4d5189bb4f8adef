// What a customer's workflow does with the signals, updates and queries it gets: check, enqueue, answer.
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, CancellationScope, condition, log, setHandler } from '@temporalio/workflow';
import { advance } from '../domain/advance.ts';
import { findFailedCharge } from '../domain/charge/failed-charges.ts';
import type { CustomerEvent } from '../domain/model/events.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { noSuchCharge, refuse } from '../domain/refuse.ts';
import { findCharge } from '../domain/shared/charges.ts';
import { Refusal } from '../domain/shared/refusal.ts';
import { SECOND } from '../domain/shared/time.ts';
import { type ChargeView, type CustomerView, chargeView, failedChargeView, viewOf } from '../domain/view.ts';
import { faultOf, type MessageName } from './message-schemas.ts';
import * as messages from './messages.ts';

/** How long `enrol` waits for a SetupIntent before it answers with what there is. */
const LONGEST_ENROL_WAIT = 20 * SECOND;

/**
 * Accepted events that may wait to be taken in. More requests wait in their handlers, of which Temporal allows ten at
 * once, so that what is to be recorded together stays far below Temporal's largest payload.
 */
const INBOX_CAPACITY = 20;

/** Signals that may wait at most: every answer takes them all in, and may not take longer than Temporal lets it. */
const WAITING_SIGNALS = 2_000;

/** What the loop and the handlers of one run share. */
export interface LiveCustomer {
  state: CustomerState;
  /** Accepted, and not yet taken in by the loop. */
  readonly inbox: CustomerEvent[];
  /** Requests that wait to be judged: for the ledger's first answer, or for room in the inbox. */
  waitingRequests: number;
  /** Signals of this run that were not understood, or came while too many waited. */
  droppedSignals: number;
  /** When Temporal was last asked to cancel this run, epoch ms. */
  cancellationRefusedAtMs: number | null;
}

/**
 * Registers every handler. To be called before anything is awaited, for Temporal keeps only signals until then.
 * @param refreshDetails is called when the operator is to see something that no step follows
 */
export function handleMessages(customer: LiveCustomer, refreshDetails: () => void): void {
  /** The state with everything in it that is accepted already: what people are shown, and judged by. */
  const projectedState = (): CustomerState =>
    customer.inbox.reduce((next, event) => advance(next, event, Date.now()), customer.state);
  const customerAnswer = (): CustomerView => viewOf(projectedState(), Date.now());
  const chargeAnswer = ({ chargeId }: { readonly chargeId: string }): ChargeView => {
    const state = projectedState();
    const charge = findCharge(state, chargeId);
    if (charge) return chargeView(state, charge, Date.now());
    const failed = findFailedCharge(state, chargeId);
    if (!failed) throw failureFrom(noSuchCharge(chargeId));
    return failedChargeView(failed);
  };

  const dropSignal = (name: string, fault: string): void => {
    customer.droppedSignals += 1;
    log.warn('a signal was dropped', { signal: name.slice(0, 100), fault });
    refreshDetails();
  };

  const onSignal = <Message>(
    name: MessageName,
    signal: SignalDefinition<[Message]>,
    eventOf: (message: Message) => CustomerEvent,
    description: string,
  ): void =>
    setHandler(
      signal,
      (message) => {
        const isFull = customer.inbox.length >= WAITING_SIGNALS;
        const fault = isFull ? 'Too many wait to be taken in.' : faultOf(name, message);
        if (fault === null) customer.inbox.push(eventOf(message));
        else dropSignal(name, fault);
      },
      { description },
    );

  const check = (event: CustomerEvent): void => {
    const refusal = refuse(projectedState(), event, Date.now());
    if (refusal) throw failureFrom(refusal);
  };
  /**
   * Accepts a request once the ledger has answered: a run that starts from nothing may know this customer. A request
   * that changes nothing is done already, and must not be done again by what the step under way brings.
   */
  const accept = async (event: CustomerEvent): Promise<void> => {
    const isReady = () => customer.state.loaded && customer.inbox.length < INBOX_CAPACITY;
    customer.waitingRequests += 1;
    try {
      if (!isReady()) await condition(isReady);
      check(event);
      const state = projectedState();
      if (advance(state, event, Date.now()) !== state) customer.inbox.push(event);
    } finally {
      customer.waitingRequests -= 1;
    }
  };
  /** An update that is answered once it is accepted, or once `isAnswerable` as well. */
  const onUpdate = <Request, Answer>(
    name: MessageName,
    update: UpdateDefinition<Answer, [Request]>,
    eventOf: (request: Request) => CustomerEvent,
    answerTo: (request: Request) => Answer | Promise<Answer>,
    description: string,
  ): void =>
    setHandler(
      update,
      (request: Request) =>
        CancellationScope.nonCancellable(async () => {
          await accept(eventOf(request));
          return answerTo(request);
        }),
      {
        validator: (request: Request) => {
          const fault = faultOf(name, request);
          if (fault !== null)
            throw failureFrom(new Refusal('invalid_request', `"${name}" is not understood. ${fault}`));
          if (customer.state.loaded) check(eventOf(request));
        },
        description,
      },
    );

  onSignal(
    'stripeEventReceived',
    messages.stripeEventReceived,
    (event) => ({ ...event, kind: 'stripeEventReceived' }),
    'Stripe has an event about an object of this customer. {eventId, type, objectId}',
  );
  onSignal(
    'stepUpCompleted',
    messages.stepUpCompleted,
    ({ chargeId }) => ({ kind: 'stepUpCompleted', chargeId }),
    'The customer has authenticated a charge: read it now. {chargeId}',
  );
  onUpdate(
    'enrol',
    messages.enrol,
    (request) => ({ ...request, kind: 'enrol' }),
    async ({ requestId }) => {
      const isShowable = () => customer.inbox.length === 0 && hasAnswer(customer.state, requestId);
      await condition(isShowable, LONGEST_ENROL_WAIT, { summary: 'a SetupIntent to show' });
      return customerAnswer();
    },
    'Ask the customer for a card. {requestId, actor, paymentMethodId?, consent?, terms?}',
  );
  onUpdate(
    'giveConsent',
    messages.giveConsent,
    (request) => ({ ...request, kind: 'giveConsent' }),
    customerAnswer,
    'The customer agreed to the terms on our page. {enrolmentNumber, consent, actor}',
  );
  onUpdate(
    'openCharge',
    messages.openCharge,
    (request) => ({ ...request, kind: 'openCharge' }),
    chargeAnswer,
    'Something is owed. {chargeId, amount (minor units), currency, dueAtMs?, policy?, correction?, inLedger?, actor}',
  );
  onUpdate(
    'cancelCharge',
    messages.cancelCharge,
    (request) => ({ ...request, kind: 'cancelCharge' }),
    chargeAnswer,
    'Do not collect this charge. {chargeId, actor, reason?}',
  );
  onUpdate(
    'retryCharge',
    messages.retryCharge,
    (request) => ({ ...request, kind: 'retryCharge' }),
    chargeAnswer,
    'Attempt this charge now instead of on its calendar, or once more after it has failed. {chargeId, actor, reason?}',
  );
  onUpdate(
    'waiveCharge',
    messages.waiveCharge,
    (request) => ({ ...request, kind: 'waiveCharge' }),
    chargeAnswer,
    'Forgive a charge that has failed: it is owed no longer. {chargeId, actor, reason?}',
  );
  onUpdate(
    'pause',
    messages.pause,
    (request) => ({ ...request, kind: 'pause' }),
    customerAnswer,
    'Attempt nothing until the customer is resumed. {actor, reason?}',
  );
  onUpdate(
    'resume',
    messages.resume,
    (request) => ({ ...request, kind: 'resume' }),
    customerAnswer,
    'Go on after a pause. {actor, reason?}',
  );
  onUpdate(
    'cancelCustomer',
    messages.cancelCustomer,
    (request) => ({ ...request, kind: 'cancelCustomer' }),
    customerAnswer,
    'End billing this customer: no new attempts, open intents are cancelled at Stripe. {actor, reason?}',
  );
  setHandler(messages.view, customerAnswer, { description: 'The customer and their open charges.' });
  // No handler for signals of other names: with one, SDK 1.24 fails the task of every signal whose name begins with
  // `__temporal_`. Without one they wait unread, and are gone when the run continues as new.
}

/** Whether there is something to tell the caller: a SetupIntent, its card tried, or the end of the enrolment. */
function hasAnswer({ enrolment }: CustomerState, requestId: string): boolean {
  if (enrolment?.requestId !== requestId || enrolment.closed) return true;
  return enrolment.setupIntentId !== null && enrolment.confirm !== 'due';
}

/** What an update fails with; the workflow itself goes on. */
function failureFrom(refusal: Refusal): ApplicationFailure {
  return ApplicationFailure.create({
    type: messages.REFUSAL,
    message: refusal.message,
    nonRetryable: true,
    details: [refusal.code],
  });
}
