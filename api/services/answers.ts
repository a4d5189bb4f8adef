// Turns customers, charges and evidence into what goes over the wire.

import type { DisputeView } from '../../domain/money-back.ts';
import { omitUndefined } from '../../domain/shared/omit-undefined.ts';
import { withOutsideTimes } from '../../domain/shared/rfc3339.ts';
import type { ChargeView, CustomerView, EnrolmentView } from '../../domain/view.ts';
import type { ChargeRow, CustomerRow, EvidenceItem } from '../../ledger/ledger.ts';
import type { Links } from '../../links/links.ts';
import type { Caller } from '../http/auth.ts';
import type { ChargeAnswer } from '../http/schemas/charges.ts';
import type { CustomerAnswer } from '../http/schemas/customers.ts';
import type { EvidenceAnswer } from '../http/schemas/evidence.ts';
import { timeOf, timeOrNone } from '../http/times.ts';

export interface Answers {
  customer(view: CustomerView, metadata: CustomerRow['metadata'], caller: Caller): Promise<CustomerAnswer>;
  charge(customerId: string, view: ChargeView, row: ChargeRow, caller: Caller): Promise<ChargeAnswer>;
  evidence(item: EvidenceItem): EvidenceAnswer;
}

/** A link opens the customer's page to whoever has it, so only callers that may charge are given one. */
export function createAnswers(links: Links): Answers {
  async function enrolmentAnswer(
    customerId: string,
    { number, setupIntentId, status, decline }: EnrolmentView,
    { mayCharge }: Caller,
  ) {
    const url = mayCharge ? await links.enrol(customerId, number) : undefined;
    return omitUndefined({ setupIntentId, status, url, decline });
  }

  async function stepUpAnswer(
    customerId: string,
    chargeId: string,
    { deadlineMs, advice }: NonNullable<ChargeView['stepUp']>,
    { mayCharge }: Caller,
  ) {
    const url = mayCharge ? await links.stepUp(customerId, chargeId) : undefined;
    return omitUndefined({ url, deadline: timeOf(deadlineMs), advice });
  }

  return {
    async customer(view, metadata, caller) {
      const { customerId, enrolment, mandate } = view;
      return omitUndefined({
        customerId,
        stripeCustomerId: view.stripeCustomerId,
        status: view.status,
        needsAttention: [...view.needsAttention],
        enrolment: enrolment && (await enrolmentAnswer(customerId, enrolment, caller)),
        card: view.card,
        mandate: mandate && {
          status: mandate.status,
          stripeMandateId: mandate.stripeMandateId,
          setupIntentId: mandate.setupIntentId,
          acceptedAt: timeOf(mandate.acceptedAtMs),
        },
        amountDue: view.amountDue,
        currency: view.currency,
        amountsDue: [...view.amountsDue],
        nextActionAt: timeOrNone(view.nextActionAtMs),
        metadata,
      });
    },

    async charge(customerId, view, { terms, openedAtMs, moneyBack }, caller) {
      const { chargeId, stepUp } = view;
      const { amountRefunded, dispute } = moneyBack;
      return omitUndefined({
        customerId,
        chargeId,
        status: view.status,
        amount: view.amount,
        currency: view.currency,
        amountReceived: view.amountReceived,
        amountRefunded: amountRefunded === 0 ? undefined : amountRefunded,
        dispute: dispute ? disputeAnswer(dispute) : undefined,
        description: terms.description,
        statementDescriptorSuffix: terms.statementDescriptorSuffix,
        metadata: terms.metadata,
        attempts: view.attempts.map(({ atMs, ...attempt }) => ({ ...attempt, at: timeOf(atMs) })),
        paymentIntentId: view.paymentIntentId,
        decline: view.decline,
        reason: view.reason,
        stepUp: stepUp && (await stepUpAnswer(customerId, chargeId, stepUp, caller)),
        policy: view.policy,
        attemptsLeft: view.attemptsLeft,
        dueAt: timeOf(view.dueAtMs),
        nextAttemptAt: timeOrNone(view.nextAttemptAtMs),
        createdAt: timeOf(openedAtMs),
        settledAt: timeOrNone(view.settledAtMs),
      });
    },

    evidence({ atMs, kind, chargeId, actor, reason, data, personal, delivery }) {
      return omitUndefined({
        at: timeOf(atMs),
        kind,
        chargeId,
        actor,
        reason,
        data: withOutsideTimes(data) as EvidenceAnswer['data'],
        personal,
        delivery: delivery && (withOutsideTimes(delivery) as EvidenceAnswer['delivery']),
      });
    },
  };
}

function disputeAnswer({ respondByMs, reason, ...dispute }: DisputeView) {
  return {
    ...dispute,
    ...omitUndefined({ reason: reason ?? undefined, respondBy: timeOrNone(respondByMs ?? undefined) }),
  };
}
