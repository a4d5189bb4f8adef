// Creates the PaymentIntent of a charge, unconfirmed, and writes it down.
import { omitUndefined } from '../domain/shared/omit-undefined.ts';
import type { ChargeTexts } from '../ledger/charge-rows.ts';
import type { ClaimedIntent } from '../ledger/ledger.ts';
import { idempotencyKey } from '../stripe/idempotency-key.ts';
import { chargeMetadata } from '../stripe/metadata.ts';
import { claimIntent } from './claim-intent.ts';
import type { CustomerStep, StripeDependencies } from './dependencies.ts';

/**
 * No money can move on it yet, so a creation whose answer is lost is harmless; the same key brings the same intent.
 * Where the index has another one that is alive, that one is the charge's, and the new one is never confirmed.
 * @returns what was made, and the intent that is the charge's now; null where none made under this number may be
 * @throws whatever Stripe's SDK throws
 */
export async function createPaymentIntent(
  dependencies: StripeDependencies,
  step: CustomerStep<'attemptCharge'>,
): Promise<{ readonly madeId: string; readonly claimed: ClaimedIntent | null }> {
  const { stripe, ledger } = dependencies;
  const { installationId } = ledger;
  const { customerId, chargeId, intentNumber } = step;
  const texts = await ledger.getPersonal<ChargeTexts>(customerId, `charge/${chargeId}`);
  const { id: madeId } = await stripe.paymentIntents.create(
    {
      amount: step.amount,
      currency: step.currency,
      customer: step.stripeCustomerId,
      allowed_payment_method_types: ['card'],
      metadata: {
        ...texts?.metadata,
        ...chargeMetadata({ ...step, installationId, nonce: ledger.intentNonce(step) }),
      },
      ...omitUndefined({
        description: texts?.description,
        statement_descriptor_suffix: texts?.statementDescriptorSuffix,
      }),
    },
    {
      idempotencyKey: idempotencyKey(
        installationId,
        'create-payment-intent',
        customerId,
        chargeId,
        intentNumber,
      ),
    },
  );
  return { madeId, claimed: await claimIntent(dependencies, step, madeId, intentNumber) };
}
