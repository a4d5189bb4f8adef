// That today's workflow code carries on every life recorded so far. It asks no server: histories are files.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';

const FOLDER = new URL('./histories/', import.meta.url);

/** Every run on record: one that is missing here or there was lost, or forgotten. */
const LIVES = [
  'back.1',
  'braked.1',
  'called-off.1',
  'cancelled.1',
  'cardless.1',
  'cardless.2',
  'catch-up.1',
  'client-side.1',
  'disputed-when-gone.1',
  'enrolment-failed.1',
  'enrolment-renewed.1',
  'india.1',
  'looked-up.1',
  'new-card.1',
  'notice-given-up-on-record.1',
  'notice-given-up.1',
  'notice-sent-on-record.1',
  'notice-sent.1',
  'on-page.1',
  'paused.1',
  'plain.1',
  'rate-limited.1',
  'recovered.1',
  'refused.1',
  'retried.1',
  'soft.1',
  'spent.1',
  'step-up-expired.1',
  'step-up.1',
  'taken-back.1',
  'unknown.1',
  'years.1',
  'years.2',
  'years.3',
];

/**
 * As the SDK reads histories, but with the protobufjs that its message types were made with: npm installs one for
 * each of its packages, and its own reader rejects the types of the other (1.24, "type must be a Type").
 */
function historyFrom(json: string): unknown {
  const fromSdk = createRequire(createRequire(import.meta.url).resolve('@temporalio/worker'));
  const protoPath = fromSdk.resolve('@temporalio/proto');
  const { patchProtobufRoot } = fromSdk('@temporalio/proto/lib/patch-protobuf-root');
  const { fromJson } = createRequire(protoPath)('protobufjs/ext/protojson');
  const type = patchProtobufRoot(fromSdk(protoPath)).lookupType('temporal.api.history.v1.History');
  return fromJson(type, JSON.parse(json), { ignoreUnknownFields: true });
}

async function recorded(): Promise<{ workflowId: string; history: unknown; json: string }[]> {
  const files = (await readdir(FOLDER)).sort();
  return Promise.all(
    files.map(async (file) => {
      const json = await readFile(new URL(file, FOLDER), 'utf8');
      return { workflowId: file, history: JSON.parse(json), json };
    }),
  );
}

test('a customer in flight goes on under this code: every recorded history replays', async () => {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const histories = await recorded();
  expect(histories.map(({ workflowId }) => workflowId.replace('.json', ''))).toEqual(LIVES);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const broken: string[] = [];
  const replayable = histories.map(({ workflowId, json }) => ({ workflowId, history: historyFrom(json) }));
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, replayable))
    if (error) broken.push(`${workflowId}: ${error.message}`);
  expect(broken).toEqual([]);
});

test('histories hold no secret, no personal data, and nothing of the machine they were recorded on', async () => {
  for (const { workflowId, history, json } of await recorded()) {
    const text = json + payloadsOf(history).join('\n');
    expect(
      text.match(
        /_secret_|[sr]k_(?:test|live)_|whsec_|"identity"|"stackTrace"|\/home\/|\/tmp\/|node_modules/g,
      ),
      workflowId,
    ).toBeNull();
  }
});

/** Every payload, as the text it carries. */
function payloadsOf(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'metadata' in value && 'data' in value && typeof value.data === 'string' ? [value.data] : [];
  return [
    ...own.map((data) => Buffer.from(data, 'base64').toString()),
    ...Object.values(value).flatMap(payloadsOf),
  ];
}
