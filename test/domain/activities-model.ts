// Carries a step out at the model of Stripe, as the activities do it at Stripe. It checks nothing.
import type { CustomerEvent, Step } from '../../domain/events.ts';
import type { LedgerModel } from './ledger-model.ts';
import type { Answer, StripeModel } from './stripe-model.ts';

/** Steps that are a question to Stripe. */
export type StripeStep = Exclude<Step, { do: 'load' | 'record' | 'notify' | 'decide' | 'wait' | 'end' }>;

export function carryOut(step: StripeStep, stripe: StripeModel, ledger: LedgerModel): CustomerEvent {
  switch (step.do) {
    case 'openStripeCustomer':
      return tell(
        step,
        () => stripe.createCustomer(`customer-${step.enrolmentNumber}-${step.tries}`),
        (stripeCustomerId) => ({ kind: 'stripeCustomerOpened', stripeCustomerId }),
      );
    case 'openSetup': {
      const { enrolmentNumber, setupNumber, tries } = step;
      return tell(
        step,
        () => stripe.createSetup(`setup-${enrolmentNumber}-${setupNumber}-${tries}`),
        (setupIntentId) => ({ kind: 'setupOpened', enrolmentNumber, setupIntentId }),
      );
    }
    case 'confirmSetup':
      return tell(
        step,
        () =>
          stripe.confirmSetup(
            step.setupIntentId,
            step.paymentMethodId,
            `confirm-${step.enrolmentNumber}-${step.setupNumber}-${step.tries}`,
          ),
        (reading) => ({ kind: 'setupSeen', reading }),
      );
    case 'readSetup':
    case 'cancelSetup': {
      const call = step.do === 'readSetup' ? stripe.readSetup : stripe.cancelSetup;
      return tell(
        step,
        () => call.call(stripe, step.setupIntentId),
        (reading) => ({ kind: 'setupSeen', reading }),
      );
    }
    case 'readReversal':
      return tell(
        step,
        () => stripe.readReversal(step.reversal, step.objectId),
        (reading) => ({ kind: 'reversalSeen', reading }),
      );
    case 'openIntent': {
      const { chargeId, intentNumber } = step;
      const number = String(intentNumber);
      return tell(
        step,
        () => {
          const answer = stripe.createIntent(chargeId, number, `intent-${chargeId}-${number}`);
          if (answer.is === 'ok') ledger.remember(answer.value, chargeId);
          return answer;
        },
        (intentId) => ({ kind: 'intentOpened', chargeId, intentId }),
      );
    }
    case 'lookUpIntent': {
      const { chargeId, intentNumber } = step;
      return tell(
        step,
        () => {
          const answer = stripe.findIntent(chargeId, String(intentNumber));
          if (answer.is === 'ok' && answer.value !== null) ledger.remember(answer.value, chargeId);
          return answer;
        },
        (intentId) => ({ kind: 'intentLookedUp', chargeId, intentId }),
      );
    }
    case 'confirmIntent': {
      const { chargeId, intentId, intentNumber, attemptNumber, paymentMethodId } = step;
      return tell(
        step,
        () =>
          stripe.confirmIntent(
            intentId,
            paymentMethodId,
            `attempt-${chargeId}-${intentNumber}-${attemptNumber}`,
          ),
        (reading) => ({ kind: 'intentSeen', chargeId, reading }),
      );
    }
    case 'readIntent':
    case 'cancelIntent': {
      const { chargeId, intentId, known } = step;
      const call = step.do === 'readIntent' ? stripe.readIntent : stripe.cancelIntent;
      return tell(
        step,
        () => call.call(stripe, intentId, known),
        (reading) => ({ kind: 'intentSeen', chargeId, reading }),
      );
    }
  }
}

/** The same request under the same key a few times, then nobody knows. */
function tell<Value>(
  step: Step,
  call: () => Answer<Value>,
  event: (value: Value) => CustomerEvent,
): CustomerEvent {
  for (let tries = 0; tries < 2; tries++) {
    const answer = call();
    if (answer.is === 'ok') return event(answer.value);
    if (answer.is === 'rejected') return { kind: 'refused', step, code: answer.code };
  }
  return { kind: 'unanswered', step };
}
