// Reads environment variables and collects every fault in them, so that one restart mends them all.

/** What the value of a variable must be: the words follow "it must". */
export interface Rule {
  readonly must: string;
  readonly isRight: (value: string) => boolean;
}

/** One process's environment. Its faults name variables and remedies, never values, for many are secrets. */
export class Environment {
  readonly faults: string[] = [];
  readonly variables: NodeJS.ProcessEnv;

  constructor(variables: NodeJS.ProcessEnv) {
    this.variables = variables;
  }

  /** Empty when it is not set: Compose makes an empty value of an unset variable. */
  text(name: string): string {
    return this.variables[name]?.trim() ?? '';
  }

  /** Null when it is not set. */
  optional(name: string, rule: Rule): string | null {
    const value = this.text(name);
    if (value !== '' && !rule.isRight(value)) this.faults.push(`${name} must ${rule.must}`);
    return value === '' ? null : value;
  }

  /** Empty when it is not set, which is a fault. */
  required(name: string, rule: Rule): string {
    const value = this.optional(name, rule);
    if (value === null) this.missing(name, rule);
    return value ?? '';
  }

  /** Comma-separated; the rule holds for each entry. Empty when it is not set. */
  list(name: string, rule: Rule): string[] {
    const entries = entriesOf(this.text(name));
    if (!entries.every(rule.isRight)) this.faults.push(`${name} must ${rule.must}`);
    return entries;
  }

  requiredList(name: string, rule: Rule): string[] {
    const entries = this.list(name, rule);
    if (entries.length === 0) this.missing(name, rule);
    return entries;
  }

  /** @throws Error that lists every fault, one a line */
  throwFaults(): void {
    if (this.faults.length > 0) throw new Error(['bad configuration:', ...this.faults].join('\n  '));
  }

  private missing(name: string, { must }: Rule): void {
    this.faults.push(`${name} is not set: it must ${must}`);
  }
}

/** The parts of a comma-separated text, without blanks around them and without empty ones. */
export function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
