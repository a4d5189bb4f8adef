// Every call of the API, as a table.
import { listing, search } from './http/lists.ts';
import type { Handler, Route } from './http/route.ts';
import * as account from './objects/account.ts';
import * as charges from './objects/charges.ts';
import * as customers from './objects/customers.ts';
import * as disputes from './objects/disputes.ts';
import * as fraud from './objects/early-fraud-warnings.ts';
import * as events from './objects/events.ts';
import * as mandates from './objects/mandates.ts';
import * as payments from './objects/payment-intents.ts';
import * as methods from './objects/payment-methods.ts';
import * as refunds from './objects/refunds.ts';
import * as attempts from './objects/setup-attempts.ts';
import * as setups from './objects/setup-intents.ts';

type Answers = Route['answers'];

const get = (path: string, answers: Answers, handle: Handler): Route => ({
  method: 'GET',
  path,
  answers,
  handle,
});
const post = (path: string, answers: Answers, handle: Handler): Route => ({
  method: 'POST',
  path,
  answers,
  handle,
});
const del = (path: string, answers: Answers, handle: Handler): Route => ({
  method: 'DELETE',
  path,
  answers,
  handle,
});
const list = <T extends Answers & string>(object: T) => ({ listOf: object });
const open = (route: Route): Route => ({ ...route, publishable: true });

// biome-ignore format: a table is read by its columns
export const ROUTES: readonly Route[] = [
  get('/account', 'account', account.readAccount),

  post('/customers', 'customer', customers.createCustomer),
  get('/customers', list('customer'), customers.listCustomers),
  get('/customers/search', list('customer'), search),
  get('/customers/:id', 'customer', customers.readCustomer),
  post('/customers/:id', 'customer', customers.updateCustomer),
  del('/customers/:id', 'deleted_customer', customers.deleteCustomer),
  get('/customers/:id/payment_methods', list('payment_method'), methods.listPaymentMethodsOfCustomer),
  get('/customers/:id/payment_methods/:child', 'payment_method', methods.readPaymentMethodOfCustomer),

  open(post('/payment_methods', 'payment_method', methods.createPaymentMethod)),
  get('/payment_methods', list('payment_method'), methods.listPaymentMethods),
  get('/payment_methods/:id', 'payment_method', methods.readPaymentMethod),
  post('/payment_methods/:id', 'payment_method', methods.updatePaymentMethod),
  post('/payment_methods/:id/attach', 'payment_method', methods.attachPaymentMethod),
  post('/payment_methods/:id/detach', 'payment_method', methods.detachPaymentMethod),

  post('/setup_intents', 'setup_intent', setups.createSetupIntent),
  get('/setup_intents', list('setup_intent'), listing('/v1/setup_intents', 'setupIntents', ['customer', 'payment_method'])),
  open(get('/setup_intents/:id', 'setup_intent', setups.readSetupIntent)),
  post('/setup_intents/:id', 'setup_intent', setups.updateSetupIntent),
  open(post('/setup_intents/:id/confirm', 'setup_intent', setups.confirmSetupIntent)),
  post('/setup_intents/:id/cancel', 'setup_intent', setups.cancelSetupIntent),
  get('/setup_attempts', list('setup_attempt'), attempts.listSetupAttempts),

  post('/payment_intents', 'payment_intent', payments.createPaymentIntent),
  get('/payment_intents', list('payment_intent'), listing('/v1/payment_intents', 'paymentIntents', ['customer'])),
  get('/payment_intents/search', list('payment_intent'), search),
  open(get('/payment_intents/:id', 'payment_intent', payments.readPaymentIntent)),
  post('/payment_intents/:id', 'payment_intent', payments.updatePaymentIntent),
  open(post('/payment_intents/:id/confirm', 'payment_intent', payments.confirmPaymentIntent)),
  post('/payment_intents/:id/cancel', 'payment_intent', payments.cancelPaymentIntent),

  get('/charges', list('charge'), listing('/v1/charges', 'charges', ['customer', 'payment_intent'])),
  get('/charges/search', list('charge'), search),
  get('/charges/:id', 'charge', charges.readCharge),
  post('/charges/:id', 'charge', charges.updateCharge),

  get('/mandates/:id', 'mandate', mandates.readMandate),

  post('/refunds', 'refund', refunds.createRefund),
  get('/refunds', list('refund'), listing('/v1/refunds', 'refunds', ['charge', 'payment_intent'])),
  get('/refunds/:id', 'refund', refunds.readRefund),
  post('/refunds/:id', 'refund', refunds.updateRefund),
  post('/refunds/:id/cancel', 'refund', refunds.cancelRefund),

  get('/disputes', list('dispute'), listing('/v1/disputes', 'disputes', ['charge', 'payment_intent'])),
  get('/disputes/:id', 'dispute', disputes.readDispute),
  post('/disputes/:id', 'dispute', disputes.updateDispute),
  post('/disputes/:id/close', 'dispute', disputes.closeDispute),

  get('/radar/early_fraud_warnings', list('early_fraud_warning'), listing('/v1/radar/early_fraud_warnings', 'earlyFraudWarnings', ['charge', 'payment_intent'])),
  get('/radar/early_fraud_warnings/:id', 'early_fraud_warning', fraud.readEarlyFraudWarning),

  get('/events', list('event'), events.listEvents),
  get('/events/:id', 'event', events.readEvent),
];
