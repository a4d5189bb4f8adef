// What the customer's pages may know and do: only what their link is bound to, and only while that is open.
import { randomUUID } from 'node:crypto';
import type { EnrolmentStatus } from '../../domain/model/enrolment.ts';
import { formatMoney } from '../../domain/shared/money.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { ChargeStatus, ChargeView, CustomerView, EnrolmentView } from '../../domain/view.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { EnrolLink, Links, StepUpLink } from '../../links/links.ts';
import type { StripeReader } from '../../stripe/reader.ts';
import type { Billing } from '../../temporal/customers.ts';
import { giveConsent } from '../../workflows/messages.ts';
import type { AppConfig } from '../config.ts';
import { Problem, unavailable } from '../http/problems.ts';
import type { Reading } from './customers.ts';
import { takesClientSecret } from './enrolments.ts';

/** Who did it, in the evidence, when it was the customer on our page. */
const CUSTOMER = 'customer';
/** Characters of a user agent that are kept. */
const USER_AGENT_KEPT = 1_000;

/** Where a browser's Stripe.js finds its account and its code. */
interface BrowserStripe {
  readonly publishableKey: string;
  readonly stripeJsUrl: string;
}

export interface EnrolSession extends BrowserStripe {
  readonly clientSecret: string;
  /** `authentication`: there is a card already, and the bank wants to see the customer. */
  readonly needs: 'card' | 'authentication';
}

export interface StepUpSession extends BrowserStripe {
  readonly chargeId: string;
  readonly clientSecret: string;
  /** The card to name in the confirm: Stripe clears it after a decline. */
  readonly paymentMethodId: string;
  readonly needs: 'confirmation' | 'authentication';
  readonly amount: number;
  readonly currency: string;
}

export interface EnrolPageStatus {
  /** `over`: a later enrolment has taken this one's place, or its tries are used up. */
  readonly status: EnrolmentStatus | 'over';
  readonly hasConsent: boolean;
  /** Once succeeded, where the caller wants the customer to go. */
  readonly returnUrl?: string;
}

export interface StepUpPageStatus {
  /** Of the charge that the link was made for. */
  readonly status: ChargeStatus;
  /** The charge that waits for the customer now: the link's, or one that was held behind it. */
  readonly next?: string;
  /** What `next` asks for, for people: `49.00 EUR`. */
  readonly amount?: string;
  /** Another charge may come to wait for the customer in a moment. */
  readonly isBusy: boolean;
}

/** Every method throws Problem 404 `link_not_found` for a token that is forged, expired or of another purpose. */
export interface Pages {
  openEnrol(token: string): Promise<EnrolLink>;
  openStepUp(token: string): Promise<StepUpLink>;
  enrolStatus(token: string): Promise<EnrolPageStatus>;
  /** @throws Problem 410 `link_closed`; Refusal `consent_required` */
  enrolSession(
    token: string,
    given: { readonly consent: boolean; readonly ip: string; readonly userAgent: string | undefined },
  ): Promise<EnrolSession>;
  /** Has the workflow look at once. @throws Problem 410 `link_closed` */
  enrolDone(token: string): Promise<void>;
  stepUpStatus(token: string): Promise<StepUpPageStatus>;
  /** @throws Problem 410 `link_closed`, 503 `payments_stopped` while the emergency brake is on */
  stepUpSession(token: string): Promise<StepUpSession>;
  /** Has the workflow look at once. @throws Problem 410 `link_closed` */
  stepUpDone(token: string, chargeId: string | undefined): Promise<void>;
}

export function createPages(deps: {
  readonly ledger: Ledger;
  readonly billing: Billing;
  readonly reading: Reading;
  readonly links: Links;
  readonly stripe: StripeReader;
  readonly config: Pick<AppConfig, 'stripe' | 'merchant'>;
}): Pages {
  const { ledger, billing, reading, links, stripe, config } = deps;
  const browserStripe: BrowserStripe = {
    publishableKey: config.stripe.publishableKey,
    stripeJsUrl: config.stripe.jsUrl,
  };

  async function openEnrol(token: string): Promise<EnrolLink> {
    return (await links.open('enrol', token)) ?? refuseLink();
  }

  async function openStepUp(token: string): Promise<StepUpLink> {
    return (await links.open('step-up', token)) ?? refuseLink();
  }

  /** The link's enrolment as it is now; null once another has taken its place. */
  async function enrolmentOf({ customerId, enrolmentNumber }: EnrolLink): Promise<EnrolmentView | null> {
    const { enrolment } = (await reading.customer(customerId)).view;
    return enrolment?.number === enrolmentNumber ? enrolment : null;
  }

  async function openEnrolmentOf(link: EnrolLink): Promise<EnrolmentView> {
    const enrolment = await enrolmentOf(link);
    return enrolment && isOpen(enrolment) ? enrolment : refuseOver();
  }

  async function chargeOf(view: CustomerView, chargeId: string): Promise<ChargeView> {
    const open = view.charges.find((charge) => charge.chargeId === chargeId);
    return open ?? (await reading.charge(view.customerId, chargeId)).view;
  }

  /** The evidence first: consent that nobody can show is none. */
  async function takeConsent(
    { customerId, enrolmentNumber }: EnrolLink,
    ip: string,
    userAgent: string | undefined,
  ): Promise<CustomerView> {
    const consentId = randomUUID();
    const agent = userAgent === undefined ? {} : { userAgent: userAgent.slice(0, USER_AGENT_KEPT) };
    await ledger.putPersonal(customerId, `consent/${consentId}`, { ip, ...agent });
    const { termsVersion } = config.merchant;
    const view = await billing.ask(customerId, giveConsent, {
      actor: CUSTOMER,
      enrolmentNumber,
      consent: { consentId, termsVersion, acceptedAtMs: Date.now(), source: 'page' },
    });
    return view ?? refuseOver();
  }

  return {
    openEnrol,
    openStepUp,

    async enrolStatus(token) {
      const link = await openEnrol(token);
      const enrolment = await enrolmentOf(link);
      if (!enrolment) return { status: 'over', hasConsent: true };
      const { status, hasConsent, requestId } = enrolment;
      if (status === 'failed' && !isOpen(enrolment)) return { status: 'over', hasConsent };
      if (status !== 'succeeded') return { status, hasConsent };
      const kept = await ledger.getPersonal<{ returnUrl?: string }>(
        link.customerId,
        `enrolment/${requestId}`,
      );
      return { status, hasConsent, ...(kept?.returnUrl !== undefined && { returnUrl: kept.returnUrl }) };
    },

    async enrolSession(token, { consent, ip, userAgent }) {
      const link = await openEnrol(token);
      let enrolment = await openEnrolmentOf(link);
      if (!enrolment.hasConsent) {
        if (!consent)
          throw new Refusal('consent_required', 'The terms must be agreed to before a card is taken.');
        enrolment = (await takeConsent(link, ip, userAgent)).enrolment ?? refuseOver();
      }
      const { setupIntentId } = enrolment;
      if (setupIntentId === undefined)
        throw unavailable('stripe_unavailable', 'The card form is not ready yet; please try again.');
      const { status, clientSecret } = await stripe.setupIntent(setupIntentId);
      if (clientSecret === null || !takesClientSecret(status)) return refuseOver();
      const needs = status === 'requires_payment_method' ? 'card' : 'authentication';
      return { ...browserStripe, clientSecret, needs };
    },

    async enrolDone(token) {
      const link = await openEnrol(token);
      const enrolment = (await enrolmentOf(link)) ?? refuseOver();
      const { setupIntentId } = enrolment;
      // What is over needs no bell, and a link must not go on ringing for it.
      if (setupIntentId === undefined || !isOpen(enrolment)) return;
      const news = { eventId: `page-${randomUUID()}`, type: 'page.done', objectId: setupIntentId };
      if (!(await billing.notify(link.customerId, news))) refuseOver();
    },

    async stepUpStatus(token) {
      const { customerId, chargeId } = await openStepUp(token);
      const { view } = await reading.customer(customerId);
      const own = await chargeOf(view, chargeId);
      const [next] = waiting(view, own);
      return {
        status: own.status,
        ...(next && { next: next.chargeId, amount: formatMoney(next.amount, next.currency) }),
        isBusy: view.charges.some((charge) => mayComeToWait(charge, view)),
      };
    },

    async stepUpSession(token) {
      const link = await openStepUp(token);
      // The page confirms with the secret it is given: no attempt of anybody's begins while the brake is on.
      if (await ledger.isKillSwitchOn())
        throw unavailable('payments_stopped', 'Payments are stopped for the moment. Please come back later.');
      const { view } = await reading.customer(link.customerId);
      const own = await chargeOf(view, link.chargeId);
      const [next = refuseOver()] = waiting(view, own);
      const { chargeId, amount, currency, paymentIntentId } = next;
      if (paymentIntentId === undefined) return refuseOver();
      const intent = await stripe.paymentIntent(paymentIntentId);
      const paymentMethodId = intent.paymentMethodId ?? view.mandate?.paymentMethodId;
      if (intent.clientSecret === null || paymentMethodId === undefined || !takesClientSecret(intent.status))
        return refuseOver();
      const needs = intent.status === 'requires_action' ? 'authentication' : 'confirmation';
      const { clientSecret } = intent;
      return { ...browserStripe, chargeId, clientSecret, paymentMethodId, needs, amount, currency };
    },

    async stepUpDone(token, chargeId) {
      const link = await openStepUp(token);
      const { view } = await reading.customer(link.customerId);
      const own = await chargeOf(view, link.chargeId);
      const done = waiting(view, own).find((charge) => charge.chargeId === (chargeId ?? own.chargeId));
      if (done && !(await billing.steppedUp(link.customerId, done.chargeId))) refuseOver();
    },
  };
}

/**
 * What waits for the customer: the link's own charge first, then those that were held behind it. What fell due after it
 * has a link of its own.
 */
function waiting({ charges }: CustomerView, own: ChargeView): readonly ChargeView[] {
  const asking = charges.filter(({ status }) => status === 'awaiting_step_up');
  const lastAt = own.attempts.at(-1)?.atMs ?? own.dueAtMs;
  const isOwn = ({ chargeId }: ChargeView) => chargeId === own.chargeId;
  const wasHeld = (charge: ChargeView) => !isOwn(charge) && charge.dueAtMs <= lastAt;
  return [...asking.filter(isOwn), ...asking.filter(wasHeld)];
}

/** Held charges are attempted, one after the other, once the one before them is settled; each may ask in turn. */
function mayComeToWait({ status, nextAttemptAtMs }: ChargeView, customer: CustomerView): boolean {
  if (customer.status === 'paused' || customer.status === 'cancelled') return false;
  const isDue = nextAttemptAtMs !== undefined && nextAttemptAtMs <= Date.now();
  return status === 'attempting' || status === 'held' || isDue;
}

/** An enrolment that has failed may be tried again until it is closed; then its SetupIntent is cancelled at Stripe. */
function isOpen({ status, closed = false }: EnrolmentView): boolean {
  return !closed && status !== 'succeeded' && status !== 'expired';
}

function refuseLink(): never {
  throw new Problem(404, 'link_not_found', 'This link is not valid, or no longer.');
}

function refuseOver(): never {
  throw new Problem(410, 'link_closed', 'What this link was for is over.');
}
