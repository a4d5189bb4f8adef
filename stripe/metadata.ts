// The metadata that leads from an object at Stripe back to us where the index does not know the object yet.
import type Stripe from 'stripe';
import type { OurMetadata } from '../domain/shared/our-metadata-keys.ts';

/** Of a PaymentIntent. */
export function chargeMetadata({
  customerId,
  chargeId,
  installationId,
  intentNumber,
  nonce,
}: Omit<OurMetadata, 'intentNumber'> & { readonly intentNumber: number }): OurMetadata {
  return { customerId, chargeId, installationId, intentNumber: String(intentNumber), nonce };
}

/** Whether an object's metadata says all of `wanted`. */
export function hasMetadata(
  metadata: Stripe.Metadata | null,
  wanted: { readonly [key: string]: string },
): boolean {
  return Object.entries(wanted).every(([key, value]) => metadata?.[key] === value);
}
