// Stripe's idempotency keys, made from business identity only and never from an activity's own attempt count.
import { createHash } from 'node:crypto';

/**
 * The key of one request: the same parts always give the same key, on any machine.
 * Stripe keeps a key for 24 hours, and replays its answer, a 402 or 500 too (docs.stripe.com/api/idempotent_requests).
 * @param installationId so that two installations on one account never share a key
 * @param operation e.g. `confirm-payment-intent`
 * @param parts customer, charge, PaymentIntent number, attempt number …
 */
export function idempotencyKey(
  installationId: string,
  operation: string,
  ...parts: readonly (string | number)[]
): string {
  const text = JSON.stringify([installationId, operation, ...parts]);
  return `${operation}-${createHash('sha256').update(text).digest('hex')}`;
}
