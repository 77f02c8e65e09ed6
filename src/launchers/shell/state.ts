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

export function known(text: string, line: number): Field {
  return { text, line, certainty: 'known' };
}

export function scalar(value: Value): Field {
  const [first, ...rest] = value;
  if (first === undefined) return known('', 1);
  return rest.reduce((all, one) => joined(all, ' ', one), first);
}

export function joined(a: Field, between: string, b: Field): Field {
  const alternatives = a.alternatives ?? b.alternatives;
  return {
    text: `${a.text}${between}${b.text}`,
    line: a.line,
    certainty: together(a, b),
    ...(alternatives === undefined ? {} : { alternatives }),
  };
}

function together(a: Field, b: Field): Certainty {
  if (a.certainty === 'either' || b.certainty === 'either') return 'either';
  if (a.certainty === 'known' && b.certainty === 'known') return 'known';
  return 'unknown';
}

/** The variables of two ways through a script: where they differ, the variable may be either. */
export function merged(ways: readonly ReadonlyMap<string, Value>[], line: number): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const name of new Set(ways.flatMap((way) => [...way.keys()]))) {
    const values = ways.map((way) => way.get(name));
    const texts = values.map((value) => (value === undefined ? '' : scalar(value).text));
    const [first] = values;
    if (
      first !== undefined &&
      values.every((value) => value !== undefined) &&
      texts.every((t) => t === texts[0])
    )
      found.set(name, first);
    else found.set(name, [{ text: `$${name}`, line, certainty: 'either', alternatives: texts }]);
  }
  return found;
}
