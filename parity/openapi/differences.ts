// What the SDK's types of the pinned release have and Stripe's OpenAPI document, of an earlier one, does not know.

/** Fields of answers, each by its object and its path there. */
export const NEW_FIELDS: readonly string[] = [
  'charge.payment_method_details.card.electronic_commerce_indicator',
  'charge.payment_method_details.card.stored_credential_usage',
  'charge.source',
  'dispute.evidence_details.submission_method',
  'dispute.intended_submission_method',
  'mandate.payment_method_details.card.india',
  'payment_intent.payment_method_options.card.setup_credential_usage',
  'payment_intent.payment_method_options.card.stored_credential_usage',
  'payment_intent.payment_record',
  'payment_intent.source',
  'setup_intent.payment_method_options.card.setup_credential_usage',
];

/** Parameters, by their paths in a form. */
export const NEW_PARAMS: readonly string[] = [
  'payment_method_options.card.setup_credential_usage',
  'payment_method_options.card.stored_credential_usage',
];
