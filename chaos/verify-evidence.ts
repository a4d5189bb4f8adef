// Runs `ops verify` on the ledger, as an operator would after the run.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finding } from './findings.ts';

const OPS = fileURLToPath(new URL('../dist/ops/main.js', import.meta.url));

/** @returns a finding for each line that it prints when a chain is broken, or when it cannot tell */
export function verifyEvidence(databaseUrl: string): Promise<Finding[]> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
    execFile(process.execPath, [OPS, 'verify'], { env }, (error, stdout, stderr) => {
      if (error === null) return resolve([]);
      const lines = `${stdout}${stderr}`.trim().split('\n').filter(Boolean);
      const what = lines.length > 0 ? lines : [error.message];
      resolve(what.map((each) => ({ fault: 'broken chain of evidence', what: each })));
    });
  });
}
