// Customers: made, changed, refused, listed, deleted.
import type { Steps } from '../script.ts';

export const customers: Steps = async ({ stripe, step, needed, key }) => {
  const { id } = await needed('customer: create', () =>
    stripe.customers.create({ email: 'ada@shop.example', metadata: { customerId: 'c-1', tier: 'gold' } }),
  );
  await step('customer: retrieve', () => stripe.customers.retrieve(id));
  await step('customer: metadata is merged and unset', () =>
    stripe.customers.update(id, { name: 'Ada', metadata: { tier: '', plan: 'a' } }),
  );
  await step('customer: a bad email address', () => stripe.customers.create({ email: 'nobody' }));
  await step('customer: an unknown parameter', () => stripe.customers.create({ nonsense: 'x' } as object));
  await step('customer: a metadata value that is too long', () =>
    stripe.customers.create({ metadata: { a: 'v'.repeat(501) } }),
  );
  await step('customer: one that is not there', () => stripe.customers.retrieve('cus_none'));
  await step('customer: what cannot be expanded', () => stripe.customers.retrieve(id, { expand: ['email'] }));
  await step('customer: the same again under its key', () =>
    stripe.customers.create({ name: 'Eve' }, key('customer')),
  );
  await step('customer: the same again under its key, replayed', () =>
    stripe.customers.create({ name: 'Eve' }, key('customer')),
  );
  await step('customer: another one under that key', () =>
    stripe.customers.create({ name: 'Mallory' }, key('customer')),
  );
  await step('customer: delete', () => stripe.customers.del(id));
  await step('customer: deleted', () => stripe.customers.retrieve(id));
  await step('customer: charged after that', () =>
    stripe.paymentIntents.create({ amount: 900, currency: 'eur', customer: id }),
  );
};
