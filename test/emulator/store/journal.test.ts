// The journal: a restart, clean or not, loses nothing that was answered.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { clientFor, enrol, failureOf, intentFor, startEmulator, startReceiver } from '../start.ts';

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('objects, keys, scripts, faults and the clock survive a restart', async () => {
  const dataFile = join(await dataFolder(), 'state', 'emulator.jsonl');
  const first = await startEmulator({ dataFile });
  const { customer, paymentMethod } = await enrol(first, 'pm_card_authenticationRequired');
  const { id } = await intentFor(first, customer.id);
  const confirm = (emulator: typeof first) =>
    emulator.stripe.paymentIntents.confirm(
      id,
      { off_session: true, payment_method: paymentMethod },
      { idempotencyKey: 'key-1' },
    );
  const before = await failureOf(confirm(first));
  await first.control('/outcomes', { paymentMethod, outcomes: ['lost_card'] });
  await first.control('/clock', { advanceSeconds: 3600 });
  await first.control('/faults', {
    method: 'POST',
    path: '/v1/refunds',
    kind: 429,
    when: 'before',
    times: 1,
  });
  const [truth, events] = [await first.control('/truth'), await first.stripe.events.list({ limit: 100 })];
  await first.close();

  const second = await startEmulator({ dataFile });
  const after = await failureOf(confirm(second));
  expect(after.charge).toBe(before.charge);
  expect(after.headers?.['idempotent-replayed']).toBe('true');
  expect((await second.control('/truth')).body).toEqual(truth.body);
  expect((await second.stripe.events.list({ limit: 100 })).data).toEqual(events.data);
  expect((await failureOf(second.stripe.refunds.create({ payment_intent: id }))).statusCode).toBe(429);
  expect((await second.stripe.customers.create()).created).toBeGreaterThan(Date.now() / 1000 + 3500);
  // The bank still wants the customer, and the script still comes after that.
  await second.control(`/challenges/${id}`, { result: 'succeed' });
  expect((await second.stripe.paymentIntents.retrieve(id)).last_payment_error?.decline_code).toBe(
    'lost_card',
  );
});

test('an undelivered webhook is delivered by the next process', async () => {
  const dataFile = join(await dataFolder(), 'emulator.jsonl');
  const closed = await startReceiver(() => 503);
  const first = await startEmulator({ dataFile, webhookUrl: closed.url });
  await first.stripe.customers.create();
  await expect.poll(() => closed.received.length).toBe(1);
  await first.close();
  await closed.close();

  const receiver = await startReceiver();
  await startEmulator({ dataFile, webhookUrl: receiver.url });
  await expect
    .poll(() => receiver.received.map(({ event }) => event.type), { timeout: 5000 })
    .toEqual(['customer.created']);
  expect(receiver.received[0]?.event.id).toBe(closed.received[0]?.event.id);
});

test('a torn last line is dropped, a torn line in the middle is refused', async () => {
  const dataFile = join(await dataFolder(), 'emulator.jsonl');
  const first = await startEmulator({ dataFile });
  const { id } = await first.stripe.customers.create();
  await first.close();

  await appendFile(dataFile, '[["customers","cus_torn",{"wi');
  const second = await startEmulator({ dataFile });
  expect((await second.stripe.customers.list()).data.map((customer) => customer.id)).toEqual([id]);
  await second.close();

  await appendFile(dataFile, '[["customers","cus_torn",{"wi\n[["customers","cus_x",null]]\n');
  await expect(startEmulator({ dataFile })).rejects.toThrow(/line \d+ is not a commit/);
});

test('a killed process loses nothing that it had answered, and SIGTERM ends it cleanly', async () => {
  const folder = await dataFolder();
  const run = async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'emulator/main.ts'], {
      env: { ...process.env, PORT: '0', DATA_DIR: folder, STRIPE_WEBHOOK_SECRET: 'whsec_a,whsec_b' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let printed = '';
    for await (const part of child.stdout) {
      printed += String(part);
      if (printed.includes('Webhooks:')) break;
    }
    const url = String(/http:\S+/.exec(printed)?.[0]);
    return { child, url, stripe: clientFor(url) };
  };
  const first = await run();
  const customer = await first.stripe.customers.create({ name: 'A' });
  const fault = { method: 'GET', path: '/v1/customers/*', kind: 500, when: 'before', times: 1 };
  await fetch(`${first.url}/_emulator/faults`, {
    method: 'POST',
    body: JSON.stringify(fault),
    headers: { 'content-type': 'application/json' },
  });
  await fetch(`${first.url}/_emulator/faults`, { method: 'DELETE' });
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');

  const second = await run();
  await expect(startEmulator({ dataFile: join(folder, 'emulator.jsonl') })).rejects.toThrow(
    /is in use by process/,
  );
  expect(await second.stripe.customers.retrieve(customer.id)).toMatchObject({ name: 'A' });
  second.child.kill('SIGTERM');
  const [code] = await once(second.child, 'exit');
  expect(code).toBe(0);
  expect(await readdir(folder)).toEqual(['emulator.jsonl']);
});
