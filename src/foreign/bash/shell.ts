import type { Function as FunctionNode } from 'unbash';
import type { Outside } from './outside.ts';
import type { Field, Truth, Value } from './state.ts';

/** What words are expanded against. */
export interface Surroundings {
  variables: Map<string, Value>;
  /** `$1`, `$2` … */
  args: readonly Field[];
  /** Whether there may be arguments that nobody has told. */
  readonly open: boolean;
  readonly outside: Outside;
  /** Names that the script asks for or gives values. */
  readonly named: Set<string>;
  /** The line of a position in the text that is read. */
  readonly lineOf: (position: number) => number;
  /** What a command would print; null: only a running shell knows. */
  readonly printed: (script: string, at: Surroundings) => string | null;
}

/** What ends a stretch of a script before its end. */
export type Leaving = 'exit' | 'return' | 'break' | 'continue';

/** A script half way. */
export interface Shell extends Surroundings {
  readonly functions: Map<string, FunctionNode>;
  readonly commands: (readonly Field[])[];
  /** Variables set for one command alone. */
  readonly environment: Map<string, Value>;
  /** Files that the script writes, by name. */
  readonly files: Map<string, string>;
  /** Scripts that it runs or reads and that do not lie beside it. */
  readonly absent: Field[];
  readonly file: string;
  readonly depth: number;
  readonly budget: { steps: number };
  leaving: Leaving | null;
  /** `exit` is passed over. */
  readonly stays: boolean;
  /** Runs a text that starts on `line` of the file; `whole`: all of it is written on that line. */
  readonly runText: (text: string, line: number, shell: Shell, whole?: boolean) => void;
  readonly runBody: (called: FunctionNode, shell: Shell) => Truth;
}

/** Among the names that a script asks for: its arguments. */
export const ARGUMENTS = '@';

/** Scripts in scripts, functions in functions: deeper ones are not followed. */
export const MOST_DEPTH = 8;

/** A variable as the script sees it; undefined: it has no value. */
export function variableOf(name: string, line: number, at: Surroundings): Value | undefined {
  at.named.add(name);
  const own = at.variables.get(name);
  if (own !== undefined) return own;
  const given = at.outside.environment(name);
  return given === undefined ? undefined : [{ text: given, line, certainty: 'known' }];
}

/** Gives a variable a value, unless whoever starts the script holds it. */
export function setTo(name: string, value: Value, at: Surroundings, into = at.variables): void {
  at.named.add(name);
  if (!at.outside.set.has(name)) into.set(name, value);
}
