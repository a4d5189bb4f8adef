// Executes a step at the model of Stripe, as the activities do at Stripe.
import type { CustomerEvent } from '../../../domain/model/events.ts';
import type { Step } from '../../../domain/model/steps.ts';
import { omitUndefined } from '../../../domain/shared/omit-undefined.ts';
import type { LedgerModel } from './ledger.ts';
import type { Answer, StripeModel } from './stripe.ts';

/** Steps that are a question to Stripe. */
export type StripeStep = Exclude<Step, { do: 'load' | 'record' | 'decide' | 'wait' | 'end' }>;

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
    case 'createPaymentIntent': {
      const { chargeId, intentNumber, amount, currency, stripeCustomerId } = step;
      const number = String(intentNumber);
      const asked = { chargeId, number, amount, currency, stripeCustomerId };
      return callStripe(
        step,
        () => {
          const answer = stripe.createIntent(asked, `intent-${chargeId}-${number}`);
          if (answer.is === 'ok') ledger.remember(answer.value, chargeId);
          return answer;
        },
        (paymentIntentId) => ({ kind: 'paymentIntentCreated', chargeId, paymentIntentId }),
      );
    }
    case 'findPaymentIntent': {
      const { chargeId, intentNumber } = step;
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
    case 'confirmPaymentIntent': {
      const { chargeId, paymentIntentId, intentNumber, attemptNumber, paymentMethodId } = step;
      return callStripe(
        step,
        () =>
          stripe.unlessItDiffers(step) ??
          stripe.confirmPaymentIntent(
            paymentIntentId,
            paymentMethodId,
            `attempt-${chargeId}-${intentNumber}-${attemptNumber}`,
          ),
        (reading) => ({ kind: 'paymentIntentRead', chargeId, reading }),
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
