// The control API's refusals, as RFC 9457 problems.
import { StripeProblem } from '../http/errors.ts';

/** A refusal with its status; `detail` says what is wrong. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
};

/** A problem document for whatever was thrown. */
export function problemFor(error: unknown) {
  const { status, detail } = problemOf(error);
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail };
}

function problemOf(error: unknown): { status: number; detail: string } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (error instanceof StripeProblem) return { status: error.status, detail: error.message };
  const other = error as { statusCode?: number; message: string; validation?: ValidationError[] };
  if (other.validation) {
    return { status: 400, detail: other.validation.map(describe).join('; ') };
  }
  return { status: other.statusCode ?? 500, detail: other.message };
}

interface ValidationError {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}

function describe({ instancePath, params, message }: ValidationError): string {
  const where = instancePath === '' ? 'the request' : instancePath.slice(1).replaceAll('/', '.');
  const { additionalProperty, allowedValues } = params;
  if (typeof additionalProperty === 'string') return `${where} has an unknown field "${additionalProperty}"`;
  if (Array.isArray(allowedValues)) return `${where} must be one of ${allowedValues.join(', ')}`;
  return `${where} ${message ?? 'is wrong'}`;
}
