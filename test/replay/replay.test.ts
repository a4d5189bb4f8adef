// That the workflow code goes on with every history on record.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { workflowIdOf } from '../../workflows/messages.ts';
import { HISTORY_FILES } from './history-names.ts';

const FOLDER = new URL('./histories/', import.meta.url);

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

test('every history on record replays, so customers go on under this code', async () => {
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  const histories = await recorded();
  expect(histories.map(({ workflowId }) => workflowId)).toEqual(HISTORY_FILES);
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const broken: string[] = [];
  const replayable = histories.map(({ workflowId, history, json }) => ({
    workflowId: customerWorkflowIdIn(history) ?? workflowId,
    history: historyFrom(json),
  }));
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

/** A customer's workflow compares its id with the customer whom it is started for; a history holds only the latter. */
function customerWorkflowIdIn(history: unknown): string | null {
  const { events } = history as {
    readonly events: readonly {
      readonly workflowExecutionStartedEventAttributes?: { readonly input?: unknown };
    }[];
  };
  const [input = '{}'] = payloadsOf(events[0]?.workflowExecutionStartedEventAttributes?.input);
  const { customerId } = JSON.parse(input) as { readonly customerId?: string };
  return customerId === undefined ? null : workflowIdOf(customerId);
}

/** Every payload, as the text it carries. */
function payloadsOf(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'metadata' in value && 'data' in value && typeof value.data === 'string' ? [value.data] : [];
  return [
    ...own.map((data) => Buffer.from(data, 'base64').toString()),
    ...Object.values(value).flatMap(payloadsOf),
  ];
}
