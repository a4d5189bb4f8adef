// How a ledger is opened: again, by several at once, after a kill, under a newer schema.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { openLedger } from '../../ledger/open.ts';
import { charge, entry, fact } from '../support/customers.ts';
import { DATABASES, inMemory, type TestDatabase } from '../support/databases.ts';
import { RUNS_POSTGRES, startPostgres, type TestPostgres } from '../support/postgres.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe.each(DATABASES)('opening on $name', ({ start }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  test('everything is still there, with the same installation, when it is opened again', async () => {
    const first = await openLedger(database.options);
    expect(first.installationId).toMatch(UUID);
    await first.ping();
    await first.record(entry('stays', { facts: [fact(1, 'paused')], charges: [charge('ch1')] }));
    await first.close();

    const second = await openLedger(database.options);
    expect(second.installationId).toBe(first.installationId);
    expect((await second.listEvidence('stays')).items).toEqual([fact(1, 'paused')]);
    await second.close();
  });

  test('the database itself refuses to change evidence', async () => {
    const connection = await database.connect();
    for (const statement of [
      `update evidence set actor = 'nobody'`,
      `delete from evidence where customer_id = 'stays'`,
      'truncate evidence',
      `insert into evidence (customer_id, sequence, at_ms, kind, data) values ('stays', 1, 0, 'paused', '{}')
        on conflict (customer_id, sequence) do update set kind = 'resumed'`,
    ]) {
      await expect(connection.query(statement), statement).rejects.toThrow(/evidence is append-only/);
    }
    expect((await connection.query('select kind, actor from evidence')).rows).toEqual([
      { kind: 'paused', actor: null },
    ]);
    await connection.close();
  });

  test('a database that a newer version has migrated is refused', async () => {
    const connection = await database.connect();
    await connection.query(`insert into kysely_migration values ('9999-newer', '2999-01-01T00:00:00.000Z')`);
    await connection.close();
    await expect(openLedger(database.options)).rejects.toThrow(/9999-newer/);
  });
});

describe.runIf(RUNS_POSTGRES)('one PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeEach(async () => {
    postgres = await startPostgres();
  });
  afterEach(() => postgres?.stop());

  test('opened by several at once is migrated once', async () => {
    const ledgers = await Promise.all(
      Array.from({ length: 4 }, () => openLedger({ databaseUrl: postgres.url })),
    );
    expect(new Set(ledgers.map(({ installationId }) => installationId)).size).toBe(1);
    const terms = { chargeId: 'ch1', amount: 1200, currency: 'eur' };
    const claims = await Promise.all(ledgers.map((ledger) => ledger.claimCharge('shared', terms, 'shop')));
    expect(claims.filter(({ claim }) => claim === 'new')).toHaveLength(1);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });
});

test.runIf(RUNS_POSTGRES)(
  'a database that takes connections and does not answer fails the ping',
  async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.stop());
    const { hostname, port } = new URL(postgres.url);
    let silent = false;
    const sockets = new Set<Socket>();
    const proxy = createServer((client) => {
      const server = connect(Number(port || 5432), hostname);
      const forward = (to: Socket) => (bytes: Buffer) => silent || to.write(bytes);
      client.on('data', forward(server));
      server.on('data', forward(client));
      for (const socket of [client, server]) sockets.add(socket.on('error', () => {}));
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void proxy.close());

    const url = new URL(postgres.url);
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const ledger = await openLedger({ databaseUrl: url.href });
    await ledger.ping();
    silent = true;
    const began = performance.now();
    await expect(ledger.ping()).rejects.toThrow(/did not answer/);
    expect(performance.now() - began).toBeLessThan(10_000);

    for (const socket of sockets) socket.destroy();
    await ledger.close();
  },
);

test.runIf(RUNS_POSTGRES)('a connection that breaks during a query fails that query only', async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const ledger = await openLedger({ databaseUrl: postgres.url });
  onTestFinished(() => ledger.close());
  const locker = new Client({ connectionString: postgres.url });
  await locker.connect();
  onTestFinished(() => locker.end());

  await locker.query('begin; lock table customers');
  const waiting = ledger.record(entry('waits', { facts: [fact(1, 'paused')] }));
  const broken = expect(waiting).rejects.toThrow(/terminat/);
  await vi.waitFor(async () => {
    const { rowCount } = await locker.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where wait_event_type = 'Lock' and datname = current_database()`,
    );
    expect(rowCount).toBe(1);
  });
  await broken;
  await locker.query('rollback');
  expect(await ledger.record(entry('waits', { facts: [fact(1, 'paused')] }))).toEqual({
    alreadyClosed: [],
  });
});

describe('a data folder', () => {
  let dataDir: string;
  let holder: ChildProcess | undefined;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'offsession-folder-'));
  });
  afterEach(async () => {
    if (holder && holder.exitCode === null && holder.signalCode === null) {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    holder = undefined;
    await rm(dataDir, { recursive: true });
  });

  async function hold(): Promise<ChildProcess> {
    const script = fileURLToPath(new URL('../support/hold-ledger.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    holder = child;
    const diedEarly = once(child, 'exit').then(([code]) => {
      throw new Error(`the holder ended with ${code} before it had opened the folder`);
    });
    await Promise.race([once(child.stdout, 'data'), diedEarly]);
    diedEarly.catch(() => {}); // from here on it may end
    return child;
  }

  test('is refused to a second process while the first one lives, with words about what to do', async () => {
    await hold();
    await expect(openLedger({ dataDir })).rejects.toThrow(
      /another process is using .*DATA_DIR.*DATABASE_URL/s,
    );
  });

  test('of a killed process opens without help, with everything in it', async () => {
    const child = await hold();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ledger = await openLedger({ dataDir });
    expect(await ledger.getPersonal('held', 'contact')).toEqual({ email: 'held@example.com' });
    await ledger.close();
  });

  test('is its owner’s alone, also one that was made before and what is written later', async () => {
    await mkdir(join(dataDir, 'ledger'), { mode: 0o755 });
    const others = async () => {
      const { stdout } = await promisify(execFile)('find', [join(dataDir, 'ledger'), '-perm', '/077']);
      return stdout;
    };
    const first = await openLedger({ dataDir });
    expect(await others()).toBe('');
    await first.record(entry('ada', { facts: [fact(1, 'paused')] }));
    await first.close();
    await (await openLedger({ dataDir })).close();
    expect(await others()).toBe('');
  });

  test('is free at once after a close, and refused within one process too', async () => {
    const first = await openLedger({ dataDir });
    await expect(openLedger({ dataDir })).rejects.toThrow(/another process is using/);
    await first.close();
    expect(existsSync(join(dataDir, 'ledger.lock'))).toBe(false);
    await (await openLedger({ dataDir })).close();
  });
});

test('a ledger in memory starts from its snapshot, and keeps nothing when it is closed', async () => {
  const snapshot = await inMemory();
  const first = await openLedger(snapshot);
  await first.putPersonal('short', 'contact', { email: 'a@example.com' });
  await first.close();
  const second = await openLedger(snapshot);
  expect(second.installationId).toBe(first.installationId);
  expect(await second.getPersonal('short', 'contact')).toBeNull();
  await second.close();
});
