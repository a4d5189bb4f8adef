// A charge that Stripe refused for its terms is put right under its id: what the ledger keeps and the workflow is asked.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAcceptCharge } from '../../../api/services/accept-charge.ts';
import { createAnswers } from '../../../api/services/answers.ts';
import { createCharges } from '../../../api/services/charges.ts';
import { createCustomerReader } from '../../../api/services/customer-reader.ts';
import type { HandOver } from '../../../api/services/hand-over.ts';
import { BUILT_IN_POLICIES } from '../../../config/policies.ts';
import { Refusal } from '../../../domain/shared/refusal.ts';
import type { Ledger } from '../../../ledger/ledger.ts';
import { openLedger } from '../../../ledger/open.ts';
import { createLinks } from '../../../links/links.ts';
import { type CustomerWorkflows, TemporalUnavailable } from '../../../temporal/customer-workflows.ts';
import { charge, entry } from '../../support/customers.ts';
import { inMemory } from '../../support/databases.ts';

const TERMS = { chargeId: 'ch1', amount: 1200, currency: 'eur', description: 'May' };
const REFUSED = charge('ch1', { status: 'refused', reason: 'parameter_invalid' });
const CALLER = { actor: 'shop', mayCharge: true };

let ledger: Ledger;
beforeAll(async () => {
  ledger = await openLedger(await inMemory());
});
afterAll(() => ledger?.close());

/** A customer whose workflow has recorded the charge as refused; `asked` is what it is asked from then on. */
async function refusedCharge(customerId: string, answer: (request: object) => object) {
  await ledger.claimCustomer({ customerId, requestId: 'r', metadata: {}, personal: {} });
  await ledger.claimCharge(customerId, TERMS, 'shop');
  await ledger.acceptCharge(customerId, 'ch1');
  await ledger.record(entry(customerId, { charges: [REFUSED], sequence: 1 }));
  const asked: object[] = [];
  const workflows = {
    ask: async (_customerId: string, _update: unknown, request: object) => {
      asked.push(request);
      return answer(request);
    },
    view: async () => null,
  } as unknown as CustomerWorkflows;
  const links = createLinks({
    secrets: ['a secret of a test, long enough for HS256'],
    publicUrl: 'http://127.0.0.1',
  });
  const reader = createCustomerReader(ledger, workflows, {} as never);
  const handOver = {} as HandOver; // corrections are the workflow's own
  const charges = createCharges({
    ledger,
    workflows,
    reader,
    answers: createAnswers(links),
    acceptCharge: createAcceptCharge({ ledger, workflows, reader, handOver, log: {} as never }),
    handOver: { ...handOver, isFull: () => false },
    amountLimits: {},
    policies: BUILT_IN_POLICIES,
  });
  return { asked, open: (terms: typeof TERMS) => charges.open(customerId, terms, CALLER, 0) };
}

test('other terms are asked of the workflow, with the number of the correction', async () => {
  const { asked, open } = await refusedCharge('ada', () => charge('ch1', { amount: 1500 }));
  expect(await open({ ...TERMS, amount: 1500 })).toMatchObject({
    isNew: true,
    answer: { chargeId: 'ch1', status: 'scheduled', amount: 1500 },
  });
  expect(asked).toEqual([{ actor: 'shop', chargeId: 'ch1', amount: 1500, currency: 'eur', correction: 1 }]);
  expect(await ledger.getCharge('ada', 'ch1')).toMatchObject({
    terms: { amount: 1500 },
    status: 'scheduled',
  });
});

test('another text alone is a correction too, and the same request again is none', async () => {
  const { asked, open } = await refusedCharge('grace', () => charge('ch1'));
  await open({ ...TERMS, description: 'June' });
  await open({ ...TERMS, description: 'June' });
  expect(asked).toEqual([{ actor: 'shop', chargeId: 'ch1', amount: 1200, currency: 'eur', correction: 1 }]);
  expect(await ledger.getPersonal('grace', 'charge/ch1')).toEqual({ description: 'June' });
});

test('a correction that never reached the workflow is asked again, also once the workflow has recorded the charge', async () => {
  let isAway = true;
  const { asked, open } = await refusedCharge('mary', () => {
    if (isAway) throw new TemporalUnavailable(undefined);
    return charge('ch1');
  });
  await expect(open({ ...TERMS, description: 'June' })).rejects.toThrow(TemporalUnavailable);
  await ledger.record(entry('mary', { charges: [REFUSED], sequence: 2 }));
  isAway = false;
  expect(await open({ ...TERMS, description: 'June' })).toMatchObject({ answer: { status: 'scheduled' } });
  const correction = { actor: 'shop', chargeId: 'ch1', amount: 1200, currency: 'eur', correction: 1 };
  expect(asked).toEqual([correction, correction]);
});

test('terms that the workflow does not take leave the charge refused', async () => {
  const { open } = await refusedCharge('lin', () => {
    throw new Refusal('mandate_limit_exceeded', 'The customer agreed to less.');
  });
  await expect(open({ ...TERMS, amount: 1500 })).rejects.toMatchObject({ code: 'mandate_limit_exceeded' });
  expect(await ledger.getCharge('lin', 'ch1')).toMatchObject({ terms: { amount: 1200 }, status: 'refused' });
});
