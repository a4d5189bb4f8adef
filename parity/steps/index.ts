// All steps, in the order in which they are played.
import type { Steps } from '../script.ts';
import { disputes, events, fraudWarnings, refunds } from './after-payment.ts';
import { customers } from './customers.ts';
import { authentication, declines } from './declines.ts';
import { paymentMethods } from './payment-methods.ts';
import { payments } from './payments.ts';
import { setupIntents } from './setup-intents.ts';

export const STEPS: readonly Steps[] = [
  customers,
  paymentMethods,
  setupIntents,
  payments,
  declines,
  authentication,
  refunds,
  disputes,
  fraudWarnings,
  events,
];
