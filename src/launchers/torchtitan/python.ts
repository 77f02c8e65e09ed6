import { type Literal, literal } from './literal.ts';
import { balanced, split, statements } from './statements.ts';

interface Assigned {
  readonly value: Literal | undefined;
  readonly line: number;
}

/** What a recipe assigns, by dotted path inside its configuration, and the literals it gives names to. */
export interface PythonAssignments {
  /** The function the configuration comes from: `llama3_70b`. */
  readonly base: string | null;
  /** The `seq_len` that it was asked for. */
  readonly length: number | null;
  readonly fields: ReadonlyMap<string, Assigned>;
  readonly names: ReadonlyMap<string, Literal>;
}

const SECTIONS: Readonly<Record<string, string>> = {
  ParallelismConfig: 'parallelism',
  TrainingConfig: 'training',
  CompileConfig: 'compile',
};

/**
 * Reads a Python recipe without running it: assignments to `c.section.field`, through names such as `p = c.parallelism`,
 * several at once, and keywords of `ParallelismConfig(…)` and its like. A value that is no literal is undefined.
 */
export function pythonAssignments(text: string): PythonAssignments {
  const fields = new Map<string, Assigned>();
  const names = new Map<string, Literal>();
  /** Names that stand for the configuration ('') or a section of it. */
  const aliases = new Map<string, string>();
  let base: string | null = null;
  let length: number | null = null;
  const path = (parts: readonly string[]) => parts.filter((part) => part !== '').join('.');
  for (const { text: statement, line } of statements(text)) {
    for (const [key, value] of keywords(statement)) fields.set(key, { value: literal(value, names), line });
    const [, left, right] = /^([\w.,\s]+?)\s*=(?!=)\s*(.*)$/s.exec(statement) ?? [];
    if (left === undefined) continue;
    const targets = left.split(',').map((target) => target.trim());
    const values = targets.length > 1 ? split(right!, ',') : [right!];
    for (const [i, target] of targets.entries()) {
      const value = (values[i] ?? '').trim();
      const [first, ...rest] = target.split('.');
      const root = aliases.get(first!);
      if (rest.length > 0) {
        if (root !== undefined) fields.set(path([root, ...rest]), { value: literal(value, names), line });
        continue;
      }
      const found = literal(value, names);
      const owner = /^(\w+)\.([\w.]+)$/.exec(value);
      const made = /^(\w+)\((?:seq_len\s*=\s*(\d[\d_]*))?\)$/.exec(value);
      if (owner !== null && aliases.has(owner[1]!))
        aliases.set(target, path([aliases.get(owner[1]!)!, owner[2]!]));
      else if (made !== null) {
        if (base === null && made[2] !== undefined) length = Number(made[2].replaceAll('_', ''));
        base ??= made[1]!;
        aliases.set(target, '');
      } else if (found !== undefined) names.set(target, found);
    }
  }
  return { base, length, fields, names };
}

/** Keywords of sections that the statement makes, by dotted path. */
function* keywords(statement: string): Generator<readonly [path: string, value: string]> {
  for (const [, name] of statement.matchAll(/\b(ParallelismConfig|TrainingConfig|CompileConfig)\(/g)) {
    const inside = balanced(statement, statement.indexOf(`${name}(`) + name!.length);
    for (const argument of split(inside, ',')) {
      const [, key, value] = /^\s*(\w+)\s*=(?!=)(.*)$/s.exec(argument) ?? [];
      if (key !== undefined) yield [`${SECTIONS[name!]}.${key}`, value!];
    }
  }
}
