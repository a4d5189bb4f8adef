// A ledger that cannot be verified is a finding, never silence.
import { expect, test } from 'vitest';
import { verifyEvidence } from './verify-evidence.ts';

test('where `ops verify` does not end with 0, what it says is found', async () => {
  const findings = await verifyEvidence('postgres://nobody@127.0.0.1:1/none');
  expect(findings.length).toBeGreaterThan(0);
  expect(new Set(findings.map(({ fault }) => fault))).toEqual(new Set(['broken chain of evidence']));
});
