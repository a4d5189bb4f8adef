// Searches the logs of a run for secrets and personal data, and reports where they are without showing them.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { type Forbidden, secretsIn } from '../test/support/secrets.ts';
import type { Finding } from './findings.ts';

/** @throws Error when one of the files is not there */
export async function searchLogs(files: readonly string[], all: Forbidden): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const file of files) {
    const firstLines = new Map<string, number>();
    let line = 0;
    for await (const text of createInterface({ input: createReadStream(file) })) {
      line += 1;
      for (const { what } of secretsIn(text, all)) if (!firstLines.has(what)) firstLines.set(what, line);
    }
    const name = basename(file);
    // Every process logs something when it starts: an empty file means that its log went elsewhere, unsearched.
    if (line === 0) findings.push({ fault: 'secrets in logs', what: `${name} is empty` });
    for (const [what, first] of firstLines)
      findings.push({ fault: 'secrets in logs', what: `${name} holds ${what}, first in line ${first}` });
  }
  return findings;
}
