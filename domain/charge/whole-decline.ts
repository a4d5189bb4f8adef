// Joins what an error says of a decline to what only Stripe’s charge knows: the network, and whether Stripe blocked it.
import type { IssuerAnswer, PaymentIntentReading } from '../model/stripe-objects.ts';
import { omitUndefined } from '../shared/omit-undefined.ts';

/** Everything that a decline is judged by is then in the decline itself, for that is what is kept of an attempt. */
export function withWholeDeclines(reading: PaymentIntentReading): PaymentIntentReading {
  const { unrecordedAnswers } = reading;
  return {
    ...withWholeDecline(reading),
    ...omitUndefined({ unrecordedAnswers: unrecordedAnswers?.map(withWholeDecline) }),
  };
}

function withWholeDecline<Answer extends IssuerAnswer>(answer: Answer): Answer {
  const { decline, network, blockedFor } = answer;
  return decline === null || (network === undefined && blockedFor === undefined)
    ? answer
    : { ...answer, decline: { ...decline, ...omitUndefined({ network, blockedFor }) } };
}
