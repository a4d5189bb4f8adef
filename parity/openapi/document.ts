// Fetches Stripe's own OpenAPI document, as the Go module of stripe-mock carries it.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULE = 'github.com/stripe/stripe-mock';
/** Its document is of 2026-08-26.dahlia: no module carries endive's yet. differences.ts lists what that makes. */
const VERSION = 'v0.203.0';
/** What Go's checksum database says of that version, so that nobody can put another document in its place. */
const SUM = 'h1:EzW7nb/fphqcAkgVRHAaC88OaAZo6SBWSl54cflDTio=';

const TIMEOUT_MS = 60_000;

/** A JSON Schema in the manner of OpenAPI 3.0. */
export type Schema = { readonly [keyword: string]: unknown };

export interface OpenApiDocument {
  readonly info: { readonly version: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
  readonly components: { readonly schemas: { readonly [name: string]: Schema } };
}

export interface Operation {
  /** Those in the query, and those in the path. */
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
  readonly responses: {
    readonly [status: string]: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
  };
}

/**
 * The document, from Go's module cache or through Go's module proxy.
 * @returns null where there is no Go
 * @throws if Go cannot fetch the module, or fetched another one
 */
export function loadDocument(): OpenApiDocument | null {
  const run = spawnSync('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return null;
  if (run.status !== 0) throw new Error(`go mod download ${MODULE} failed: ${run.stderr || run.stdout}`);
  const { Dir, Sum } = JSON.parse(run.stdout) as { Dir: string; Sum: string };
  if (Sum !== SUM) throw new Error(`${MODULE} ${VERSION} has the sum ${Sum}, and ${SUM} is expected`);
  return JSON.parse(readFileSync(join(Dir, 'embedded', 'openapi', 'spec3.json'), 'utf8'));
}
