// One customer, from first card to goodbye. It decides nothing: domain/ does. It calls nothing: carry-out.ts does.
import type { UpdateDefinition } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { advance } from '../domain/advance.ts';
import type { CustomerEvent } from '../domain/model/events.ts';
import type { CustomerState } from '../domain/model/state.ts';
import { nextStep, withdraws } from '../domain/next-step.ts';
import { refuse } from '../domain/refusals.ts';
import { findCharge } from '../domain/shared/charges.ts';
import { Refusal } from '../domain/shared/refusal.ts';
import { DAY, SECOND } from '../domain/shared/time.ts';
import { type ChargeView, type CustomerView, chargeView, viewOf } from '../domain/view.ts';
import { executeStep } from './execute-step.ts';
import * as messages from './messages.ts';
import { showDetails, updateIndex } from './operator-view.ts';
import { failWhenAdvancedByQuery } from './query-guard.ts';

/** A run is cut at least this often, so that its history stays short and new code is reached. */
const LONGEST_RUN = 30 * DAY;
/** How long `enrol` waits for a SetupIntent to show before it answers with what there is. */
const ENROL_PATIENCE = 20 * SECOND;

/** @param carried the life so far, or `newCustomer(id)` */
export async function CustomerBilling(carried: CustomerState): Promise<void> {
  failWhenAdvancedByQuery();
  let state = carried;
  const inbox: CustomerEvent[] = [];
  const startedAtMs = Date.now();

  /** The state as it will be once what is accepted has been taken in: what people are shown, and judged by. */
  const projectedState = (): CustomerState =>
    inbox.reduce((next, event) => advance(next, event, Date.now()), state);
  const customer = (): CustomerView => viewOf(projectedState(), Date.now());
  const charge = ({ chargeId }: { readonly chargeId: string }): ChargeView => {
    const next = projectedState();
    const found = findCharge(next, chargeId);
    if (!found) throw failed(new Refusal('charge_not_found', `There is no open charge ${chargeId}.`));
    return chargeView(next, found, Date.now());
  };
  const check = (event: CustomerEvent): void => {
    const refusal = refuse(projectedState(), event, Date.now());
    if (refusal) throw failed(refusal);
  };
  /**
   * Accepts a request once the ledger has been heard: a run that starts from nothing may know this customer. One that
   * changes nothing is done already, and must not be done again by what the step under way brings.
   */
  const accept = async (event: CustomerEvent): Promise<void> => {
    if (!state.loaded) await condition(() => state.loaded);
    check(event);
    const next = projectedState();
    if (advance(next, event, Date.now()) !== next) inbox.push(event);
  };
  const validator = (event: CustomerEvent): void => {
    if (state.loaded) check(event);
  };
  /** An update that is answered once it is accepted, with what comes of it. */
  const take = <Request, Answer>(
    update: UpdateDefinition<Answer, [Request]>,
    eventOf: (request: Request) => CustomerEvent,
    answer: (request: Request) => Answer,
    description: string,
  ): void =>
    setHandler(
      update,
      async (request: Request) => {
        await accept(eventOf(request));
        return answer(request);
      },
      { validator: (request: Request) => validator(eventOf(request)), description },
    );

  setHandler(
    messages.stripeEventReceived,
    (news) => void inbox.push({ ...news, kind: 'stripeEventReceived' }),
    {
      description: 'Stripe has news of an object of this customer.',
    },
  );
  setHandler(
    messages.stepUpCompleted,
    ({ chargeId }) => void inbox.push({ kind: 'stepUpCompleted', chargeId }),
    { description: 'The customer has authenticated a charge: look at it now. {chargeId}' },
  );
  setHandler(
    messages.enrol,
    async (request) => {
      await accept({ ...request, kind: 'enrol' });
      const isShowable = () => inbox.length === 0 && hasAnswer(state, request.requestId);
      await condition(isShowable, ENROL_PATIENCE, { summary: 'a SetupIntent to show' });
      return customer();
    },
    {
      validator: (request) => validator({ ...request, kind: 'enrol' }),
      description: 'Ask the customer for a card. {requestId, who, paymentMethodId?, consent?, terms?}',
    },
  );
  take(
    messages.giveConsent,
    (request) => ({ ...request, kind: 'giveConsent' }),
    customer,
    'The customer agreed to the terms on our page. {enrolmentNumber, consent, who}',
  );
  take(
    messages.openCharge,
    (request) => ({ ...request, kind: 'openCharge' }),
    charge,
    'Something is owed. {chargeId, amount (minor units), currency, dueAtMs?, who}',
  );
  take(
    messages.cancelCharge,
    (request) => ({ ...request, kind: 'cancelCharge' }),
    charge,
    'Do not collect this charge. {chargeId, who, why?}',
  );
  take(
    messages.retryCharge,
    (request) => ({ ...request, kind: 'retryCharge' }),
    charge,
    'Attempt this charge now instead of on its calendar. {chargeId, who, why?}',
  );
  take(
    messages.pause,
    (request) => ({ ...request, kind: 'pause' }),
    customer,
    'Attempt nothing until resumed. {who, why?}',
  );
  take(
    messages.resume,
    (request) => ({ ...request, kind: 'resume' }),
    customer,
    'Go on after a pause. {who, why?}',
  );
  take(
    messages.cancelCustomer,
    (request) => ({ ...request, kind: 'cancelCustomer' }),
    customer,
    'Say goodbye: no new attempts, open intents are ended at Stripe. {who, why?}',
  );
  setHandler(messages.view, customer, { description: 'The customer and their open charges.' });

  const isContinueAsNewDue = () =>
    workflowInfo().continueAsNewSuggested ||
    workflowInfo().targetWorkerDeploymentVersionChanged === true ||
    Date.now() - startedAtMs >= LONGEST_RUN;
  /** All in one condition, and nothing awaited between it and the cut: what arrives later reaches the next run. */
  const mayContinueAsNew = () =>
    state.loaded && isContinueAsNewDue() && inbox.length === 0 && allHandlersFinished();

  /** A pinned run's next one would stay with the old release; an unversioned one's goes on wherever workers are. */
  const continueWith = makeContinueAsNewFunc<typeof CustomerBilling>({
    initialVersioningBehavior: 'AUTO_UPGRADE',
  });

  for (;;) {
    if (state.loaded) for (const event of inbox.splice(0)) state = advance(state, event, Date.now());
    const step = nextStep(state, Date.now());
    // Before each step, for who is always busy and always rung for would otherwise never be cut.
    if (step.do !== 'end' && mayContinueAsNew()) await continueWith(state);
    showDetails(state, step);
    switch (step.do) {
      case 'end':
        updateIndex(state);
        if (allHandlersFinished()) return;
        await condition(() => inbox.length > 0 || allHandlersFinished());
        break;
      case 'wait': {
        updateIndex(state);
        const ms = Math.max(1, step.untilMs - Date.now());
        await condition(() => inbox.length > 0 || mayContinueAsNew(), ms, {
          summary: 'until something is due',
        });
        break;
      }
      case 'decide':
        state = advance(state, step.event, Date.now());
        break;
      default: {
        if (step.do === 'confirmPaymentIntent')
          state = advance(state, { kind: 'attemptStarted', step }, Date.now());
        const answer = await executeStep(step, state, () => inbox.some((event) => withdraws(event, step)));
        state = advance(state, answer, Date.now());
      }
    }
  }
}

/** There is something to tell the caller of this request: a SetupIntent, its card tried, or the end of it. */
function hasAnswer({ enrolment }: CustomerState, requestId: string): boolean {
  if (enrolment?.requestId !== requestId || enrolment.closed) return true;
  return enrolment.setupIntentId !== null && enrolment.confirm !== 'due';
}

/** An update fails with this; the workflow itself goes on. */
function failed(refusal: Refusal): ApplicationFailure {
  return ApplicationFailure.create({
    type: messages.REFUSAL,
    message: refusal.message,
    nonRetryable: true,
    details: [refusal.code],
  });
}
