// Compares what was answered with what is promised, field by field.
import type { Answer } from './script.ts';

export interface Comparison {
  /** What is promised and was not answered so: one sentence each. */
  readonly differences: string[];
  /** What was answered and is not promised: fields that the emulator does not have. */
  readonly additions: string[];
}

export function compare(promised: readonly Answer[], actual: readonly Answer[]): Comparison {
  const found: Comparison = { differences: [], additions: [] };
  for (const each of actual) {
    if (!promised.some(({ step }) => step === each.step))
      found.additions.push(`${each.step}: no such step on record`);
  }
  for (const { step, ...promise } of promised) {
    const answer = actual.find((each) => each.step === step);
    if (!answer) found.differences.push(`${step}: was not played`);
    else walk(step, promise, { status: answer.status, replayed: answer.replayed, body: answer.body }, found);
  }
  return found;
}

function walk(where: string, promise: unknown, actual: unknown, found: Comparison): void {
  if (!isGroup(promise) || !isGroup(actual)) {
    if (JSON.stringify(promise) !== JSON.stringify(actual)) {
      found.differences.push(
        `${where}: ${JSON.stringify(promise)} is promised, ${JSON.stringify(actual)} came`,
      );
    }
    return;
  }
  for (const [field, value] of Object.entries(promise))
    walk(`${where}.${field}`, value, actual[field], found);
  for (const field of Object.keys(actual)) {
    if (!(field in promise)) found.additions.push(`${where}.${field}: ${JSON.stringify(actual[field])}`);
  }
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
