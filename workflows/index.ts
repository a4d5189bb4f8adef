// What the worker's bundle exports: every workflow type, and nothing else.
export { CatchUp } from './catch-up.ts';
export { CustomerBilling } from './customer-billing.ts';
