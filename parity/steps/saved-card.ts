// What many steps begin with: a customer with a card that was saved for later.
import type { Script } from '../script.ts';

/** @param of what the steps are about, for their names */
export async function saved({ stripe, needed }: Script, of: string, token = 'pm_card_visa') {
  const { id: customer } = await needed(`${of}: its customer`, () => stripe.customers.create());
  const { payment_method } = await needed(`${of}: its card`, () =>
    stripe.setupIntents.create({
      customer,
      allowed_payment_method_types: ['card'],
      payment_method: token,
      confirm: true,
    }),
  );
  return { customer, card: String(payment_method) };
}
