// The mark by which a PaymentIntent at Stripe is known to be ours.
import { createHmac } from 'node:crypto';

/** A PaymentIntent of a charge, by its number among those made for it. */
export interface NumberedIntent {
  readonly customerId: string;
  readonly chargeId: string;
  readonly intentNumber: number;
}

/**
 * The same intent always has the same nonce. The secret is in the ledger before any intent is made, and in its backups:
 * a ledger that was restored knows the nonces of intents that were made after the backup.
 */
export function intentNonce(secret: string, { customerId, chargeId, intentNumber }: NumberedIntent): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([customerId, chargeId, intentNumber]))
    .digest('hex');
}
