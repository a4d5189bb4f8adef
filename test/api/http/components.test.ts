// Names of schemas in the OpenAPI document.
import { expect, test } from 'vitest';
import { namedOnce } from '../../../api/http/components.ts';

const money = { title: 'Money', type: 'object', properties: { amount: { type: 'integer' } } };
const reference = { $ref: '#/components/schemas/Money' };

test('a schema with a title stands once, however deep it is used', () => {
  const { document, schemas } = namedOnce({
    a: money,
    b: { type: 'array', items: money },
    c: { title: 'Bill', type: 'object', properties: { total: money } },
  });
  expect(document).toEqual({
    a: reference,
    b: { type: 'array', items: reference },
    c: { $ref: '#/components/schemas/Bill' },
  });
  expect(schemas).toEqual({
    Money: money,
    Bill: { title: 'Bill', type: 'object', properties: { total: reference } },
  });
});

test('a field that is called title, and an example that looks like a schema, are left alone', () => {
  const problem = {
    type: 'object',
    properties: { title: { type: 'string' }, type: { type: 'string' } },
    examples: [{ title: 'Not found', type: 'object' }],
  };
  expect(namedOnce(problem)).toEqual({ document: problem, schemas: {} });
});

test('two shapes under one title are refused', () => {
  expect(() => namedOnce([money, { ...money, properties: {} }])).toThrow(
    'two different schemas are called Money',
  );
});
