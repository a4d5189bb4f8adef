// Opens enrolments: checks the request, claims the customer, and has the workflow ask for a card.
import type { Consent, EnrolmentStatus } from '../../domain/model/enrolment.ts';
import { refuseEnrolment, refuseMetadata } from '../../domain/refuse.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { Refusal } from '../../domain/shared/refusal.ts';
import { MINUTE } from '../../domain/shared/time.ts';
import type { CustomerView } from '../../domain/view.ts';
import type { CustomerRow, Ledger, PersonalKey } from '../../ledger/ledger.ts';
import type { StripeReader } from '../../stripe/reader.ts';
import type { CustomerWorkflows } from '../../temporal/customer-workflows.ts';
import { type EnrolRequest, enrol } from '../../workflows/messages.ts';
import type { Caller } from '../http/auth.ts';
import { invalid } from '../http/problems.ts';
import { isReturnUrl } from '../http/return-url.ts';
import type { EnrolAnswer, NewCustomer } from '../http/schemas/customers.ts';
import type { NewEnrolment } from '../http/schemas/enrolments.ts';
import { msOf } from '../http/times.ts';
import type { Answers } from './answers.ts';
import type { CustomerReader } from './customer-reader.ts';
import { takesClientSecret } from './page-links.ts';

export interface Enrolled {
  /** False when the same request had been made before. */
  readonly isNew: boolean;
  readonly answer: EnrolAnswer;
}

export interface Enrolments {
  /** The customer's first. @throws Refusal `customer_conflict`, or what is wrong with the request */
  openFirst(body: NewCustomer, caller: Caller): Promise<Enrolled>;
  /** Also brings a cancelled customer back. @throws Refusal `customer_not_found`, or what is wrong with the request */
  openAnother(customerId: string, body: NewEnrolment, caller: Caller): Promise<Enrolled>;
}

/** How far a caller's clock may be ahead of ours. */
const CLOCK_SKEW = 5 * MINUTE;

/** The customer may still do something on the SetupIntent; after a failed try, try again. */
const NEEDS_CUSTOMER: ReadonlySet<EnrolmentStatus> = new Set<EnrolmentStatus>([
  'pending',
  'awaiting_customer',
  'failed',
]);

export function createEnrolments(deps: {
  readonly ledger: Ledger;
  readonly workflows: CustomerWorkflows;
  readonly reader: CustomerReader;
  readonly answers: Answers;
  readonly stripe: StripeReader;
  readonly returnUrlOrigins: readonly string[];
}): Enrolments {
  const { ledger, workflows, reader, answers, stripe } = deps;

  function check({ currency, ...body }: NewEnrolment & Pick<NewCustomer, 'currency'>): void {
    const { consent, paymentMethod, returnUrl, terms } = body;
    const refusal = refuseEnrolment({ paymentMethodId: paymentMethod, consent, currency, terms });
    if (refusal) throw refusal;
    if (consent !== undefined && msOf(consent.acceptedAt) > Date.now() + CLOCK_SKEW)
      throw invalid('/body/consent/acceptedAt', 'must not lie in the future');
    if (returnUrl !== undefined && !isReturnUrl(returnUrl, deps.returnUrlOrigins))
      throw new Refusal(
        'return_url_not_allowed',
        '`returnUrl` must be https, without a user, and its origin among those configured.',
      );
  }

  /** @throws Refusal `payment_method_in_use`: Stripe would refuse the card of another customer, and perhaps say whose */
  async function refuseForeignCard(customerId: string, paymentMethodId: string | undefined): Promise<void> {
    const owner = paymentMethodId === undefined ? null : await ledger.findStripeObject(paymentMethodId);
    if (owner !== null && owner.customerId !== customerId)
      throw new Refusal('payment_method_in_use', 'This payment method is another customer’s.');
  }

  /**
   * What the same request has come to when it was made before. Null when neither workflow nor ledger knows of it, and
   * while there is no SetupIntent to show yet: a workflow that is asked again takes the same request for what it is, and
   * answers once there is one.
   */
  async function earlierEnrolment(customerId: string, requestId: string): Promise<CustomerView | null> {
    const row = await reader.customerRow(customerId);
    const live = await reader.live(customerId);
    const enrolment = live?.enrolment;
    const isUnderWay = enrolment?.status === 'pending' && enrolment.setupIntentId === undefined;
    if (isUnderWay && enrolment.requestId === requestId) return null;
    return [live, row.view].find((view) => view?.enrolment || view?.status === 'cancelled') ?? null;
  }

  async function answerOf(
    view: CustomerView,
    metadata: CustomerRow['metadata'],
    request: { readonly requestId: string; readonly hasConsent: boolean; readonly caller: Caller },
  ): Promise<EnrolAnswer> {
    const answer: EnrolAnswer = await answers.customer(view, metadata, request.caller);
    const { enrolment } = view;
    const setupIntentId = enrolment?.setupIntentId;
    const isOfThisRequest = request.hasConsent && enrolment?.requestId === request.requestId;
    if (
      !answer.enrolment ||
      !isOfThisRequest ||
      setupIntentId === undefined ||
      !NEEDS_CUSTOMER.has(enrolment.status)
    )
      return answer;
    const { status, clientSecret } = await stripe.setupIntent(setupIntentId);
    if (clientSecret !== null && takesClientSecret(status)) answer.enrolment.clientSecret = clientSecret;
    return answer;
  }

  return {
    async openFirst(body, caller) {
      check(body);
      refuseReserved(body.metadata);
      const { customerId, metadata = {}, stripeCustomerId, currency } = body;
      await refuseForeignCard(customerId, body.paymentMethod);
      const requestId = await ledger.requestIdOf(customerId, comparedRequest(body));
      const claim = await ledger.claimCustomer({
        customerId,
        requestId,
        ...omitUndefined({ stripeCustomerId }),
        metadata,
        personal: { ...contactOf(body), ...personalOf(requestId, body) },
      });
      if (claim === 'conflict')
        throw new Refusal(
          'customer_conflict',
          `Customer "${customerId}" was enrolled with another request; for another card post to their enrolments.`,
        );
      if (claim === 'stripe_customer_in_use')
        throw new Refusal(
          'stripe_customer_in_use',
          `"${stripeCustomerId}" is the Stripe customer of another customer.`,
        );
      const request = { requestId, hasConsent: body.consent !== undefined, caller };
      const earlier = claim === 'same' ? await earlierEnrolment(customerId, requestId) : null;
      if (earlier && hasSomethingToShow(earlier))
        return { isNew: false, answer: await answerOf(earlier, metadata, request) };
      try {
        const enrolment = {
          ...enrolRequest(requestId, body, caller.actor),
          ...omitUndefined({ stripeCustomerId, currency }),
        };
        const view = await workflows.askOrStart(customerId, enrol, enrolment, requestId);
        return { isNew: claim !== 'same', answer: await answerOf(view, metadata, request) };
      } catch (error) {
        if (error instanceof Refusal) await ledger.releaseCustomer(customerId, requestId);
        throw error;
      }
    },

    async openAnother(customerId, body, caller) {
      check(body);
      const row = await reader.customerRow(customerId);
      await refuseForeignCard(customerId, body.paymentMethod);
      const before = (await reader.live(customerId)) ?? row.view;
      const requestId = await ledger.requestIdOf(customerId, { customerId, body });
      for (const [key, value] of Object.entries(personalOf(requestId, body)))
        await ledger.putPersonal(customerId, key as PersonalKey, value);
      const numberBefore = before?.enrolment?.number ?? 0;
      const view = await workflows.askOrStart(
        customerId,
        enrol,
        enrolRequest(requestId, body, caller.actor),
        // Asked for again at the same time it is the same enrolment, and later it is another.
        `${requestId}-${numberBefore}`,
      );
      const isNew = (view.enrolment?.number ?? 0) > numberBefore;
      const request = { requestId, hasConsent: body.consent !== undefined, caller };
      return { isNew, answer: await answerOf(view, row.metadata, request) };
    },
  };
}

/** Empty metadata are the same as none. */
function comparedRequest({ metadata = {}, ...body }: NewCustomer): object {
  return omitUndefined({ ...body, metadata: Object.keys(metadata).length > 0 ? metadata : undefined });
}

/** @throws Refusal `metadata_reserved` */
export function refuseReserved(metadata: { readonly [key: string]: string } = {}): void {
  const refusal = refuseMetadata(metadata);
  if (refusal) throw refusal;
}

function enrolRequest(requestId: string, body: NewEnrolment, actor: string): EnrolRequest {
  const { paymentMethod, consent, terms } = body;
  return omitUndefined({
    requestId,
    actor,
    paymentMethodId: paymentMethod,
    consent: consent && consentOf(requestId, consent),
    terms,
  });
}

/** One agreement, one id: a request that is made again is the same agreement. */
function consentOf(requestId: string, consent: NonNullable<NewEnrolment['consent']>): Consent {
  const { termsVersion, acceptedAt } = consent;
  return { consentId: requestId, termsVersion, acceptedAtMs: msOf(acceptedAt), source: 'request' };
}

function contactOf({ email, locale }: NewCustomer): { readonly [Key in PersonalKey]?: object } {
  const contact = omitUndefined({ email, locale });
  return Object.keys(contact).length === 0 ? {} : { contact };
}

function personalOf(
  requestId: string,
  { returnUrl, consent }: NewEnrolment,
): { readonly [Key in `enrolment/${string}` | `consent/${string}`]: object } {
  const evidence = omitUndefined({ ip: consent?.ip, userAgent: consent?.userAgent });
  return {
    ...(returnUrl !== undefined && { [`enrolment/${requestId}`]: { returnUrl } }),
    ...(Object.keys(evidence).length > 0 && { [`consent/${requestId}`]: evidence }),
  };
}

/** An open enrolment without a SetupIntent is waited for: the same request, asked at once, is answered alike. */
function hasSomethingToShow({ enrolment }: CustomerView): boolean {
  return enrolment === undefined || enrolment.closed || enrolment.setupIntentId !== undefined;
}
