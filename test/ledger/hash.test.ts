// When two JSON values have the same hash.
import { expect, test } from 'vitest';
import { hashOf } from '../../ledger/hash.ts';

test('the order of keys makes no difference, however deep', () => {
  expect(hashOf({ a: 1, b: { c: [1, { d: 2, e: 3 }] } })).toBe(
    hashOf({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }),
  );
});

test('an undefined key is an absent one', () => {
  expect(hashOf({ a: 1, dueAtMs: undefined })).toBe(hashOf({ a: 1 }));
});

test.each([
  { one: { a: 1 }, other: { a: '1' } },
  { one: { a: null }, other: {} },
  { one: [1, 2], other: [2, 1] },
  { one: { a: ['b'] }, other: { a: { 0: 'b' } } },
  { one: JSON.parse('{"__proto__": "a"}'), other: {} },
])('$one and $other differ', ({ one, other }) => {
  expect(hashOf(one)).not.toBe(hashOf(other));
});

test('it is the SHA-256 of the canonical text, for rows written years ago are compared with it', () => {
  // printf '{"a":[1,"é"],"b":null}' | sha256sum
  expect(hashOf({ b: null, a: [1, 'é'] })).toBe(
    '1e02bc81a26af2f027329541e97eef36f3290bedc6dfe043dbe66b057ecb13ba',
  );
});

test.each([undefined, Number.NaN, 10n, () => 1, [undefined]])('%s is refused', (value) => {
  expect(() => hashOf(value)).toThrow(TypeError);
});
