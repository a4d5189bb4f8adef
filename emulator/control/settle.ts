// Ends at once what waits for nothing but time: a processing payment, or the pending mandate of a SetupIntent.
import { settlePayment } from '../confirming/settle-payment.ts';
import { settleMandate } from '../objects/mandates.ts';
import type { Call } from '../store/world.ts';
import { Refusal } from './problems.ts';

/**
 * @returns the intent's status then
 * @throws Refusal 404 for an unknown intent, 409 for one where nothing waits for time
 */
export function settle(call: Call, intentId: string, result: 'succeed' | 'fail' | undefined): string {
  const { store } = call.world;
  const payment = store.paymentIntents.get(intentId);
  if (payment) {
    if (payment.wire.status !== 'processing') throw new Refusal(409, `${intentId} is not processing`);
    settlePayment(call, payment, result);
    return payment.wire.status;
  }
  const setup = store.setupIntents.get(intentId);
  if (!setup) throw new Refusal(404, `there is no intent ${intentId}`);
  const mandate = store.mandates.get(String(setup.wire.mandate));
  if (mandate?.wire.status !== 'pending') throw new Refusal(409, `${intentId} has no pending mandate`);
  settleMandate(call, mandate, result ?? 'succeed');
  return setup.wire.status;
}
