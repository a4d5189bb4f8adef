// What the authentication page may know and do: only what its link is bound to, and only while a charge waits.

import type { StepUpAdvice } from '../../domain/charge/step-up.ts';
import { formatMoney } from '../../domain/shared/money.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import type { ChargeStatus, ChargeView, CustomerView } from '../../domain/view.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Links, StepUpLink } from '../../links/links.ts';
import type { StripeReader } from '../../stripe/reader.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { Problem, unavailable } from '../http/problems.ts';
import type { CustomerReader } from './customer-reader.ts';
import { type BrowserStripe, openLink, refuseClosed, takesClientSecret } from './page-links.ts';

export interface StepUpSession extends BrowserStripe {
  readonly chargeId: string;
  readonly clientSecret: string;
  /** The card to name in the confirm: Stripe clears it after a decline. */
  readonly paymentMethodId: string;
  readonly needs: 'confirmation' | 'authentication';
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
}

export interface StepUpPageStatus {
  /** Of the charge that the link was made for. */
  readonly status: ChargeStatus;
  /** The charge that waits for the customer now: the link's, or one that was held behind it. */
  readonly next?: string;
  /** What `next` asks for, for people: `49.00 EUR`. */
  readonly amount?: string;
  /** What `next` needs of the customer beside, or instead of, one more authentication. */
  readonly advice?: StepUpAdvice;
  /** Another charge may come to wait for the customer in a moment. */
  readonly isBusy: boolean;
  /** Nothing is collected until the merchant resumes: no session is given. */
  readonly isPaused: boolean;
}

export interface StepUpPage {
  /**
   * @throws Problem 404 `link_not_found` for a token that is forged, expired or of another purpose; 410 `link_closed` once
   * the customer is cancelled
   */
  open(token: string): Promise<StepUpLink>;
  status(link: StepUpLink): Promise<StepUpPageStatus>;
  /**
   * @throws Problem 410 `link_closed`, 409 `customer_paused`, 503 `payments_stopped` while the kill switch is on, 503
   * `stripe_unavailable` while the PaymentIntent is not the one that is owed
   */
  session(link: StepUpLink): Promise<StepUpSession>;
  /** Has the workflow read the PaymentIntent at once. @throws Problem 410 `link_closed` */
  done(link: StepUpLink, chargeId: string | undefined): Promise<void>;
}

export function createStepUpPage({
  ledger,
  workflows,
  reader,
  links,
  stripe,
  browserStripe,
}: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly links: Links;
  readonly stripe: StripeReader;
  readonly browserStripe: BrowserStripe;
}): StepUpPage {
  const open = (token: string) => openLink(links.open('step-up', token), ledger);

  async function viewOf(customerId: string): Promise<CustomerView> {
    const { view } = await reader.customer(customerId);
    return view.status === 'cancelled' ? refuseClosed() : view;
  }

  async function chargeOf(view: CustomerView, chargeId: string): Promise<ChargeView> {
    const charge = view.charges.find((each) => each.chargeId === chargeId);
    return charge ?? (await reader.charge(view.customerId, chargeId)).view;
  }

  return {
    open,

    async status({ customerId, chargeId }) {
      const view = await viewOf(customerId);
      const own = await chargeOf(view, chargeId);
      const [next] = waiting(view, own);
      return omitUndefined({
        status: own.status,
        next: next?.chargeId,
        amount: next && formatMoney(next.amount, next.currency),
        advice: next?.stepUp?.advice,
        isBusy: view.charges.some((charge) => mayComeToWait(charge, view)),
        isPaused: view.status === 'paused',
      });
    },

    async session(link) {
      // The page confirms with the secret it is given: nobody's attempt begins while the kill switch is on.
      if (await ledger.isKillSwitchOn())
        throw unavailable('payments_stopped', 'Payments are stopped for the moment. Please come back later.');
      const view = await viewOf(link.customerId);
      if (view.status === 'paused')
        throw new Problem(
          409,
          'customer_paused',
          'Payments are paused for now. Nothing is charged meanwhile.',
        );
      const own = await chargeOf(view, link.chargeId);
      const [next = refuseClosed()] = waiting(view, own);
      const { chargeId, amount, currency, paymentIntentId } = next;
      if (paymentIntentId === undefined) return refuseClosed();
      const intent = await stripe.paymentIntent(paymentIntentId);
      const isAsOwed =
        intent.amount === amount &&
        intent.currency === currency &&
        intent.stripeCustomerId === view.stripeCustomerId;
      if (!isAsOwed) {
        // The customer must not confirm what somebody else wrote: the workflow reads the intent and replaces it.
        await workflows.completeStepUp(link.customerId, chargeId);
        throw unavailable(
          'stripe_unavailable',
          'The payment is being prepared; please try again in a moment.',
        );
      }
      const { clientSecret, status } = intent;
      const paymentMethodId = intent.paymentMethodId ?? view.mandate?.paymentMethodId;
      if (clientSecret === null || paymentMethodId === undefined || !takesClientSecret(status))
        return refuseClosed();
      const needs = status === 'requires_action' ? 'authentication' : 'confirmation';
      return { ...browserStripe, chargeId, clientSecret, paymentMethodId, needs, amount, currency };
    },

    async done(link, chargeId) {
      const view = await viewOf(link.customerId);
      const own = await chargeOf(view, link.chargeId);
      const charge = waiting(view, own).find((each) => each.chargeId === (chargeId ?? own.chargeId));
      if (charge && !(await workflows.completeStepUp(link.customerId, charge.chargeId))) refuseClosed();
    },
  };
}

/**
 * What waits for the customer: the link's own charge first, then those that were held behind it. What fell due after it
 * has a link of its own.
 */
function waiting({ charges }: CustomerView, own: ChargeView): readonly ChargeView[] {
  const awaiting = charges.filter(({ status }) => status === 'awaiting_step_up');
  const lastAt = own.attempts.at(-1)?.atMs ?? own.dueAtMs;
  const isOwn = ({ chargeId }: ChargeView) => chargeId === own.chargeId;
  const wasHeld = (charge: ChargeView) => !isOwn(charge) && charge.dueAtMs <= lastAt;
  return [...awaiting.filter(isOwn), ...awaiting.filter(wasHeld)];
}

/** Held charges are attempted, one after the other, once the one before them is settled; each may come to wait in turn. */
function mayComeToWait({ status, nextAttemptAtMs }: ChargeView, customer: CustomerView): boolean {
  if (customer.status === 'paused' || customer.status === 'cancelled') return false;
  const isDue = nextAttemptAtMs !== undefined && nextAttemptAtMs <= Date.now();
  return status === 'attempting' || status === 'held' || isDue;
}
