// The shapes of what the scripts of the customer's pages ask for and receive.
import Type from 'typebox';
import { ChargeId, Strict } from '../fields.ts';
import { ChargeStatus, StepUpAdvice } from './charges.ts';
import { EnrolmentAnswer } from './enrolments.ts';

export const Token = Strict({
  token: Type.String({
    maxLength: 1_500,
    description: 'From a link made here.',
    examples: ['eyJhbGciOiJIUzI1NiJ9.e30.x'],
  }),
});

const BrowserStripe = {
  publishableKey: Type.String({ examples: ['pk_test_51Abc'] }),
  stripeJsUrl: Type.String({ examples: ['https://js.stripe.com/v3/'] }),
  clientSecret: Type.String({ description: 'Read at this moment, never kept.' }),
};
export const EnrolSession = Type.Object({ ...BrowserStripe, needs: Type.Enum(['card', 'authentication']) });
export const StepUpSession = Type.Object({
  ...BrowserStripe,
  chargeId: ChargeId,
  paymentMethodId: Type.String({ description: 'The card to name.' }),
  needs: Type.Enum(['confirmation', 'authentication']),
  amount: Type.Integer({ description: 'Minor units.' }),
  currency: Type.String(),
});
export const EnrolStatus = Type.Object({
  status: Type.Enum([...EnrolmentAnswer.properties.status.enum, 'over']),
  hasConsent: Type.Boolean(),
  returnUrl: Type.Optional(Type.String({ description: 'Once succeeded.' })),
});
export const StepUpStatus = Type.Object({
  status: ChargeStatus,
  next: Type.Optional(Type.String({ description: 'The charge that waits for the customer now.' })),
  amount: Type.Optional(
    Type.String({ description: 'What it asks for, for people.', examples: ['49.00 EUR'] }),
  ),
  advice: Type.Optional(StepUpAdvice),
  isBusy: Type.Boolean({ description: 'Another charge may come to wait in a moment.' }),
  isPaused: Type.Boolean({ description: 'Nothing is collected for now, and no session given.' }),
});
export const Nothing = Type.Object({});
