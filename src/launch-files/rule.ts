import type { MegatronRun } from './megatron.ts';

/** A rule of the launcher that a file breaks. */
export interface Violation {
  readonly rule: string;
  readonly line: number;
  readonly actual: string;
  readonly limit: string;
  readonly fix: string;
}

export interface Sizes {
  readonly tp: number;
  readonly pp: number;
  readonly cp: number;
  readonly ep: number;
  readonly etp: number;
  readonly gpus: number | null;
}

export type Check = (run: MegatronRun, sizes: Sizes) => Omit<Violation, 'rule' | 'line'> | null;

export interface MegatronRule {
  readonly rule: string;
  /** The flag the message points at. */
  readonly flag: string;
  readonly check: Check;
}

export const bad = (actual: string, limit: string, fix: string) => ({ actual, limit, fix });

/** A whole number that must divide another; null when either is not said. */
export const divides = (what: string, value: number | null, by: number, name: string, fix: string) =>
  value === null || value % by === 0 ? null : bad(`${what} ${value}`, `a multiple of ${name} ${by}`, fix);
