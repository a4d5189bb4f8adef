// Executes a step at the model of Stripe, as the activities do at Stripe.
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { Step, StepOf } from '../../../domain/model/steps.ts';
import { omitUndefined } from '../../../domain/shared/omit-undefined.ts';
import type { LedgerModel } from './ledger.ts';
import type { Answer, StripeModel } from './stripe.ts';

/** Steps that are a question to Stripe. */
export type StripeStep = Exclude<
  Step,
  { do: 'attemptCharge' | 'load' | 'record' | 'decide' | 'wait' | 'end' }
>;

export function executeStep(step: StripeStep, stripe: StripeModel, ledger: LedgerModel): CustomerEvent {
  switch (step.do) {
    case 'createStripeCustomer':
      return callStripe(
        step,
        () => stripe.createCustomer(`customer-${step.enrolmentNumber}-${step.tries}`),
        (stripeCustomerId) => ({ kind: 'stripeCustomerCreated', stripeCustomerId }),
      );
    case 'createSetupIntent': {
      const { enrolmentNumber, setupNumber, tries, stripeCustomerId } = step;
      return callStripe(
        step,
        () => stripe.createSetup(stripeCustomerId, `setup-${enrolmentNumber}-${setupNumber}-${tries}`),
        (setupIntentId) => ({ kind: 'setupIntentCreated', enrolmentNumber, setupIntentId }),
      );
    }
    case 'confirmSetupIntent':
      return callStripe(
        step,
        () =>
          stripe.confirmSetupIntent(
            step.setupIntentId,
            step.paymentMethodId,
            `confirm-${step.enrolmentNumber}-${step.setupNumber}-${step.tries}`,
          ),
        (reading) => ({ kind: 'setupIntentRead', reading }),
      );
    case 'readSetupIntent':
    case 'cancelSetupIntent': {
      const call = step.do === 'readSetupIntent' ? stripe.readSetupIntent : stripe.cancelSetupIntent;
      return callStripe(
        step,
        () => call.call(stripe, step.setupIntentId),
        (reading) => ({ kind: 'setupIntentRead', reading }),
      );
    }
    case 'readRefund':
      return callStripe(
        step,
        () => stripe.readRefund(step.refundId),
        (reading) => ({ kind: 'refundRead', reading }),
      );
    case 'readDispute':
      return callStripe(
        step,
        () => stripe.readDispute(step.disputeId),
        (reading) => ({ kind: 'disputeRead', reading }),
      );
    case 'findPaymentIntent': {
      const { chargeId, intentNumber, stripeCustomerId } = step;
      // One of this very number is not passed over, whatever has become of it.
      const isPassedOver = (id: string) => {
        const intent = stripe.intents.get(id);
        return intent?.status === 'canceled' && intent.number !== String(intentNumber);
      };
      const claimed = ledger.ruleOut(chargeId, intentNumber, isPassedOver);
      if (claimed !== null || stripeCustomerId === null)
        return { kind: 'paymentIntentSearched', chargeId, paymentIntentId: claimed };
      return callStripe(
        step,
        () => {
          const answer = stripe.findIntent(chargeId, String(intentNumber));
          if (answer.is === 'ok' && answer.value !== null) ledger.remember(answer.value, chargeId);
          return answer;
        },
        (paymentIntentId) => ({ kind: 'paymentIntentSearched', chargeId, paymentIntentId }),
      );
    }
    case 'readPaymentIntent':
    case 'cancelPaymentIntent': {
      const { chargeId, paymentIntentId, known } = step;
      const call = step.do === 'readPaymentIntent' ? stripe.readPaymentIntent : stripe.cancelPaymentIntent;
      return callStripe(
        step,
        () => call.call(stripe, paymentIntentId, known),
        (reading) => ({ kind: 'paymentIntentRead', chargeId, reading }),
      );
    }
  }
}

/** An attempt as its activity makes it, tried twice. @returns what it has learnt; null when nobody knows */
export function askForMoney(
  step: StepOf<'attemptCharge'>,
  stripe: StripeModel,
  ledger: LedgerModel,
): readonly CustomerEvent[] | null {
  return askOnce(step, stripe, ledger) ?? askOnce(step, stripe, ledger);
}

function askOnce(
  step: StepOf<'attemptCharge'>,
  stripe: StripeModel,
  ledger: LedgerModel,
): readonly CustomerEvent[] | null {
  const { chargeId, intentNumber, attemptNumber, paymentMethodId } = step;
  const refused = (request: 'create' | 'confirm', { code, param }: { code: string; param?: string }) =>
    ({ kind: 'refused', step, request, code, ...omitUndefined({ param }) }) as const;
  const events: CustomerEvent[] = [];
  let { paymentIntentId } = step;
  const isNew = paymentIntentId === null;
  if (paymentIntentId === null) {
    const { amount, currency, stripeCustomerId } = step;
    const number = String(intentNumber);
    const asked = { chargeId, number, amount, currency, stripeCustomerId };
    const made = stripe.createIntent(asked, `intent-${chargeId}-${number}`);
    if (made.is === 'none') return null;
    if (made.is === 'rejected') return [refused('create', made)];
    const isCanceled = (id: string) => stripe.intents.get(id)?.status === 'canceled';
    const claimed = ledger.claim(made.value, chargeId, intentNumber, isCanceled);
    if (claimed !== made.value) return [{ kind: 'claimRefused', chargeId, paymentIntentId: claimed }];
    paymentIntentId = made.value;
    events.push({ kind: 'paymentIntentCreated', chargeId, paymentIntentId });
  }
  const key = `attempt-${chargeId}-${intentNumber}-${attemptNumber}`;
  const answer =
    stripe.unlessItDiffers({ ...step, paymentIntentId }, isNew) ??
    stripe.confirmPaymentIntent(paymentIntentId, paymentMethodId, key);
  if (answer.is === 'none') return null;
  if (answer.is === 'rejected') return [...events, refused('confirm', answer)];
  return [...events, { kind: 'paymentIntentRead', chargeId, reading: answer.value }];
}

/** The same request under the same key a few times, then nobody knows. */
function callStripe<Value>(
  step: Step,
  call: () => Answer<Value>,
  event: (value: Value) => CustomerEvent,
): CustomerEvent {
  for (let tries = 0; tries < 2; tries++) {
    const answer = call();
    if (answer.is === 'ok') return event(answer.value);
    if (answer.is === 'rejected') {
      const { code, param } = answer;
      return { kind: 'refused', step, code, ...omitUndefined({ param }) };
    }
  }
  return { kind: 'unanswered', step };
}
