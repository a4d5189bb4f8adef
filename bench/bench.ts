// What a row of the bench is, and what it is given to measure with.
import type { Bare } from './bare/bare.ts';
import type { Options } from './options.ts';
import type { Product } from './product.ts';
import type { Stage } from './stage.ts';

export interface Bench {
  readonly stage: Stage;
  readonly product: Product;
  readonly bare: Bare;
  readonly options: Options;
  readonly say: (line: string) => void;
  /** Aborts all that is waited for. */
  readonly signal: AbortSignal;
}

/** A figure that was aimed at. */
export interface Goal {
  readonly what: string;
  /** As people write it, e.g. `≤ 1.5`. */
  readonly wanted: string;
  readonly got: string;
  readonly isMet: boolean;
}

export interface Table {
  readonly title: string;
  /** How to read it; Markdown. */
  readonly text?: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface RowResult {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}

export interface Row {
  readonly name: string;
  /** For `--help`. */
  readonly does: string;
  readonly run: (bench: Bench) => Promise<RowResult>;
}
