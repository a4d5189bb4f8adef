// A customer's run in small: the domain, the real activities and the ledger, without Temporal; time passes as it is told.
import { createFindPaymentIntentActivity } from '../../activities/find-payment-intent.ts';
import { createPaymentIntentActivities } from '../../activities/payment-intents.ts';
import { createRecordActivities } from '../../activities/record.ts';
import { advance } from '../../domain/advance.ts';
import type { CustomerEvent } from '../../domain/model/events.ts';
import type { CustomerState } from '../../domain/model/state.ts';
import type { Step } from '../../domain/model/steps.ts';
import { nextStep } from '../../domain/next-step.ts';
import { sentState } from '../../domain/sent-state.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { HOUR } from '../../domain/shared/time.ts';
import { attemptOnce, type Dependencies } from './_attempts.ts';

export class Run {
  state: CustomerState;
  nowMs = Date.now();
  /** What was done, in order. */
  readonly done: Step['do'][] = [];
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies, state: CustomerState) {
    this.#dependencies = dependencies;
    this.state = state;
  }

  hear(event: CustomerEvent): void {
    this.state = advance(this.state, event, this.nowMs);
  }

  /** Begins the attempt that is due, as the workflow does before it schedules the activity. */
  startAttempt(): CustomerState {
    const step = nextStep(this.state, this.nowMs);
    if (step.do !== 'attemptCharge') throw new Error(`no attempt is next: ${step.do}`);
    this.hear({ kind: 'attemptStarted', step });
    return this.state;
  }

  /** The attempt under way was given up: Temporal has no answer. */
  giveUp(): void {
    const charge = this.state.charges.find(({ phase }) => phase.is === 'attempting');
    const step = { do: 'attemptCharge', chargeId: charge?.chargeId ?? 'none' } as Step;
    this.hear({ kind: 'unanswered', step });
  }

  /** Works until nothing is due within the hour. */
  async work(): Promise<void> {
    for (let count = 0; count < 50; count++) {
      const step = nextStep(this.state, this.nowMs);
      if (step.do === 'wait' && step.untilMs > this.nowMs + HOUR) return;
      if (step.do === 'wait') this.nowMs = step.untilMs;
      else await this.#execute(step);
    }
    throw new Error(`it runs in a circle: ${this.done.slice(-10)}`);
  }

  async #execute(step: Step): Promise<void> {
    this.done.push(step.do);
    const { customerId } = this.state;
    const { nowMs } = this;
    if (step.do === 'attemptCharge') {
      this.startAttempt();
      return this.hear(await attemptOnce(this.#dependencies, this.state, { nowMs }));
    }
    const record = createRecordActivities({ ...this.#dependencies, policy: DEFAULT_POLICY, notices: null });
    const intents = createPaymentIntentActivities(this.#dependencies);
    const { findPaymentIntent } = createFindPaymentIntentActivity(this.#dependencies);
    switch (step.do) {
      case 'record':
        return this.hear(await record.record({ state: sentState(this.state), nowMs }));
      case 'findPaymentIntent':
        return this.hear(await findPaymentIntent({ ...step, customerId }));
      case 'readPaymentIntent':
        return this.hear(await intents.readPaymentIntent({ ...step, customerId }));
      case 'cancelPaymentIntent':
        return this.hear(await intents.cancelPaymentIntent({ ...step, customerId }));
      case 'decide':
        return this.hear(step.event);
      default:
        throw new Error(`nobody does ${step.do} here`);
    }
  }
}
