/**
 * What a word is worth without running the script. `known`: its text. `unset`: a variable that the script gives no value.
 * `unknown`: what only a running shell knows, such as the output of a command. `either`: it depends on a condition that
 * cannot be decided.
 */
type Certainty = 'known' | 'unset' | 'unknown' | 'either';

/** A word as a program gets it, and the line of the file that it was written on. */
export interface Field {
  readonly text: string;
  readonly line: number;
  readonly certainty: Certainty;
  /** What it may be, with certainty `either`. */
  readonly alternatives?: readonly string[];
}

/** An array has a field for each element, a plain variable one. */
export type Value = readonly Field[];

/** Whether a condition holds; null: only a running shell knows. */
export type Truth = boolean | null;

/** Conditions whose ways are told apart, word by word. */
const MOST_ALTERNATIVES = 16;

export function known(text: string, line: number): Field {
  return { text, line, certainty: 'known' };
}

/** What only a running shell knows: one word, whatever it says when it is run, and never a flag. */
export function unknown(text: string, line: number): Field {
  return { text: text.replaceAll(/\s+/g, '_'), line, certainty: 'unknown' };
}

export function scalar(value: Value): Field {
  const [first, ...rest] = value;
  if (first === undefined) return known('', 1);
  return rest.reduce((all, one) => joined(all, ' ', one), first);
}

export function joined(a: Field, between: string, b: Field): Field {
  const alternatives = togetherOf(a, between, b);
  return {
    text: `${a.text}${between}${b.text}`,
    line: a.line,
    certainty: together(a, b),
    ...(alternatives === undefined ? {} : { alternatives }),
  };
}

/** Each of the one with each of the other. */
function togetherOf(a: Field, between: string, b: Field): readonly string[] | undefined {
  if (a.alternatives === undefined && b.alternatives === undefined) return undefined;
  const [first, second] = [a, b].map(({ text, alternatives }) => alternatives ?? [text]) as [
    readonly string[],
    readonly string[],
  ];
  const all = first.flatMap((one) => second.map((other) => `${one}${between}${other}`));
  return [...new Set(all)].slice(0, MOST_ALTERNATIVES);
}

function together(a: Field, b: Field): Certainty {
  if (a.certainty === 'either' || b.certainty === 'either') return 'either';
  if (a.certainty === 'known' && b.certainty === 'known') return 'known';
  return 'unknown';
}

/** The variables of several ways through a script: where they differ, the variable may be either. */
export function merged(ways: readonly ReadonlyMap<string, Value>[], line: number): Map<string, Value> {
  const [only] = ways;
  if (only !== undefined && ways.length === 1) return new Map(only);
  const found = new Map<string, Value>();
  for (const name of new Set(ways.flatMap((way) => [...way.keys()]))) {
    const values = ways.map((way) => way.get(name));
    const scalars = values.map((value) => (value === undefined ? known('', line) : scalar(value)));
    const texts = [...new Set(scalars.flatMap(({ text, alternatives = [text] }) => alternatives))];
    const [first] = values;
    const same = values.every((value) => value !== undefined) && new Set(scalars.map(textOf)).size === 1;
    if (first !== undefined && same) found.set(name, first);
    else
      found.set(name, [
        { text: `$${name}`, line, certainty: 'either', alternatives: texts.slice(0, MOST_ALTERNATIVES) },
      ]);
  }
  return found;
}

const textOf = ({ text }: Field) => text;
