// Names in the OpenAPI document: a schema with a title stands once under `components`, and is referred to elsewhere.

export interface Components {
  readonly document: unknown;
  readonly schemas: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Examples are values of the caller's and no schemas: what looks like a title in one is left alone. */
const VALUES = new Set(['example', 'examples', 'enum', 'const', 'default']);

/**
 * Moves every schema that has a `title` to `schemas` under that title and leaves a `$ref` in its place.
 *
 * Throws an Error when two schemas of different shape have the same title: a generated client would mix them up.
 */
export function namedOnce(document: unknown): Components {
  const schemas: Record<string, unknown> = {};

  function walk(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(walk);
    if (!isObject(value)) return value;
    const walked = Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, VALUES.has(key) ? inner : walk(inner)]),
    );
    const isNamedSchema = typeof value.title === 'string' && value.type === 'object';
    return isNamedSchema ? refer(value.title as string, walked) : walked;
  }

  function refer(title: string, schema: Record<string, unknown>) {
    const known = schemas[title];
    if (known && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two different schemas are called ${title}`);
    schemas[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  }

  return { document: walk(document), schemas };
}
