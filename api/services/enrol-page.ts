// What the card page may know and do: only what its link is bound to, and only while that enrolment is open.
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import type { EnrolmentStatus } from '../../domain/model/enrolment.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import type { CustomerView, EnrolmentView } from '../../domain/view.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { EnrolLink, Links } from '../../links/links.ts';
import type { StripeReader } from '../../stripe/reader.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { giveConsent } from '../../workflows/messages.ts';
import { unavailable } from '../http/problems.ts';
import type { CustomerReader } from './customer-reader.ts';
import { type BrowserStripe, LINK_ACTOR, openLink, refuseClosed, takesClientSecret } from './page-links.ts';

/** Characters of a user agent that are kept. */
const USER_AGENT_KEPT = 1_000;

export interface EnrolSession extends BrowserStripe {
  readonly clientSecret: string;
  /** `authentication`: a card has been given, and its bank wants to see the customer. */
  readonly needs: 'card' | 'authentication';
}

export interface EnrolPageStatus {
  /** `over`: a later enrolment has taken this one's place, or its tries are used up. */
  readonly status: EnrolmentStatus | 'over';
  readonly hasConsent: boolean;
  /** Once succeeded, where the caller wants the customer to go. */
  readonly returnUrl?: string;
}

/** What is known of whoever has opened the page. */
export interface Visitor {
  readonly ip: string;
  readonly userAgent: string | undefined;
}

export interface EnrolPage {
  /**
   * @throws Problem 404 `link_not_found` for a token that is forged, expired or of another purpose; 410 `link_closed` once
   * the customer is cancelled
   */
  open(token: string): Promise<EnrolLink>;
  status(link: EnrolLink): Promise<EnrolPageStatus>;
  /** @throws Problem 410 `link_closed`; Refusal `consent_required` */
  session(link: EnrolLink, request: Visitor & { readonly consent: boolean }): Promise<EnrolSession>;
  /** Has the workflow read the SetupIntent at once. @throws Problem 410 `link_closed` */
  done(link: EnrolLink): Promise<void>;
}

export function createEnrolPage({
  ledger,
  workflows,
  reader,
  links,
  stripe,
  browserStripe,
  termsVersion,
}: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly links: Links;
  readonly stripe: StripeReader;
  readonly browserStripe: BrowserStripe;
  readonly termsVersion: string;
}): EnrolPage {
  const open = (token: string) => openLink(links.open('enrol', token), ledger);

  /** The link's enrolment as it is now; null once another has taken its place. */
  async function enrolmentOf({ customerId, enrolmentNumber }: EnrolLink): Promise<EnrolmentView | null> {
    const { enrolment, status } = (await reader.customer(customerId)).view;
    if (status === 'cancelled') refuseClosed();
    return enrolment?.number === enrolmentNumber ? enrolment : null;
  }

  async function openEnrolmentOf(link: EnrolLink): Promise<EnrolmentView> {
    const enrolment = await enrolmentOf(link);
    return enrolment && isOpen(enrolment) ? enrolment : refuseClosed();
  }

  /** The evidence comes first: consent that nobody can show is none. */
  async function takeConsent(
    { customerId, enrolmentNumber }: EnrolLink,
    { ip, userAgent }: Visitor,
  ): Promise<CustomerView> {
    // A proxy may send anything for an address.
    const evidence = omitUndefined({
      ip: isIP(ip) === 0 ? undefined : ip,
      userAgent: userAgent?.slice(0, USER_AGENT_KEPT),
    });
    // One consent of a visitor leaves one row, however often and at once it is given. Keyed, so that it tells nothing.
    const consentId = await ledger.requestIdOf(customerId, { enrolmentNumber, termsVersion, ...evidence });
    await ledger.putPersonal(customerId, `consent/${consentId}`, evidence);
    const view = await workflows.ask(customerId, giveConsent, {
      actor: LINK_ACTOR,
      enrolmentNumber,
      consent: { consentId, termsVersion, acceptedAtMs: Date.now(), source: 'page' },
    });
    return view ?? refuseClosed();
  }

  return {
    open,

    async status(link) {
      const enrolment = await enrolmentOf(link);
      if (!enrolment) return { status: 'over', hasConsent: true };
      const { status, hasConsent, requestId } = enrolment;
      if (status === 'failed' && !isOpen(enrolment)) return { status: 'over', hasConsent };
      if (status !== 'succeeded') return { status, hasConsent };
      const personal = await ledger.getPersonal<{ returnUrl?: string }>(
        link.customerId,
        `enrolment/${requestId}`,
      );
      return omitUndefined({ status, hasConsent, returnUrl: personal?.returnUrl });
    },

    async session(link, { consent, ...visitor }) {
      let enrolment = await openEnrolmentOf(link);
      if (!enrolment.hasConsent) {
        if (!consent)
          throw new Refusal('consent_required', 'The terms must be agreed to before a card is taken.');
        enrolment = (await takeConsent(link, visitor)).enrolment ?? refuseClosed();
      }
      const { setupIntentId } = enrolment;
      if (setupIntentId === undefined)
        throw unavailable('stripe_unavailable', 'The card form is not ready yet; please try again.');
      const { status, clientSecret } = await stripe.setupIntent(setupIntentId);
      if (clientSecret === null || !takesClientSecret(status)) return refuseClosed();
      const needs = status === 'requires_payment_method' ? 'card' : 'authentication';
      return { ...browserStripe, clientSecret, needs };
    },

    async done(link) {
      const enrolment = (await enrolmentOf(link)) ?? refuseClosed();
      const { setupIntentId } = enrolment;
      // What is over needs no reading, and a link must not go on asking for one.
      if (setupIntentId === undefined || !isOpen(enrolment)) return;
      // Named as Stripe names events: one rule holds for the ids of all.
      const eventId = `evt_page_${randomUUID().replaceAll('-', '')}`;
      const event = { eventId, type: 'page.done', objectId: setupIntentId };
      if (!(await workflows.notify(link.customerId, event))) refuseClosed();
    },
  };
}

/** An enrolment that has failed may be tried again until it is closed; then its SetupIntent is cancelled at Stripe. */
function isOpen({ status, closed = false }: EnrolmentView): boolean {
  return !closed && status !== 'succeeded' && status !== 'expired';
}
