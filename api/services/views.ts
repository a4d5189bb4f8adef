// Turns what the domain and the ledger know into what goes over the wire. It reads nothing and decides nothing.
import type { ChargeView, CustomerView } from '../../domain/view.ts';
import type {
  ChargeRow,
  ChargeTerms,
  CustomerRow,
  EvidenceItem,
  NoticeDelivery,
} from '../../ledger/ledger.ts';
import type { Links } from '../../links/links.ts';
import type { ChargeAnswer, CustomerAnswer, EvidenceAnswer } from '../http/schemas.ts';

/** RFC 3339 in UTC. @param ms epoch milliseconds */
function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Epoch milliseconds of a time that its schema has checked. */
export function msOf(time: string): number {
  return Date.parse(time);
}

/** A customer whose workflow has recorded nothing yet. */
export function claimedCustomer(customerId: string): CustomerView {
  return {
    customerId,
    stripeCustomerId: null,
    status: 'awaiting_mandate',
    amountDue: 0,
    currency: null,
    charges: [],
  };
}

/** A charge that a workflow has accepted but not recorded yet; `openedAtMs` stands for a due time of "at once". */
export function acceptedCharge({ terms, openedAtMs }: ChargeRow): ChargeView {
  const { chargeId, amount, currency, dueAtMs = openedAtMs } = terms;
  return { chargeId, status: 'scheduled', amount, currency, attempts: [], dueAtMs };
}

export async function customerAnswer(
  view: CustomerView,
  metadata: CustomerRow['metadata'],
  links: Links,
): Promise<CustomerAnswer> {
  const { customerId, enrolment, card, mandate, nextActionAtMs } = view;
  return {
    customerId,
    stripeCustomerId: view.stripeCustomerId,
    status: view.status,
    ...(enrolment && {
      enrolment: {
        ...(enrolment.setupIntentId !== undefined && { setupIntentId: enrolment.setupIntentId }),
        status: enrolment.status,
        url: await links.enrol(customerId, enrolment.number),
        ...(enrolment.decline && { decline: enrolment.decline }),
      },
    }),
    ...(card && { card }),
    ...(mandate && {
      mandate: {
        status: mandate.status,
        stripeMandateId: mandate.stripeMandateId,
        setupIntentId: mandate.setupIntentId,
        acceptedAt: timeOf(mandate.acceptedAtMs),
      },
    }),
    amountDue: view.amountDue,
    currency: view.currency,
    ...(nextActionAtMs !== undefined && { nextActionAt: timeOf(nextActionAtMs) }),
    metadata,
  };
}

export async function chargeAnswer(
  customerId: string,
  view: ChargeView,
  terms: ChargeTerms,
  links: Links,
): Promise<ChargeAnswer> {
  const { description, statementDescriptorSuffix, metadata } = terms;
  const { chargeId, paymentIntentId, decline, reason, stepUp, nextAttemptAtMs } = view;
  return {
    customerId,
    chargeId,
    status: view.status,
    amount: view.amount,
    currency: view.currency,
    ...(description !== undefined && { description }),
    ...(statementDescriptorSuffix !== undefined && { statementDescriptorSuffix }),
    ...(metadata && { metadata }),
    attempts: view.attempts.map(({ atMs, ...attempt }) => ({ ...attempt, at: timeOf(atMs) })),
    ...(paymentIntentId !== undefined && { paymentIntentId }),
    ...(decline && { decline }),
    ...(reason !== undefined && { reason }),
    ...(stepUp && {
      stepUp: { url: await links.stepUp(customerId, chargeId), deadline: timeOf(stepUp.deadlineMs) },
    }),
    dueAt: timeOf(view.dueAtMs),
    ...(nextAttemptAtMs !== undefined && { nextAttemptAt: timeOf(nextAttemptAtMs) }),
  };
}

export function evidenceAnswer(item: EvidenceItem): EvidenceAnswer {
  const { atMs, kind, chargeId, actor, reason, data, personal, delivery } = item;
  return {
    at: timeOf(atMs),
    kind,
    ...(chargeId !== undefined && { chargeId }),
    ...(actor !== undefined && { actor }),
    ...(reason !== undefined && { reason }),
    data: withTimes(data) as EvidenceAnswer['data'],
    ...(personal && { personal }),
    ...(delivery && { delivery: deliveryAnswer(delivery) }),
  };
}

function deliveryAnswer({ atMs, ...end }: NoticeDelivery): NonNullable<EvidenceAnswer['delivery']> {
  return { at: timeOf(atMs), ...end };
}

/** Facts name their times `…Ms`; over HTTP these become `…` in RFC 3339, at any depth. */
function withTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) =>
      key.endsWith('Ms') && typeof member === 'number'
        ? [key.slice(0, -'Ms'.length), timeOf(member)]
        : [key, withTimes(member)],
    ),
  );
}
