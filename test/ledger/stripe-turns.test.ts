// Turns to ask Stripe: as far apart as an endpoint allows, and together within the account's limit.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Ledger } from '../../ledger/ledger.ts';
import { openLedger } from '../../ledger/open.ts';
import { DATABASES, type TestDatabase } from '../support/databases.ts';

/**
 * One turn every 100 s, so that what the test itself takes does not matter. The account's turns take no time to speak
 * of, so that one test leaves no line at the account for the next.
 */
const SLOW = { turns: 1, perEndpoint: 0.01, total: 1_000_000, overdueMs: 0 };

describe.each(DATABASES)('turns on $name', ({ start }) => {
  let database: TestDatabase;
  let ledger: Ledger;
  beforeAll(async () => {
    database = await start();
    ledger = await openLedger(database.options);
  });
  afterAll(async () => {
    await ledger?.close();
    await database?.stop();
  });

  /** To the nearest ten seconds. */
  const inTens = (ms: number) => Math.round(ms / 10_000) * 10;
  const seconds = async (asked: Parameters<Ledger['reserveStripeTurns']>[0]) =>
    inTens(await ledger.reserveStripeTurns(asked));

  test('of one endpoint follow each other, whoever asks and however many at once', async () => {
    expect(await seconds({ ...SLOW, endpoint: 'a' })).toBe(0);
    expect(await seconds({ ...SLOW, endpoint: 'a', turns: 3 })).toBe(100);
    const atOnce = await Promise.all(
      Array.from({ length: 20 }, () => ledger.reserveStripeTurns({ ...SLOW, endpoint: 'a' })),
    );
    const sorted = atOnce.map(inTens).sort((one, other) => one - other);
    expect(sorted.slice(1).map((at, index) => at - (sorted[index] ?? 0))).toEqual(Array(19).fill(100));
    expect(await seconds({ ...SLOW, endpoint: 'another' })).toBe(0);
  });

  test('that nobody took are lost, but for those that are not long overdue', async () => {
    const asked = { turns: 1, perEndpoint: 1_000, total: 1_000_000, endpoint: 'e' };
    await ledger.reserveStripeTurns({ ...asked, overdueMs: 0 });
    await sleep(300);
    expect(await ledger.reserveStripeTurns({ ...asked, overdueMs: 100_000 })).toBeLessThan(-100);
    expect(await ledger.reserveStripeTurns({ ...asked, overdueMs: 0 })).toBeGreaterThanOrEqual(0);
  });

  test('of all endpoints together follow each other by the account’s limit', async () => {
    const asked = { turns: 1, perEndpoint: 100, total: 0.01, overdueMs: 0 };
    const ahead = await seconds({ ...asked, endpoint: 'b' });
    expect(await seconds({ ...asked, endpoint: 'c' })).toBe(ahead + 100);
    expect(await seconds({ ...asked, endpoint: 'd' })).toBe(ahead + 200);
  });

  test('of everybody are postponed', async () => {
    await ledger.postponeStripeTurns(6_000_000);
    expect(await seconds({ ...SLOW, endpoint: 'g' })).toBeGreaterThan(5_900);
    await ledger.postponeStripeTurns(1_000);
    expect(await seconds({ ...SLOW, endpoint: 'h' })).toBeGreaterThan(5_900);
  });
});
