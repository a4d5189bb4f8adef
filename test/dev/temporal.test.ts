// The development server as a child process: it serves, keeps what it is to keep, and ends with its owner.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTemporal, type TemporalServer } from '../../dev/temporal.ts';

const status = defineSearchAttributeKey('BillingStatus', SearchAttributeType.KEYWORD);
const onProgress = () => {};
let folder: string;
let server: TemporalServer | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offsession-temporal-test-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function withClient<T>(
  address: string,
  namespace: string,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 });
  return use(new Client({ connection, namespace })).finally(() => connection.close());
}

test('namespaces and search attributes are usable at once, and survive a restart on the same folder', async () => {
  const options = { dataDir: folder, namespaces: ['one'], searchAttributes: [status], ui: true, onProgress };
  server = await startTemporal(options);
  await withClient(server.address, 'one', async (client) => {
    const attributes = [{ key: status, value: 'active' }];
    await client.workflow.start('Any', {
      workflowId: 'w',
      taskQueue: 'q',
      typedSearchAttributes: attributes,
    });
    await expect.poll(() => client.workflow.count("BillingStatus = 'active'")).toMatchObject({ count: 1 });
  });
  expect((await fetch(`${server.uiUrl}/`)).status).toBe(200);
  await server.stop();
  server = await startTemporal(options);
  await withClient(server.address, 'one', async (client) => {
    expect((await client.workflow.getHandle('w').describe()).status.name).toBe('RUNNING');
    await expect.poll(() => client.workflow.count("BillingStatus = 'active'")).toMatchObject({ count: 1 });
  });
});

test('a preferred port that is taken gives way to the next free one', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as { port: number };
  server = await startTemporal({ searchAttributes: [], ui: false, port, onProgress });
  expect(Number(server.address.split(':')[1])).toBeGreaterThan(port);
  blocker.close();
});

test('a server that cannot start shows the end of its log', async () => {
  const dynamicConfig = { 'not a key=': 1 };
  await expect(
    startTemporal({ dataDir: folder, searchAttributes: [], ui: false, dynamicConfig, onProgress }),
  ).rejects.toThrow(/did not start; the end of its log:\n.+/);
});

test('the server does not outlive an owner that is killed', async () => {
  const script = `import { startTemporal } from ${JSON.stringify(new URL('../../dev/temporal.ts', import.meta.url))};
    const server = await startTemporal({ searchAttributes: [], ui: false, onProgress() {} });
    console.log(server.address);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(owner.stdout, 'data');
  const address = String(line).trim();
  const reachable = () =>
    withClient(address, 'default', (client) => client.workflow.count()).then(
      () => true,
      () => false,
    );
  expect(await reachable()).toBe(true);
  owner.kill('SIGKILL');
  await expect.poll(reachable, { timeout: 60_000 }).toBe(false);
});
