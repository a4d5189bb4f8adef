// What happens by itself once its time has come on the emulator's clock.
import { settlePayment } from './confirming/settle-payment.ts';
import { complain, review } from './objects/dispute.ts';
import { warnOfFraud } from './objects/early-fraud-warnings.ts';
import { settleMandate } from './objects/mandates.ts';
import { settleRefund } from './objects/refunds.ts';
import type { DueRecord } from './store/records.ts';
import type { Call } from './store/world.ts';

/** Does everything that is due. Returns whether anything was. */
export function runDue(call: Call): boolean {
  const { store } = call.world;
  const now = call.world.nowMs();
  const due = store.due.entries().filter(([, item]) => item.at <= now);
  for (const [id, item] of due) {
    store.due.delete(id);
    run(call, item);
  }
  return due.length > 0;
}

function run(call: Call, { what, id }: DueRecord): void {
  const { charges, disputes, mandates, paymentIntents, refunds } = call.world.store;
  switch (what) {
    case 'payment':
      ifThere(paymentIntents.get(id), (intent) => settlePayment(call, intent));
      return;
    case 'mandate':
      ifThere(mandates.get(id), (mandate) => settleMandate(call, mandate, 'succeed'));
      return;
    case 'refund':
      ifThere(refunds.get(id), (refund) => settleRefund(call, refund));
      return;
    case 'complaint':
      ifThere(charges.get(id), (charge) => complain(call, charge));
      return;
    case 'fraudWarning':
      ifThere(charges.get(id), (charge) => warnOfFraud(call, charge));
      return;
    case 'review':
      ifThere(disputes.get(id), (dispute) => review(call, dispute));
      return;
  }
}

function ifThere<T>(record: T | undefined, act: (record: T) => void): void {
  if (record !== undefined) act(record);
}
