/** What one line of a log says of a step, or of the steps since the line before it. */
export interface LoggedStep {
  /** Number of the step, as the framework counts. */
  readonly iteration: number;
  readonly pace: Pace;
  /** Sequences of a step; left out: the line does not say. */
  readonly globalBatch?: number;
  readonly memory?: LoggedMemory;
}

/** How fast a step was: its time, or what it did in a second. */
export type Pace =
  | { readonly of: 'seconds'; readonly value: number }
  | { readonly of: 'tokens-per-gpu'; readonly value: number }
  | { readonly of: 'samples'; readonly value: number };

/** Peak bytes of the GPU that logs. */
export interface LoggedMemory {
  readonly bytes: number;
  readonly kind: 'allocated' | 'reserved';
  /** Global rank; left out: the line does not say. */
  readonly rank?: number;
}

/** The lines of one framework's log. */
export interface LogFormat {
  readonly id: string;
  readonly name: string;
  /** Id of the launcher whose stack ran where nothing else is said. */
  readonly launcher: string;
  /** Tells a line about a step from all others. */
  readonly mark: RegExp;
  /** What such a line says; null: not what it should. */
  step(line: string): LoggedStep | null;
  /** What a line beside those says of memory; null: nothing. */
  memory?(line: string): LoggedMemory | null;
  /** What a step is looked for by, for people. */
  readonly expected: string;
}

export const MiB = 2 ** 20;

/** A number as logs print it, `1,234.5`, `1.23E+04`, `52.4K`; null: none, or not a positive finite one. */
export function figure(text: string | undefined): number | null {
  const [, digits, suffix = ''] =
    /^([-+]?[\d,]*\.?\d+(?:[eE][-+]?\d+)?)([KMBT]?)$/.exec(text?.trim() ?? '') ?? [];
  const value = Number(digits?.replaceAll(',', '')) * THOUSANDS[suffix as keyof typeof THOUSANDS];
  return Number.isFinite(value) && value > 0 ? value : null;
}

const THOUSANDS = { '': 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 } as const;

/** The figure that stands after a key: `KEY: 12.3`, `KEY=12.3,`. */
export function after(line: string, key: string): number | null {
  const at = line.indexOf(key);
  if (at < 0) return null;
  const [, digits] = /^\s*[:=]\s*([-+\d.,eEKMBT]+)/.exec(line.slice(at + key.length)) ?? [];
  return figure(digits?.replace(/[,.]+$/, ''));
}
