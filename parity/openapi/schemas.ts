// Turns the document's schemas into what a JSON Schema validator can hold an answer or a request to.
import type { OpenApiDocument, Schema } from './document.ts';

export interface Schemas {
  /**
   * An object of an answer: nothing in it that the document does not name. Objects inside it, expanded or not, are
   * only objects here: each is looked at on its own, so every schema stays small.
   */
  answer(name: string): Schema;
  /** A form: the document says itself what else may be in it. */
  request(schema: Schema): Schema;
}

const COMPONENTS = '#/components/schemas/';

/** The keywords that both OpenAPI 3.0 and JSON Schema know, and that say something about a value. */
const KEYWORDS = new Set([
  'additionalProperties',
  'allOf',
  'anyOf',
  'enum',
  'items',
  'maxItems',
  'maxLength',
  'pattern',
  'properties',
  'required',
  'type',
]);

export function schemasOf({ components }: OpenApiDocument): Schemas {
  const otherMethods = paymentMethodsButCards(components.schemas);

  const isObject = (ref: string): boolean => {
    const { properties } = components.schemas[ref.slice(COMPONENTS.length)] ?? {};
    return isSchema(properties) && isSchema(properties.object);
  };

  const convert = (node: unknown, isAnswer: boolean): unknown => {
    if (Array.isArray(node)) return node.map((item) => convert(item, isAnswer));
    if (!isSchema(node)) return node;
    if (node['x-expansionResources'] !== undefined) return nullable(node, { type: ['string', 'object'] });
    if (typeof node.$ref === 'string') {
      return isObject(node.$ref) ? { type: 'object' } : { $ref: node.$ref };
    }
    const copy: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(node)) {
      if (!KEYWORDS.has(keyword)) continue;
      copy[keyword] =
        keyword === 'properties'
          ? propertiesOf(value as Record<string, unknown>, isAnswer)
          : convert(value, isAnswer);
    }
    if (isAnswer && copy.properties !== undefined && copy.additionalProperties === undefined) {
      copy.additionalProperties = false;
    }
    return nullable(node, copy);
  };

  const propertiesOf = (properties: Record<string, unknown>, isAnswer: boolean) =>
    Object.fromEntries(
      Object.entries(properties)
        .filter(([name]) => !otherMethods.has(name))
        .map(([name, schema]) => [name, convert(schema, isAnswer)]),
    );

  return {
    answer: (name) => convert(components.schemas[name], true) as Schema,
    request: (schema) => convert(schema, false) as Schema,
  };
}

/** Every kind of payment method but the one that is used here: they make up most of the document. */
function paymentMethodsButCards(schemas: OpenApiDocument['components']['schemas']): ReadonlySet<string> {
  const { properties } = schemas.payment_method ?? {};
  const { type } = (properties ?? {}) as { type?: { enum?: readonly string[] } };
  return new Set((type?.enum ?? []).filter((kind) => kind !== 'card'));
}

function nullable(node: Schema, schema: Record<string, unknown>): Schema {
  if (node.nullable !== true) return schema;
  if (schema.type === undefined) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: [schema.type, 'null'].flat(),
    ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
  };
}

function isSchema(node: unknown): node is Schema {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
