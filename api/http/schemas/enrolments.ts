// The shapes of a request for a card and of the enrolment it opens.
import Type, { type Static } from 'typebox';
import { TERMS_VERSION_PATTERN } from '../../../domain/shared/ids.ts';
import { DESCRIPTION } from '../../../domain/shared/stripe-text-rules.ts';
import { Amount, Currency, Strict, StripeId, Text, Time } from '../fields.ts';
import { Decline } from './declines.ts';

const ConsentBody = Strict(
  {
    termsVersion: Text('Which terms the customer agreed to.', TERMS_VERSION_PATTERN, '2026-01'),
    acceptedAt: Time('When the customer agreed.'),
    ip: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }],
        description: 'From where.',
        examples: ['203.0.113.7'],
      }),
    ),
    userAgent: Type.Optional(
      Type.String({ ...DESCRIPTION, description: 'With which browser.', examples: ['Mozilla/5.0'] }),
    ),
  },
  { description: 'What the customer agreed to in your own flow. Without it our page asks.' },
);

const EveryBody = Strict({
  unit: Type.Enum(['day', 'week', 'month', 'year']),
  count: Type.Integer({ minimum: 1, maximum: 366 }),
});

const TermsBody = Strict(
  { maxAmount: Amount, currency: Currency, every: Type.Optional(EveryBody) },
  {
    description:
      'Limits agreed with the customer. A charge above `maxAmount` or in another currency is refused; `every` is ' +
      'for the issuer and not counted here.',
  },
);

export const enrolmentFields = {
  paymentMethod: Type.Optional(
    StripeId(
      'pm',
      'A card you already have, confirmed at once. Needs `consent`.',
      'pm_1Q0PsIJvEtkwdCNYMSaVuRz6',
    ),
  ),
  consent: Type.Optional(ConsentBody),
  terms: Type.Optional(TermsBody),
  returnUrl: Type.Optional(
    Type.String({
      format: 'uri',
      maxLength: 2048,
      description:
        'Where our page sends the customer afterwards: https (http on this machine only), without user or password; ' +
        'its origin must be configured.',
      examples: ['https://shop.example/account'],
    }),
  ),
};

export const NewEnrolment = Strict(enrolmentFields, { title: 'NewEnrolment' });
export type NewEnrolment = Static<typeof NewEnrolment>;

export const EnrolmentAnswer = Type.Object(
  {
    setupIntentId: Type.Optional(
      StripeId('seti', 'Absent until Stripe has made it.', 'seti_1Q0PsIJvEtkwdCNY'),
    ),
    status: Type.Enum(['pending', 'awaiting_customer', 'processing', 'succeeded', 'failed', 'expired']),
    url: Type.Optional(
      Type.String({
        description: 'Our page, for the customer alone. Shown to keys with the scope `charge` only.',
        examples: ['https://pay.example/enrol/eyJhbGciOiJIUzI1NiJ9.e30.x'],
      }),
    ),
    decline: Type.Optional(Decline),
  },
  { title: 'Enrolment' },
);
