// Holds requests and answers of the API to Stripe's OpenAPI document.
import { Ajv, type ValidateFunction } from 'ajv';
import { NEW_FIELDS, NEW_PARAMS } from './differences.ts';
import type { OpenApiDocument, Operation, Schema } from './document.ts';
import { schemasOf } from './schemas.ts';

export interface Exchange {
  readonly method: string;
  /** Without the query, e.g. `/v1/payment_intents/pi_1/confirm`. */
  readonly path: string;
  /** The form or the query, read into objects of text. */
  readonly params: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export interface Checker {
  /** What the document does not allow, one sentence each; none where all is as it says. */
  faultsOf(exchange: Exchange): string[];
}

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const COMPONENTS = '#/components/schemas/';
const AJV = {
  strict: false,
  allErrors: true,
  validateFormats: false,
  validateSchema: false,
  inlineRefs: false,
};

export function createChecker(document: OpenApiDocument): Checker {
  const answers = new Ajv(AJV);
  const requests = new Ajv({ ...AJV, coerceTypes: true });
  const schemas = schemasOf(document);
  for (const name of Object.keys(document.components.schemas)) {
    answers.addSchema(schemas.answer(name), `${COMPONENTS}${name}`);
  }
  const validators = new Map<Operation, ValidateFunction>();
  const operationOf = operationFinder(document);

  const validatorOf = (method: string, operation: Operation): ValidateFunction | null => {
    const schema = method === 'GET' ? querySchema(operation) : operation.requestBody?.content[FORM]?.schema;
    if (!schema) return null;
    const validate = validators.get(operation) ?? requests.compile(schemas.request(schema));
    validators.set(operation, validate);
    return validate;
  };

  /** Each object in an answer is held to the schema that its name leads to. */
  const faultsIn = (where: string, node: unknown, schema?: string): string[] => {
    if (typeof node !== 'object' || node === null) return [];
    const name = schema ?? nameOf(node as Record<string, unknown>, document);
    const validate = name === undefined ? undefined : answers.getSchema(`${COMPONENTS}${name}`);
    const faults =
      validate === undefined || validate(without(node, name ?? ''))
        ? []
        : describe(`${where} (${name})`, validate);
    const inside = Object.entries(node).flatMap(([field, value]) => faultsIn(`${where}.${field}`, value));
    return [...faults, ...inside];
  };

  return {
    faultsOf: ({ method, path, params, status, answer }) => {
      const operation = operationOf(method, path);
      if (operation === null) return [`${method} ${path}: Stripe has no such call`];
      const where = `${method} ${path}`;
      const faults: string[] = [];
      // What was refused for its shape was sent on purpose.
      const validate = status === 200 || status === 402 ? validatorOf(method, operation) : null;
      if (validate && !validate(without(params, 'form'))) {
        faults.push(...describe(`${where}: request`, validate));
      }
      const response = operation.responses[String(status)] ?? operation.responses.default;
      const top = nameInRef(response?.content[JSON_TYPE]?.schema);
      return [...faults, ...faultsIn(`${where}: answer ${status}`, answer, top)];
    },
  };
}

/** The parameters in a query, as the one form that they are. */
function querySchema({ parameters = [] }: Operation): Schema {
  const query = parameters.filter((parameter) => parameter.in === 'query');
  return {
    type: 'object',
    properties: Object.fromEntries(query.map(({ name, schema }) => [name, schema])),
    additionalProperties: false,
  };
}

function operationFinder({ paths }: OpenApiDocument) {
  const templates = Object.keys(paths)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`) }))
    // A path without parameters comes before one with them: `search` is no id.
    .sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  return (method: string, path: string): Operation | null => {
    const template = templates.find(
      (each) => each.pattern.test(path) && paths[each.path]?.[method.toLowerCase()],
    );
    return template ? (paths[template.path]?.[method.toLowerCase()] ?? null) : null;
  };
}

/** The schema that an answer is of as a whole, where the document names one. */
function nameInRef(schema: unknown): string | undefined {
  const { $ref } = (schema ?? {}) as { $ref?: string };
  return $ref?.startsWith(COMPONENTS) ? $ref.slice(COMPONENTS.length) : undefined;
}

function nameOf(node: Record<string, unknown>, { components }: OpenApiDocument): string | undefined {
  const { object, deleted } = node;
  if (typeof object !== 'string') return undefined;
  const name = deleted === true ? `deleted_${object}` : object;
  return components.schemas[name] ? name : undefined;
}

const NEW = [...NEW_FIELDS, ...NEW_PARAMS.map((path) => `form.${path}`)].map((path) => path.split('.'));

/** A copy of an object, or of a `form`, without what the document does not know yet. */
function without(node: unknown, name: string): unknown {
  const copy = structuredClone(node);
  for (const [owner, ...path] of NEW) {
    if (owner !== name) continue;
    const field = path.pop() ?? '';
    const parent = path.reduce<unknown>((at, step) => (at as Record<string, unknown> | null)?.[step], copy);
    if (typeof parent === 'object' && parent !== null) delete (parent as Record<string, unknown>)[field];
  }
  return copy;
}

function describe(where: string, { errors }: ValidateFunction): string[] {
  return (errors ?? []).map(({ instancePath, message, params }) => {
    const detail = 'additionalProperty' in params ? ` (${params.additionalProperty})` : '';
    return `${where}${instancePath.replaceAll('/', '.')} ${message}${detail}`;
  });
}
