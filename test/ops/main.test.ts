// The operator's commands as a process on a real PostgreSQL, and its backup restored into another database.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { commandFrom } from '../../ops/arguments.ts';
import { charge, entry, fact } from '../support/lives.ts';
import { postgresProgram, RUNS_POSTGRES, startPostgres, type TestPostgres } from '../support/postgres.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BY = ['--who', 'olga', '--why', 'an exercise'];

interface End {
  readonly code: unknown;
  readonly out: string;
  readonly errors: string;
}

function run(file: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<End> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...env } };
    execFile(file, parameters, options, (error, out, errors) =>
      resolve({ code: error?.code ?? 0, out, errors }),
    );
  });
}

const opsIn = (typed: readonly string[], env: NodeJS.ProcessEnv) =>
  run(process.execPath, ['--import', 'tsx', 'ops/main.ts', ...typed], env);

describe.runIf(RUNS_POSTGRES)('on a PostgreSQL', () => {
  let postgres: TestPostgres;
  let ledger: Ledger;
  beforeAll(async () => {
    postgres = await startPostgres();
    ledger = await openLedger({ databaseUrl: postgres.url });
    const personal = { contact: { email: 'ada@example.com' } };
    await ledger.claimCustomer({ customerId: 'ada', requestHash: 'h', metadata: { tier: 'gold' }, personal });
    const facts = [fact(1, 'charge_opened', { chargeId: 'ch1' })];
    await ledger.record(entry('ada', { facts, charges: [charge('ch1')] }));
  });
  afterAll(async () => {
    await ledger?.close();
    await postgres?.stop();
  });

  const ops = (typed: readonly string[]) => opsIn(typed, { DATABASE_URL: postgres.url });

  test('the brake is set with who and why, and tells them', async () => {
    expect((await ops(['brake', 'on', ...BY])).out).toMatch(
      /^the brake is on since .*: olga, an exercise\n$/,
    );
    expect(await ledger.isBrakeOn()).toBe(true);
    expect((await ops(['brake', 'off', ...BY])).code).toBe(0);
    expect(await ledger.isBrakeOn()).toBe(false);
  });

  test('a dump restored into an empty database is the same ledger, and still refuses to change evidence', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offsession-dump-'));
    const target = await startPostgres();
    try {
      const file = join(folder, 'ledger.dump');
      expect(
        await run(postgresProgram('pg_dump'), [
          '--format=custom',
          '--no-owner',
          `--file=${file}`,
          postgres.url,
        ]),
      ).toMatchObject({
        code: 0,
      });
      const into = ['--exit-on-error', '--single-transaction', '--no-owner', `--dbname=${target.url}`, file];
      expect(await run(postgresProgram('pg_restore'), into)).toMatchObject({ code: 0 });

      const restored = await openLedger({ databaseUrl: target.url });
      expect(restored.installationId).toBe(ledger.installationId);
      expect(await restored.loadCustomer('ada')).toEqual(await ledger.loadCustomer('ada'));
      expect(await restored.listEvidence('ada')).toEqual(await ledger.listEvidence('ada'));
      expect(await restored.personalOf('ada')).toEqual({ contact: { email: 'ada@example.com' } });
      expect(await restored.brake()).toEqual(await ledger.brake());
      await restored.setBrake({ isOn: true, who: 'olga', why: 'counting goes on after the restored rows' });
      expect(await restored.isBrakeOn()).toBe(true);
      await restored.close();

      const client = new Client({ connectionString: target.url });
      await client.connect();
      for (const table of ['evidence', 'operator_actions']) {
        for (const statement of [`delete from ${table}`, `update ${table} set why = ''`, `truncate ${table}`])
          await expect(client.query(statement), statement).rejects.toThrow(`${table} is append-only`);
      }
      await client.end();
    } finally {
      await target.stop();
      await rm(folder, { recursive: true });
    }
  });

  test('export writes the record as JSON, erase takes the personal data out of it', async () => {
    const before = await ops(['export', 'ada']);
    expect(JSON.parse(before.out)).toMatchObject({
      customerId: 'ada',
      personalData: { contact: { email: 'ada@example.com' } },
      charges: [{ terms: { chargeId: 'ch1' } }],
      evidence: [{ kind: 'charge_opened' }],
    });
    expect(await ops(['erase', 'ada', ...BY])).toMatchObject({
      code: 0,
      out: 'erased the personal data of ada; rows: 1\n',
    });
    const after = await ops(['export', 'ada']);
    expect(after.out).not.toContain('ada@example.com');
    expect(JSON.parse(after.out)).toMatchObject({ metadata: {}, operatorActions: [{ kind: 'erased' }] });
  });

  test('somebody nobody knows ends with 3', async () => {
    expect(await ops(['export', 'nobody'])).toMatchObject({
      code: 3,
      errors: 'the ledger has no customer "nobody" on record\n',
    });
  });
});

test.each([
  { typed: [], words: 'no command' },
  { typed: ['refund'], words: 'unknown command: refund' },
  { typed: ['recover'], words: 'which customer?' },
  { typed: ['erase', 'ada'], words: '--who and --why are needed' },
  { typed: ['brake', 'off', '--who', 'olga'], words: '--who and --why are needed' },
  { typed: ['brake', 'hard', ...BY], words: 'on, off' },
  { typed: ['export', 'a/b'], words: 'not a customer' },
  { typed: ['export', 'ada', 'eve'], words: 'too many words: eve' },
])('$typed is refused in words', ({ typed, words }) => {
  expect(() => commandFrom(typed)).toThrow(words);
});

test('without a database it says what it needs', async () => {
  expect(await opsIn(['brake', 'status'], {})).toMatchObject({
    code: 2,
    errors: expect.stringContaining('DATABASE_URL is not set'),
  });
});
