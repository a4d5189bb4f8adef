// Runs the operator's commands, and other programs, as processes that a test waits for.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface End {
  readonly code: unknown;
  readonly out: string;
  readonly errors: string;
}

export function run(file: string, parameters: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<End> {
  return new Promise((resolve) => {
    const options = { cwd: ROOT, env: { PATH: process.env.PATH, ...env } };
    execFile(file, parameters, options, (error, out, errors) =>
      resolve({ code: error?.code ?? 0, out, errors }),
    );
  });
}

export const opsIn = (typed: readonly string[], env: NodeJS.ProcessEnv) =>
  run(process.execPath, ['--import', 'tsx', 'ops/main.ts', ...typed], env);
