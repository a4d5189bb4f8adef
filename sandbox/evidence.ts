// What a merchant can say against a dispute, field by field. It judges none of it.
import type Stripe from 'stripe';
import { clearable, group } from './params.ts';

const FIELDS = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_communication',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'customer_signature',
  'duplicate_charge_documentation',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'receipt',
  'refund_policy',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'service_documentation',
  'shipping_address',
  'shipping_carrier',
  'shipping_date',
  'shipping_documentation',
  'shipping_tracking_number',
  'uncategorized_file',
  'uncategorized_text',
] as const;

/** The `evidence` parameter; an empty string takes a field back. */
export const EVIDENCE = group(Object.fromEntries(FIELDS.map((field) => [field, clearable])));

export function noEvidence(): Stripe.Dispute.Evidence {
  const fields = Object.fromEntries(FIELDS.map((field) => [field, null]));
  return { ...(fields as Record<(typeof FIELDS)[number], null>), enhanced_evidence: {} };
}

/** Whether anything is said, sent to the bank or not. */
export function hasEvidence(evidence: Stripe.Dispute.Evidence): boolean {
  return FIELDS.some((field) => evidence[field] !== null);
}
