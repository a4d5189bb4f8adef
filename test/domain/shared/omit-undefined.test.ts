// Absent and undefined are two things.
import { expect, test } from 'vitest';
import { omitUndefined } from '../../../domain/shared/omit-undefined.ts';

interface Named {
  readonly id: string;
  readonly name?: string;
  readonly note: string | null;
}

test('a key without a value is left out; null, zero and the empty string are values', () => {
  const nobody: string | undefined = undefined;
  const named: Named = omitUndefined({ id: '', name: nobody, note: null });
  expect(named).toStrictEqual({ id: '', note: null });
  expect(omitUndefined({ count: 0, isPaid: false })).toStrictEqual({ count: 0, isPaid: false });
});
