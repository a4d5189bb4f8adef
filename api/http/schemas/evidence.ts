// The shape of what is on record of a customer.
import Type, { type Static } from 'typebox';
import type { FactKind } from '../../../domain/model/facts.ts';
import { ChargeId, Time } from '../fields.ts';
import { valuesOf } from './union-values.ts';

const EVIDENCE_KINDS = valuesOf<FactKind>({
  enrolment_opened: true,
  consent: true,
  setup_intent_created: true,
  setup_failed: true,
  enrolment_closed: true,
  mandate: true,
  mandate_status: true,
  card_updated: true,
  charge_opened: true,
  payment_intent_created: true,
  payment_intent_differs: true,
  attempt: true,
  step_up_started: true,
  step_up_reminded: true,
  step_up_failed: true,
  step_up_ended: true,
  charge_closed: true,
  charge_awaiting_card: true,
  charge_refused: true,
  charge_corrected: true,
  amount_differs: true,
  charge_retry_requested: true,
  charge_reopened: true,
  charge_waived: true,
  charge_cancel_requested: true,
  refund: true,
  dispute: true,
  notice: true,
  paused: true,
  resumed: true,
  cancelled: true,
  recovered: true,
  facts_superseded: true,
});

export const EvidenceAnswer = Type.Object(
  {
    at: Time('When, by the billing clock.'),
    kind: Type.Enum(EVIDENCE_KINDS),
    chargeId: Type.Optional(ChargeId),
    actor: Type.Optional(
      Type.String({ description: 'The API key’s name, or `customer`.', examples: ['backend'] }),
    ),
    reason: Type.Optional(Type.String()),
    data: Type.Unsafe<{ [key: string]: unknown }>({ type: 'object', additionalProperties: true }),
    personal: Type.Optional(
      Type.Unsafe<{ [key: string]: unknown }>({
        type: 'object',
        additionalProperties: true,
        description: 'Of a consent: IP and user agent, until erased.',
      }),
    ),
    delivery: Type.Optional(
      Type.Object(
        {
          at: Time('When that was known.'),
          outcome: Type.Enum(['sent', 'no_endpoint', 'given_up']),
          status: Type.Optional(
            Type.Integer({
              description: 'What the endpoint answered to one that was sent.',
              examples: [200],
            }),
          ),
          reason: Type.Optional(
            Type.String({ description: 'Why it was given up.', examples: ['the endpoint answered 503'] }),
          ),
        },
        { description: 'Of a notice: how it ended; absent until then.' },
      ),
    ),
  },
  { title: 'Evidence' },
);
export type EvidenceAnswer = Static<typeof EvidenceAnswer>;
