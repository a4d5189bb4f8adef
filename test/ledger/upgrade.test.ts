// A database that an earlier release made and filled, opened by this one: all of it is readable, and new entries work.
import { readFile } from 'node:fs/promises';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRecordActivities } from '../../activities/record.ts';
import { advance } from '../../domain/advance.ts';
import { newCustomer } from '../../domain/lifecycle.ts';
import { nextStep } from '../../domain/next-step.ts';
import { DEFAULT_POLICY } from '../../domain/shared/policy.ts';
import { inFolder } from '../../ledger/embedded.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { migrations } from '../../ledger/migrations/index.ts';
import { type LedgerOptions, openLedger } from '../../ledger/open.ts';
import { exportCustomer } from '../../ops/commands/export.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

const ROWS = new URL('./releases/0001-rows.sql', import.meta.url);
const CONSENT = '4206fdc765996169d03cc7f330620208e45d183608ef3441019e48766015f588';
const PERSONAL = { ip: '192.0.2.1', userAgent: 'Firefox' };
const BY = { actor: 'olga', reason: 'an exercise' };
const WAITS_UNTIL = 1_796_072_659_034;

/** Migrates an empty database as the release did whose newest migration was `newest`, and fills it as that release did. */
async function leaveBehind(options: LedgerOptions, newest: string, rows: readonly string[]): Promise<void> {
  const pool =
    'databaseUrl' in options
      ? new Pool({ connectionString: options.databaseUrl })
      : await inFolder('dataDir' in options ? options.dataDir : '');
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  try {
    const known = Object.fromEntries(Object.entries(migrations).filter(([name]) => name <= newest));
    const provider = { getMigrations: async () => known };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    if (error) throw error;
    for (const row of rows) await sql.raw(row).execute(db);
  } finally {
    await db.destroy();
  }
}

async function releasedRows(): Promise<string[]> {
  const lines = (await readFile(ROWS, 'utf8')).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('--'));
}

const RELEASES = [{ newest: '0001-initial' }];

const kindsOf = async (ledger: Ledger, customerId: string) =>
  (await ledger.listEvidence(customerId)).items.map(({ kind }) => kind);

describe.each(DATABASES)('a ledger on $name', ({ start }) => {
  describe.each(RELEASES)('as the release of $newest left it', ({ newest }) => {
    let database: TestDatabase;
    let ledger: Ledger;
    beforeAll(async () => {
      database = await start();
      await leaveBehind(database.options, newest, await releasedRows());
      ledger = await openLedger(database.options);
    });
    afterAll(async () => {
      await ledger?.close();
      await database?.stop();
    });

    test('is readable: customers, charges, evidence, personal data, Stripe objects, operators', async () => {
      expect(await ledger.getCustomer('ada')).toMatchObject({
        view: { status: 'awaiting_step_up', amountDue: 2000, card: { last4: '4242' } },
        metadata: { tier: 'gold' },
      });
      const { items: customers } = await ledger.listCustomers({});
      expect(customers.map(({ customerId }) => customerId)).toEqual(['grace', 'ada']); // lin has no workflow
      expect((await ledger.listCustomers({ status: 'active' })).items).toHaveLength(1);

      expect(await ledger.getCharge('ada', 'ada-1')).toMatchObject({
        terms: { chargeId: 'ada-1', amount: 1000, description: 'May', metadata: { order: '7' } },
        status: 'awaiting_step_up',
        view: { paymentIntentId: 'pi_ada3Us3qy' },
      });
      const { items: charges } = await ledger.listCharges({});
      expect(charges.map(({ terms, status }) => [terms.chargeId, status])).toEqual([
        ['grace-2', 'succeeded'],
        ['grace-1', 'succeeded'],
        ['ada-2', 'held'],
        ['ada-1', 'awaiting_step_up'],
      ]);

      expect(await ledger.verify('all')).toEqual({ customers: 2, facts: 31, acceptedGaps: 0, broken: [] });
      expect(await kindsOf(ledger, 'grace')).toHaveLength(20);
      const { items: evidence } = await ledger.listEvidence('ada');
      expect(evidence.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(evidence[1]).toMatchObject({ kind: 'consent', actor: 'local', personal: PERSONAL });
      expect(evidence[9]).toEqual({
        sequence: 10,
        atMs: 1_795_467_859_034,
        kind: 'notice',
        chargeId: 'ada-1',
        data: { noticeId: 'step-up-ada-1-1', notice: 'charge.step_up_required' },
      });

      expect(Object.keys(await ledger.personalOf('ada'))).toEqual([
        'charge/ada-1',
        'charge/ada-3',
        `consent/${CONSENT}`,
        'contact',
        `enrolment/${CONSENT}`,
      ]);
      expect(await ledger.getPersonal('grace', 'contact')).toEqual({
        email: 'grace@example.com',
        locale: 'de',
      });
      expect(await ledger.findStripeObject('pi_ada3Us3qy')).toEqual({
        customerId: 'ada',
        chargeId: 'ada-1',
      });
      expect(await ledger.stripeObjectsOf('grace')).toHaveLength(3);
      expect(await ledger.countUnclaimedEvents()).toBe(1);

      expect(await ledger.caughtUpThrough()).toBe(1_795_460_000_000);
      expect(await ledger.isKillSwitchOn()).toBe(true);
      expect(await ledger.operatorActionsOn('lin')).toMatchObject([
        { kind: 'erased', actor: 'olga', reason: 'asked', data: { keys: [] } },
      ]);
      expect(await exportCustomer('ada', ledger)).toMatchObject({ customerId: 'ada', evidence });
    });

    test('still compares a customer’s request and a charge’s terms with those of the claim', async () => {
      const claim = (requestId: string) =>
        ledger.claimCustomer({ customerId: 'lin', requestId, metadata: {}, personal: {} });
      expect(await claim('request-of-lin')).toBe('same');
      expect(await claim('another')).toBe('conflict');
      const may = { chargeId: 'ada-1', amount: 1000, currency: 'eur', description: 'May' };
      const terms = { ...may, metadata: { order: '7' } };
      expect((await ledger.claimCharge('ada', terms, 'shop')).claim).toBe('same');
      expect((await ledger.claimCharge('ada', { ...terms, amount: 1001 }, 'shop')).claim).toBe('conflict');
      const promised = {
        chargeId: 'ada-3',
        amount: 700,
        currency: 'eur',
        dueAtMs: 1_800_000_000_000,
        statementDescriptorSuffix: 'JULY',
      };
      expect(await ledger.claimCharge('ada', promised, 'shop')).toMatchObject({
        claim: 'same',
        row: { status: 'claimed' },
      });
      const claimed = {
        customerId: 'ada',
        chargeId: 'ada-1',
        paymentIntentId: 'pi_another',
        intentNumber: 1,
        canceled: [],
      };
      expect(await ledger.claimIntent(claimed)).toMatchObject({ paymentIntentId: 'pi_ada3Us3qy' });
    });

    test('brings a customer back: the step-up still waits, and its intent is read before anything else', async () => {
      const loaded = await createRecordActivities({ ledger, policy: DEFAULT_POLICY, notices: null }).load({
        customerId: 'ada',
      });
      const nowMs = WAITS_UNTIL - 1_000_000;
      const state = advance(newCustomer('ada'), loaded, nowMs);
      expect(state.charges).toMatchObject([
        { chargeId: 'ada-1', phase: { is: 'awaiting_step_up', deadlineMs: WAITS_UNTIL } },
        { chargeId: 'ada-2' },
      ]);
      const recorded = advance(
        state,
        { kind: 'recorded', through: state.sequence, alreadyClosed: [] },
        nowMs,
      );
      expect(nextStep(recorded, nowMs)).toMatchObject({
        do: 'readPaymentIntent',
        paymentIntentId: 'pi_ada3Us3qy',
      });
    });

    test('takes new entries: records, deliveries, operators’ actions; and keeps consents', async () => {
      const paid = { facts: [fact(12, 'charge_closed', { chargeId: 'ada-1' })] };
      const charges = [charge('ada-1', { amount: 1000, status: 'succeeded' })];
      expect(await ledger.record(entry('ada', { ...paid, charges }))).toEqual({ alreadyClosed: [] });
      expect(await ledger.getCharge('ada', 'ada-1')).toMatchObject({ status: 'succeeded' });
      expect((await ledger.loadCustomer('ada')).charges.map(({ terms }) => terms.chargeId)).toEqual([
        'ada-2',
      ]);

      const notice = { customerId: 'ada', noticeId: 'step-up-ada-1-1' };
      await ledger.recordNoticeDelivery({ ...notice, atMs: 5, outcome: 'sent', status: 200 });
      expect((await ledger.listEvidence('ada')).items[9]).toMatchObject({
        kind: 'notice',
        delivery: { atMs: 5, outcome: 'sent', status: 200 },
      });

      await ledger.putPersonal('ada', `consent/${CONSENT}`, { ip: '203.0.113.9' });
      expect(await ledger.getPersonal('ada', `consent/${CONSENT}`)).toEqual(PERSONAL);
      await ledger.addOperatorAction({ kind: 'export', customerId: 'ada', ...BY, data: {} });
      expect(await ledger.erase({ customerId: 'ada', ...BY })).toHaveLength(5);
      expect(await ledger.operatorActionsOn('ada')).toMatchObject([{ kind: 'export' }, { kind: 'erased' }]);
      await ledger.setKillSwitch({ isOn: false, ...BY });
      expect(await ledger.isKillSwitchOn()).toBe(false);
      await ledger.setCaughtUp(1_795_470_000_000);
      expect(await ledger.caughtUpThrough()).toBe(1_795_470_000_000);
    });
  });
});
