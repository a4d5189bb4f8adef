// A caller who opens hundreds of charges at once while no worker is there: each is accepted, and each is collected once,
// also where the api that had accepted it dies before it has handed it over.
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { takeNamespace } from '../support/namespace.ts';
import { RUNS_POSTGRES } from '../support/postgres.ts';
import { type Processes, startProcesses } from '../support/processes.ts';

const CUSTOMERS = 50;
const CHARGES_EACH = 6;
/** How long the api and the worker are away, milliseconds. */
const API_AWAY = 1_000;
const WORKER_AWAY = 45_000;
const ALL_COLLECTED = { timeout: 420_000, interval: 2_000 };

interface Attempted {
  readonly chargeId: string;
  readonly status: string;
}

let stack: Processes;

describe.runIf(RUNS_POSTGRES)('three hundred charges for fifty customers at once', () => {
  const ids = Array.from({ length: CUSTOMERS }, (_, number) => `c${number}`);
  const owed = ids.flatMap((customerId) =>
    Array.from({ length: CHARGES_EACH }, (_, number) => ({
      customerId,
      chargeId: `${customerId}-${number}`,
    })),
  );
  const owe = ({ customerId, chargeId }: (typeof owed)[number]) =>
    stack.post(`/v1/customers/${customerId}/charges`, { chargeId, amount: 1000, currency: 'eur' });

  beforeAll(async () => {
    stack = await startProcesses({
      temporal: { address: inject('temporalAddress'), namespace: await takeNamespace() },
    });
    for (let first = 0; first < ids.length; first += 10)
      await Promise.all(ids.slice(first, first + 10).map((id) => stack.enrol(id)));
  }, 300_000);
  afterAll(() => stack?.stop());

  test('are all accepted while nobody works, survive a killed api, and are collected once each', async () => {
    const workerIsBack = stack.worker.kill(WORKER_AWAY);
    const answers = await Promise.all(owed.map(owe));
    const others = answers.filter(({ status }) => status !== 202);
    expect(others.map(({ status, body }) => ({ status, code: body.code }))).toEqual([]);
    expect(new Set(answers.map(({ body }) => body.status))).toEqual(new Set(['scheduled']));
    await stack.api.kill(API_AWAY);
    await workerIsBack;

    await vi.waitFor(async () => {
      const { succeeded } = await stack.control('truth');
      expect(succeeded).toBeGreaterThanOrEqual(owed.length);
    }, ALL_COLLECTED);
    const { charges, intents } = await stack.control('truth');
    const paid = charges.filter(({ status }: Attempted) => status === 'succeeded');
    expect(paid.map(({ chargeId }: Attempted) => chargeId).sort()).toEqual(
      owed.map(({ chargeId }) => chargeId).sort(),
    );
    expect(charges).toHaveLength(owed.length);
    expect(intents).toHaveLength(owed.length);
    for (const { customerId, chargeId } of owed) await stack.untilCharge(customerId, chargeId, 'succeeded');
    const again = await Promise.all(owed.slice(0, 20).map(owe));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([200]));
  }, 600_000);
});
