// Registers the search attributes that a namespace lacks, for a workflow that sets an unknown one is stuck.
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionLike, isGrpcServiceError } from '@temporalio/client';
import type { SearchAttributeType } from '@temporalio/common';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';

const WANTED = Object.values(SEARCH_ATTRIBUTES);

/** How the Temporal CLI names the types. */
const CLI_TYPE: Record<SearchAttributeType, string> = {
  TEXT: 'Text',
  KEYWORD: 'Keyword',
  INT: 'Int',
  DOUBLE: 'Double',
  BOOL: 'Bool',
  DATETIME: 'Datetime',
  KEYWORD_LIST: 'KeywordList',
};

/** gRPC status codes (grpc.io/docs/guides/status-codes). */
const INVALID_ARGUMENT = 3;
const NOT_ALLOWED = [7, 12, 16]; // permission denied, unimplemented, unauthenticated

/** A new attribute takes effect when the server next reads its namespaces: up to 40 s were seen. */
const EFFECT_WITHIN_MS = 60_000;

/**
 * Registers the search attributes that `namespace` lacks, and returns once they can be used (up to a minute).
 * Where nobody may manage attributes over this connection (Temporal Cloud, a restricted key), it only verifies them.
 * @throws Error naming the commands to run when attributes are missing and may not be added, and the attributes whose
 * type is another than ours.
 */
export async function ensureSearchAttributes(connection: ConnectionLike, namespace: string): Promise<void> {
  const known = await listAttributes(connection, namespace);
  if (known === 'not allowed') {
    if (await areUsable(connection, namespace)) return;
    throw new Error(advice(namespace, WANTED));
  }
  const clashes = WANTED.filter(
    ({ name, type }) => known[name] !== undefined && known[name] !== typeNumber(type),
  );
  if (clashes.length > 0) {
    const list = clashes.map(({ name, type }) => `${name} (must be ${CLI_TYPE[type]})`).join(', ');
    throw new Error(`search attributes of namespace "${namespace}" have another type: ${list}`);
  }
  const missing = WANTED.filter(({ name }) => known[name] === undefined);
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map(({ name, type }) => [name, typeNumber(type)])),
    });
  } catch (error) {
    // Another worker that starts at the same moment may have been faster; then all is well.
    if (await areUsable(connection, namespace)) return;
    throw new Error(advice(namespace, missing), { cause: error });
  }
  await untilUsable(connection, namespace);
}

/** Type numbers by name, of the namespace's own attributes. */
async function listAttributes(
  connection: ConnectionLike,
  namespace: string,
): Promise<{ readonly [name: string]: number } | 'not allowed'> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return customAttributes ?? {};
  } catch (error) {
    if (isGrpcServiceError(error) && NOT_ALLOWED.includes(error.code)) return 'not allowed';
    throw error;
  }
}

/** Whether a query may name all of them: asks for nothing, and needs the right to read only. */
async function areUsable(connection: ConnectionLike, namespace: string): Promise<boolean> {
  const query = WANTED.map(({ name }) => `${name} IS NULL`).join(' AND ');
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (isGrpcServiceError(error) && error.code === INVALID_ARGUMENT) return false;
    throw error;
  }
}

async function untilUsable(connection: ConnectionLike, namespace: string): Promise<void> {
  const deadline = Date.now() + EFFECT_WITHIN_MS;
  while (!(await areUsable(connection, namespace))) {
    if (Date.now() > deadline) {
      throw new Error(`search attributes were added to "${namespace}" and are still unknown after a minute`);
    }
    await pause(500);
  }
}

function advice(namespace: string, missing: typeof WANTED): string {
  const commands = missing.map(
    ({ name, type }) =>
      `  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${CLI_TYPE[type]}`,
  );
  return `search attributes are missing in namespace "${namespace}" and may not be added from here. Run:\n${commands.join('\n')}`;
}

function typeNumber(type: SearchAttributeType): number {
  const number = encodeSearchAttributeIndexedValueType(type);
  if (number === undefined) throw new TypeError(`no such search attribute type: ${type}`);
  return number;
}
