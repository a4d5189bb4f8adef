// The shapes of charges: what is asked for, listed and shown.
import Type, { type Static } from 'typebox';
import { ID_PATTERN } from '../../../domain/shared/ids.ts';
import { DESCRIPTION, STATEMENT_DESCRIPTOR_SUFFIX } from '../../../domain/shared/stripe-text-rules.ts';
import type { ChargeStatus as DomainChargeStatus } from '../../../domain/view.ts';
import { Amount, ChargeId, Currency, CustomerId, Metadata, Strict, StripeId, Time } from '../fields.ts';
import { Decline } from './declines.ts';
import { Cursor } from './lists.ts';
import { valuesOf } from './union-values.ts';

const CHARGE_STATUSES = valuesOf<DomainChargeStatus>({
  scheduled: true,
  held: true,
  attempting: true,
  processing: true,
  awaiting_step_up: true,
  retrying: true,
  awaiting_card: true,
  unknown: true,
  refused: true,
  succeeded: true,
  failed: true,
  waived: true,
  cancelled: true,
});

export const ChargeStatus = Type.Enum(CHARGE_STATUSES, { description: 'Where the charge is.' });

export const ChargeParams = Strict({ customerId: CustomerId, chargeId: ChargeId });

export const ChargesQuery = Strict({ status: Type.Optional(ChargeStatus), cursor: Type.Optional(Cursor) });

/** Longest `?wait`, in seconds. */
const LONGEST_WAIT = 30;
export const WaitQuery = Strict({
  wait: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: LONGEST_WAIT,
      description: 'Wait up to this many seconds until the charge is settled or waits for someone.',
      examples: [10],
    }),
  ),
});

export const NewCharge = Strict(
  {
    chargeId: ChargeId,
    amount: Amount,
    currency: Currency,
    description: Type.Optional(
      Type.String({
        ...DESCRIPTION,
        description: 'Shown in your Stripe dashboard.',
        examples: ['January usage'],
      }),
    ),
    statementDescriptorSuffix: Type.Optional(
      Type.String({
        ...STATEMENT_DESCRIPTOR_SUFFIX,
        description:
          'On the card statement, after your prefix, with which it has room for 22 characters. Latin characters without ' +
          'accents, one letter at least, none of < > \\ \' " *.',
        examples: ['USAGE JAN'],
      }),
    ),
    metadata: Type.Optional(Metadata),
    dueAt: Type.Optional(Time('When to charge; at once when absent.')),
    policy: Type.Optional(
      Type.String({
        pattern: ID_PATTERN,
        description: 'How it is collected after a decline: the name of a policy of POLICY_FILE.',
        examples: ['gentle'],
      }),
    ),
  },
  { title: 'NewCharge' },
);
export type NewCharge = Static<typeof NewCharge>;

export const StepUpAdvice = Type.Enum(['call_bank_or_use_another_card'], {
  description: 'The customer has authenticated, and their bank asks for it again: only this will help.',
});

export const ChargeAnswer = Type.Object(
  {
    customerId: CustomerId,
    chargeId: ChargeId,
    status: ChargeStatus,
    amount: Amount,
    currency: Currency,
    amountReceived: Type.Optional(
      Type.Integer({
        description: 'What Stripe has collected, in minor units. Absent until something has been.',
      }),
    ),
    amountRefunded: Type.Optional(
      Type.Integer({
        description:
          'What has gone back in refunds, or is on its way, in minor units. Absent when nothing has.',
      }),
    ),
    dispute: Type.Optional(
      Type.Object(
        {
          disputeId: Type.String({ examples: ['du_1MtJUT2eZvKYlo2CNaw2HvEv'] }),
          status: Type.String({ description: 'Stripe’s own word.', examples: ['needs_response'] }),
          amount: Amount,
          reason: Type.Optional(Type.String({ examples: ['fraudulent'] })),
          respondBy: Type.Optional(Time('Until when it can be contested.')),
        },
        { description: 'The newest one. Absent when there was none.' },
      ),
    ),
    description: Type.Optional(Type.String()),
    statementDescriptorSuffix: Type.Optional(Type.String()),
    metadata: Type.Optional(Metadata),
    attempts: Type.Array(
      Type.Object({
        number: Type.Integer(),
        at: Time('When.'),
        outcome: Type.Enum(['succeeded', 'processing', 'step_up', 'declined', 'refused', 'unknown']),
        declineCode: Type.Optional(Type.String()),
        adviceCode: Type.Optional(Type.String()),
      }),
    ),
    paymentIntentId: Type.Optional(StripeId('pi', 'The one live PaymentIntent.', 'pi_3Q0PsIJvEtkwdCNY')),
    decline: Type.Optional(Decline),
    reason: Type.Optional(
      Type.String({ description: 'Why it ended, or what it waits for.', examples: ['step_up_expired'] }),
    ),
    stepUp: Type.Optional(
      Type.Object({
        url: Type.Optional(
          Type.String({
            description: 'Our page, for the customer alone. Shown to keys with the scope `charge` only.',
          }),
        ),
        deadline: Time('After this the charge fails.'),
        advice: Type.Optional(StepUpAdvice),
      }),
    ),
    policy: Type.Optional(
      Type.String({ description: 'The collection policy it was opened under; absent: the default.' }),
    ),
    attemptsLeft: Type.Optional(
      Type.Object(
        {
          charge: Type.Integer({ description: 'By us, for this charge.' }),
          card: Type.Optional(
            Type.Integer({
              description: 'Of the card on file, for this amount, within its network’s limit.',
            }),
          ),
        },
        {
          description:
            'How often it may still be attempted. Absent before the first attempt, and once it is over.',
        },
      ),
    ),
    dueAt: Time('When it is or was due.'),
    nextAttemptAt: Type.Optional(Time('When it is next attempted by itself.')),
    createdAt: Time('When it was asked for.'),
    settledAt: Type.Optional(Time('When it was known to be paid.')),
  },
  { title: 'Charge' },
);
export type ChargeAnswer = Static<typeof ChargeAnswer>;
