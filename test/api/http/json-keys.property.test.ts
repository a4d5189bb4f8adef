// Repeated keys are found wherever they are, and only there.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repeatsKey } from '../../../api/http/json-keys.ts';

test('no value that JSON.stringify writes repeats a key', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(repeatsKey(JSON.stringify(value, null, 1))).toBe(false);
    }),
  );
});

test('an object with one of its keys written twice does, however deep it lies', () => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true });
  fc.assert(
    fc.property(objects, fc.jsonValue(), fc.integer({ min: 0, max: 5 }), (object, sibling, depth) => {
      const [key = ''] = Object.keys(object);
      let json = `${JSON.stringify(object).slice(0, -1)},${JSON.stringify(key)}:0}`;
      for (let level = 0; level < depth; level += 1)
        json = `{"a":${JSON.stringify(sibling)},"b":[1,${json}]}`;
      expect(repeatsKey(json)).toBe(true);
    }),
  );
});
