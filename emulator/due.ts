// What happens by itself once its time has come on the emulator's clock. It sets no timer; app.ts does.

import { settlePayment } from './confirming/paying.ts';
import { complain, review } from './objects/disputes.ts';
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
  const { store } = call.world;
  switch (what) {
    case 'payment': {
      const intent = store.paymentIntents.get(id);
      if (intent) settlePayment(call, intent);
      return;
    }
    case 'mandate': {
      const mandate = store.mandates.get(id);
      if (mandate) settleMandate(call, mandate, 'succeed');
      return;
    }
    case 'refund': {
      const refund = store.refunds.get(id);
      if (refund) settleRefund(call, refund);
      return;
    }
    case 'complaint': {
      const charge = store.charges.get(id);
      if (charge) complain(call, charge);
      return;
    }
    case 'review': {
      const dispute = store.disputes.get(id);
      if (dispute) review(call, dispute);
      return;
    }
  }
}
