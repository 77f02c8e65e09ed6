/** A literal of Python, as far as configurations use them. `call`: the name of what is called. */
export type Literal = number | string | boolean | null | readonly Literal[] | { readonly call: string };

export interface Assigned {
  readonly value: Literal | undefined;
  readonly line: number;
}

/** What a recipe assigns, by dotted path inside its configuration, and the literals it gives names to. */
export interface PythonAssignments {
  /** The function the configuration comes from: `llama3_70b`. */
  readonly base: string | null;
  readonly fields: ReadonlyMap<string, Assigned>;
  readonly names: ReadonlyMap<string, Literal>;
}

const SECTIONS: Readonly<Record<string, string>> = {
  ParallelismConfig: 'parallelism',
  TrainingConfig: 'training',
};

/**
 * Reads a Python recipe without running it: assignments to `c.section.field`, through names such as `p = c.parallelism`,
 * several at once, and keywords of `ParallelismConfig(…)` and `TrainingConfig(…)`. A value that is no literal is undefined.
 */
export function pythonAssignments(text: string): PythonAssignments {
  const fields = new Map<string, Assigned>();
  const names = new Map<string, Literal>();
  /** Names that stand for the configuration ('') or a section of it. */
  const aliases = new Map<string, string>();
  let base: string | null = null;
  for (const { text: statement, line } of statements(text)) {
    for (const [, name] of statement.matchAll(/\b(ParallelismConfig|TrainingConfig)\(/g)) {
      const inside = balanced(statement, statement.indexOf(`${name}(`) + name!.length);
      for (const argument of split(inside, ',')) {
        const [, key, value] = /^\s*(\w+)\s*=(?!=)(.*)$/s.exec(argument) ?? [];
        if (key !== undefined)
          fields.set(`${SECTIONS[name!]}.${key}`, { value: literal(value!, names), line });
      }
    }
    const [, left, right] = /^([\w.,\s]+?)\s*=(?!=)\s*(.*)$/s.exec(statement) ?? [];
    if (left === undefined) continue;
    const targets = left.split(',').map((target) => target.trim());
    const values = targets.length > 1 ? split(right!, ',') : [right!];
    for (const [i, target] of targets.entries()) {
      const value = (values[i] ?? '').trim();
      const [first, ...rest] = target.split('.');
      const root = aliases.get(first!);
      if (rest.length > 0) {
        if (root !== undefined)
          fields.set([root, ...rest].filter((part) => part !== '').join('.'), {
            value: literal(value, names),
            line,
          });
        continue;
      }
      const found = literal(value, names);
      const owner = /^(\w+)\.([\w.]+)$/.exec(value);
      const made = /^(\w+)\(\)$/.exec(value);
      if (owner !== null && aliases.has(owner[1]!))
        aliases.set(target, [aliases.get(owner[1]!)!, owner[2]!].filter((part) => part !== '').join('.'));
      else if (made !== null) {
        base ??= made[1]!;
        aliases.set(target, '');
      } else if (found !== undefined) names.set(target, found);
    }
  }
  return { base, fields, names };
}

interface Statement {
  readonly text: string;
  readonly line: number;
}

/** Logical lines: brackets join lines, `;` parts them, comments go. */
function statements(text: string): Statement[] {
  const found: Statement[] = [];
  let current = '';
  let start = 1;
  let line = 1;
  let depth = 0;
  const end = () => {
    if (current.trim() !== '') found.push({ text: current.trim(), line: start });
    current = '';
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (current.trim() === '') start = line;
    if (c === '"' || c === "'") {
      const close = closing(text, i);
      current += text.slice(i, close + 1);
      line += text.slice(i, close + 1).split('\n').length - 1;
      i = close;
      continue;
    }
    if (c === '#') {
      const newline = text.indexOf('\n', i);
      i = (newline < 0 ? text.length : newline) - 1;
      continue;
    }
    if ('([{'.includes(c)) depth += 1;
    if (')]}'.includes(c)) depth = Math.max(0, depth - 1);
    if (c === '\n') line += 1;
    if (depth === 0 && (c === '\n' || c === ';')) end();
    else current += c;
  }
  end();
  return found;
}

/** Where the string that opens at `from` closes, triple quotes included; the end of the text if it never does. */
function closing(text: string, from: number): number {
  const quote = text[from]!;
  const triple = text.startsWith(quote.repeat(3), from);
  if (triple) {
    const at = text.indexOf(quote.repeat(3), from + 3);
    return at < 0 ? text.length - 1 : at + 2;
  }
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i;
  }
  return text.length - 1;
}

/** What stands between the bracket at `open` and its partner. */
function balanced(text: string, open: number): string {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' || c === "'") i = closing(text, i);
    else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c) && --depth === 0) return text.slice(open + 1, i);
  }
  return text.slice(open + 1);
}

/** Splits at `by` outside strings and brackets; empty parts at the end go. */
function split(text: string, by: string): string[] {
  const parts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' || c === "'") i = closing(text, i);
    else if ('([{'.includes(c)) depth += 1;
    else if (')]}'.includes(c)) depth -= 1;
    else if (c === by && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.filter((part) => part.trim() !== '');
}

function literal(expression: string, names: ReadonlyMap<string, Literal>): Literal | undefined {
  const text = expression.trim();
  if (/^-?\d[\d_]*(\.\d+)?$/.test(text)) return Number(text.replaceAll('_', ''));
  if (text === 'True' || text === 'False') return text === 'True';
  if (text === 'None') return null;
  if (/^(["']).*\1$/s.test(text) && closing(text, 0) === text.length - 1) return text.slice(1, -1);
  if (/^[[(].*[\])]$/s.test(text) && balanced(text, 0).length === text.length - 2) {
    const items = split(balanced(text, 0), ',').map((item) => literal(item, names));
    if (items.includes(undefined)) return undefined;
    return text.startsWith('(') && items.length === 1 ? items[0] : (items as Literal[]);
  }
  const factors = split(text, '*');
  if (factors.length > 1) {
    const numbers = factors.map((factor) => literal(factor, names));
    return numbers.every((n) => typeof n === 'number') ? numbers.reduce((a, b) => a * b, 1) : undefined;
  }
  const call = /^([A-Z]\w*)(?:\.Config)?\(/.exec(text);
  if (call !== null) return { call: call[1]! };
  return names.get(text);
}
