// `npm run simulate`: plays months of declines in seconds through the real domain, and compares policies.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { policiesOf } from '../config/policies.ts';
import { faultsOfPolicyFile, type PolicyFile } from '../config/policy-schema.ts';
import { readAssumptions } from './assumptions.ts';
import { chartOf } from './chart.ts';
import { compare, type NamedPolicies } from './compare.ts';
import { tablesOf } from './table.ts';

const HELP = `usage: npm run simulate [-- options]

Plays customers whose charge is declined, each under every policy, and says what each policy recovers, asks and mails.

  --policy FILE     a policy file as POLICY_FILE names one (docs/policy.md); several to compare
                    (default: the three in simulate/policies/)
  --customers N     1 to 1,000,000 (default 10000)
  --seed N          another seed, other customers (default 1)
  --days N          how long each charge is followed, 30 to 365 (default 90)
  --issuers FILE    what is assumed of issuers and customers (default simulate/issuers.json)
  --svg FILE        draws it, too

It compares policies under stated assumptions. It predicts nobody's revenue.`;

const BAD_USAGE = 2;
const SHIPPED = ['ours', 'ladder-1-3-7', 'eight-in-two-weeks'].map(
  (name) => new URL(`policies/${name}.json`, import.meta.url).pathname,
);

/** @throws Error that names what is wrong with the command line or a file */
export function simulate(argv: readonly string[]): string {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      policy: { type: 'string', multiple: true, default: SHIPPED },
      customers: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      days: { type: 'string', default: '90' },
      issuers: { type: 'string' },
      svg: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  const lab = {
    customers: whole('--customers', values.customers, 1, 1_000_000),
    seed: whole('--seed', values.seed, 0, 2 ** 31),
    days: whole('--days', values.days, 30, 365),
    assumptions: readAssumptions(values.issuers ?? new URL('issuers.json', import.meta.url)),
  };
  const summaries = compare(values.policy.map(readPolicies), lab);
  if (values.svg !== undefined) writeFileSync(values.svg, chartOf(summaries, lab));
  const about = `${lab.customers} customers, seed ${lab.seed}. Under the assumptions of the file: this predicts nobody's revenue.`;
  return [about, tablesOf(summaries)].join('\n\n');
}

function readPolicies(path: string): NamedPolicies {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const faults = faultsOfPolicyFile(file);
  if (faults.length > 0) throw new Error([`${path} is no policy file:`, ...faults].join('\n  '));
  return { name: basename(path, '.json'), policies: policiesOf(file as PolicyFile) };
}

function whole(option: string, text: string, lowest: number, highest: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < lowest || number > highest)
    throw new Error(`${option} must be a whole number from ${lowest} to ${highest}`);
  return number;
}

if (import.meta.filename === process.argv[1]) {
  try {
    console.log(simulate(process.argv.slice(2)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = BAD_USAGE;
  }
}
