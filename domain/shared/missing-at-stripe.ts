// What a refused request about a charge says about its card and its customer at Stripe.
import type { ChargePhase } from '../model/charge.ts';
import type { EventOf } from '../model/events.ts';

/**
 * Somebody has deleted it at Stripe, and the event about that was lost or is late. Null where the refusal says nothing
 * of the kind.
 */
export function missingAtStripe({
  step,
  request,
  code,
  param,
}: Pick<EventOf<'refused'>, 'step' | 'request' | 'code' | 'param'>): 'customer' | 'card' | null {
  if (code !== 'resource_missing') return null;
  const isAboutCharge = step.do === 'attemptCharge' || step.do === 'findPaymentIntent';
  if (isAboutCharge && param === 'customer') return 'customer';
  const isAboutCard = param === 'payment_method' || param === 'mandate';
  return step.do === 'attemptCharge' && request !== 'create' && isAboutCard ? 'card' : null;
}

/** Whether a charge was refused because of its card, so that another card may help. */
export function isRefusedForCard(phase: ChargePhase): boolean {
  if (phase.is !== 'refused') return false;
  const { code, param = '' } = phase;
  return code === 'resource_missing' || ['payment_method', 'mandate', 'customer'].includes(param);
}
