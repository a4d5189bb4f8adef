// The shapes of what the control API takes.
import { type Static, Type } from 'typebox';
import { blockFor, declineFor } from '../bank/declines.ts';
import type { Outcome } from '../store/records.ts';

const STRICT = { additionalProperties: false };
const CODE = '^[a-z][a-z0-9_]*$';

export const Fault = Type.Object(
  {
    method: Type.Enum(['GET', 'POST', 'DELETE']),
    /** As requested, e.g. `/v1/payment_intents/*\/confirm`; `*` or `:id` stands for any one segment. */
    path: Type.String({ pattern: '^/v1/' }),
    kind: Type.Enum([500, 429, 409, '500', '429', '409', 'drop', 'hang', 'late']),
    /** Whether the request is to take effect before it fails. */
    when: Type.Enum(['before', 'after']),
    times: Type.Integer({ minimum: 1, maximum: 10_000 }),
    /** The merchant's own id, as in `metadata.customerId`: only requests about them. */
    customerId: Type.Optional(Type.String({ minLength: 1 })),
    /** How late: for kind `late`, which needs it. */
    delaySeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 60 })),
  },
  STRICT,
);
const PerSecond = Type.Number({ minimum: 0.001, maximum: 100_000 });
export const RateLimits = Type.Object({ perEndpoint: PerSecond, total: PerSecond }, STRICT);
export const Webhooks = Type.Object(
  { mode: Type.Enum(['normal', 'lose', 'twice', 'late', 'shuffle']) },
  STRICT,
);
export const Outcomes = Type.Object(
  {
    paymentMethod: Type.String({ pattern: '^pm_' }),
    outcomes: Type.Array(
      Type.Union([
        Type.String({ pattern: CODE }),
        Type.Object(
          {
            decline_code: Type.String({ pattern: CODE }),
            advice_code: Type.Optional(Type.Union([Type.String({ pattern: CODE }), Type.Null()])),
            network_advice_code: Type.Optional(Type.String({ pattern: '^[0-9A-Z]{2}$' })),
          },
          STRICT,
        ),
        /** Stripe itself blocks it: `outcome.reason`, e.g. `highest_risk_level`. */
        Type.Object({ blocked_for: Type.String({ pattern: CODE }) }, STRICT),
      ]),
      { maxItems: 1000 },
    ),
  },
  STRICT,
);
export const Answer = Type.Object({ result: Type.Enum(['succeed', 'fail']) }, STRICT);
export const Settlement = Type.Object({ result: Type.Optional(Type.Enum(['succeed', 'fail'])) }, STRICT);
export const Disputed = Type.Object(
  {
    paymentIntentId: Type.String({ pattern: '^pi_' }),
    reason: Type.Optional(
      Type.Enum([
        'credit_not_processed',
        'duplicate',
        'fraudulent',
        'general',
        'product_not_received',
        'product_unacceptable',
        'subscription_canceled',
        'unrecognized',
      ]),
    ),
  },
  STRICT,
);
export const Clock = Type.Object(
  { advanceSeconds: Type.Number({ minimum: 0, maximum: 10 * 366 * 86_400 }) },
  STRICT,
);
export const TruthQuery = Type.Object({ chargeId: Type.Optional(Type.String()) }, STRICT);

/** A scripted outcome as the bank keeps it. */
export function outcomeOf(outcome: Static<typeof Outcomes>['outcomes'][number]): Outcome {
  if (typeof outcome !== 'string') {
    if ('blocked_for' in outcome) return blockFor(outcome.blocked_for);
    return declineFor(outcome.decline_code, outcome.advice_code, outcome.network_advice_code);
  }
  if (outcome === 'succeed' || outcome === 'authentication_required' || outcome === 'processing') {
    return outcome;
  }
  return declineFor(outcome);
}
