// The names under which a PaymentIntent at Stripe leads back to us.

export const OUR_METADATA_KEYS = [
  'customerId',
  'chargeId',
  'installationId',
  'intentNumber',
  'nonce',
] as const;

/** All of them: a key of ours that callers may use too would be overwritten, or be one too many for Stripe. */
export type OurMetadata = { readonly [Key in (typeof OUR_METADATA_KEYS)[number]]: string };
