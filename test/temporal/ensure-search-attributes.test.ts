// What a worker does about the search attributes of its namespace before it works.
import type { ConnectionLike } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { expect, test } from 'vitest';
import { ensureSearchAttributes } from '../../temporal/ensure-search-attributes.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts';

const REGISTERED = Object.fromEntries(
  Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => [
    name,
    encodeSearchAttributeIndexedValueType(type),
  ]),
);
const PERMISSION_DENIED = Object.assign(new Error('not allowed'), { code: 7, details: '', metadata: {} });

/** A server with these attributes, which lets them be added or does not. */
function serverWith(attributes: { readonly [name: string]: unknown }, { mayAdd = true } = {}) {
  const known: { [name: string]: unknown } = { ...attributes };
  const connection = {
    operatorService: {
      listSearchAttributes: async () => ({ customAttributes: known }),
      addSearchAttributes: async ({ searchAttributes }: { searchAttributes: object }) => {
        if (!mayAdd) throw PERMISSION_DENIED;
        Object.assign(known, searchAttributes);
      },
    },
    workflowService: {
      countWorkflowExecutions: async () => {
        if (Object.keys(REGISTERED).every((name) => name in known)) return { count: 0 };
        throw Object.assign(new Error('unknown attribute'), { code: 3, details: '', metadata: {} });
      },
    },
  } as unknown as ConnectionLike;
  return { connection, known };
}

test('what is missing is added with its type, and what is there stays', async () => {
  const { NeedsAttention, ...others } = REGISTERED;
  const { connection, known } = serverWith({ ...others, Theirs: 1 });
  await ensureSearchAttributes(connection, 'default');
  expect(known).toEqual({ ...REGISTERED, Theirs: 1 });
  expect(NeedsAttention).toBe(encodeSearchAttributeIndexedValueType('KEYWORD_LIST'));
});

test('an attribute of another type is named with the type that it must have', async () => {
  const { connection } = serverWith({ ...REGISTERED, NeedsAttention: REGISTERED.BillingStatus });
  await expect(ensureSearchAttributes(connection, 'default')).rejects.toThrow(
    'have another type: NeedsAttention (must be KeywordList)',
  );
});

test('where nothing may be added, the commands that add what is missing are named', async () => {
  const { NeedsAttention, ...others } = REGISTERED;
  const { connection } = serverWith(others, { mayAdd: false });
  await expect(ensureSearchAttributes(connection, 'billing')).rejects.toThrow(
    /are missing .*Run:\n {2}temporal operator search-attribute create --namespace billing --name NeedsAttention --type KeywordList$/s,
  );
});
