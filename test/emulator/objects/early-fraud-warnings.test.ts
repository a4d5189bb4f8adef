// Early fraud warnings: what an issuer says of a charge before anybody disputes it.
import { expect, test } from 'vitest';
import { type Emulator, enrol, failureOf, intentFor, startEmulator } from '../start.ts';

async function warned(emulator: Emulator) {
  const { customer, paymentMethod } = await enrol(emulator, 'pm_card_createIssuerFraudRecord');
  const { id } = await intentFor(emulator, customer.id);
  const paid = await emulator.stripe.paymentIntents.confirm(id, {
    off_session: true,
    payment_method: paymentMethod,
  });
  await emulator.control('/clock', { advanceSeconds: 10 });
  const { data } = await emulator.stripe.radar.earlyFraudWarnings.list({ payment_intent: id });
  return { paid, warnings: data };
}

async function eventsOf({ stripe }: Emulator) {
  const { data } = await stripe.events.list({ type: 'radar.*' });
  return data.map(({ type, data }) => [type, data.previous_attributes]);
}

test('the card …5423 is reported once, by event and in the list', async () => {
  const emulator = await startEmulator();
  const { paid, warnings } = await warned(emulator);
  expect(warnings).toEqual([
    {
      id: expect.stringMatching(/^issfr_/),
      object: 'radar.early_fraud_warning',
      actionable: true,
      charge: paid.latest_charge,
      created: expect.any(Number),
      fraud_type: 'misc',
      livemode: false,
      payment_intent: paid.id,
    },
  ]);
  const { earlyFraudWarnings } = emulator.stripe.radar;
  const [warning] = warnings;
  expect(await earlyFraudWarnings.retrieve(warning?.id ?? '', { expand: ['charge'] })).toMatchObject({
    charge: { id: paid.latest_charge, paid: true, disputed: false },
  });
  expect((await earlyFraudWarnings.list({ charge: String(paid.latest_charge) })).data).toEqual(warnings);
  expect((await earlyFraudWarnings.list({ payment_intent: 'pi_other' })).data).toEqual([]);
  expect(await failureOf(earlyFraudWarnings.retrieve('issfr_none'))).toMatchObject({ statusCode: 404 });
  expect(await eventsOf(emulator)).toEqual([['radar.early_fraud_warning.created', undefined]]);
});

test.each(['refund', 'dispute'])('a %s leaves nothing to be done about it', async (what) => {
  const emulator = await startEmulator();
  const { paid } = await warned(emulator);
  if (what === 'refund') await emulator.stripe.refunds.create({ payment_intent: paid.id });
  else await emulator.control('/disputes', { paymentIntentId: paid.id });
  const { data } = await emulator.stripe.radar.earlyFraudWarnings.list();
  expect(data).toMatchObject([{ actionable: false }]);
  expect((await eventsOf(emulator))[0]).toEqual(['radar.early_fraud_warning.updated', { actionable: true }]);
});
