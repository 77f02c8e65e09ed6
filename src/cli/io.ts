import type { PrintedDocument } from '../schema/index.ts';
import { wrapMessage } from '../units/wrap.ts';

/** All that a command may touch of the process. */
export interface Io {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly columns: number;
  /** Of what messages are printed to; left out: it is no terminal and nothing says how wide it is, so that lines stay whole. */
  readonly outputColumns?: number;
  readonly errorColumns?: number;
  /** Standard output is a terminal: colour and progress are welcome. */
  readonly terminal: boolean;
  stdout(text: string): void;
  stderr(text: string): void;
  now(): number;
  /** Lets pending events, signals above all, be handled. */
  breathe(): Promise<void>;
  /** Whether the user asked to stop. */
  interrupted(): boolean;
}

/** 0 done, 1 our bug, 2 bad input, 3 no plan, 4 a check failed, 5 no launcher runs what is asked, 130 interrupted. */
export const EXIT = {
  ...{ ok: 0, bug: 1, input: 2, infeasible: 3, check: 4, unrunnable: 5 },
  interrupted: 130,
} as const;

/** Of a search: nothing fits is another answer than that no launcher runs it, which neither GPUs nor splits can mend. */
export function foundOr(found: boolean, excluded: boolean): number {
  if (found) return EXIT.ok;
  return excluded ? EXIT.unrunnable : EXIT.infeasible;
}

/** Messages as wide as where they are read, never less than 60 columns; whole where nothing says how wide that is. */
export function fitted(text: string, columns: number | undefined): string {
  return columns === undefined ? text : wrapMessage(text, Math.max(60, columns));
}

export function printJson(io: Io, document: PrintedDocument): void {
  io.stdout(`${JSON.stringify(document, null, 2)}\n`);
}
