import type { Located, ProgramWord } from '../port/reader.ts';

type Word = Pick<ProgramWord, 'text' | 'line'>;

/** `--key value` and `--key=value` as a mapping, dashes as underscores; a key without a value is true, one with several has a list. */
export function flagWords(words: readonly Word[], file: string): Located {
  const values: Record<string, unknown> = {};
  const lines = new Map<string, number>();
  for (let i = 0; i < words.length; i++) {
    const { text, line } = words[i]!;
    const [, name, own] = /^--([A-Za-z][\w.-]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === undefined) continue;
    const rest: string[] = own === undefined ? [] : [own];
    while (own === undefined && words[i + 1] !== undefined && !words[i + 1]!.text.startsWith('--')) {
      rest.push(words[i + 1]!.text);
      i++;
    }
    const key = name.replaceAll('-', '_');
    values[key] = rest.length === 0 ? true : rest.length === 1 ? scalar(rest[0]!) : rest.map(scalar);
    lines.set(key, line);
  }
  return {
    value: values,
    locate: (pointer) => ({ file, line: lines.get(pointer.slice(1).replaceAll('/', '.')) ?? 1 }),
  };
}

/** `section.key=value` of Hydra as nested mappings; `+` and `++` before a key add it. */
export function hydraWords(words: readonly Word[], file: string): Located {
  const root: Record<string, unknown> = {};
  const lines = new Map<string, number>();
  for (const { text, line } of words) {
    const [, path, value] = /^\+{0,2}([A-Za-z_]\w*(?:\.\w+)*)=(.*)$/s.exec(text) ?? [];
    if (path === undefined) continue;
    const parts = path.split('.');
    const last = parts.pop()!;
    let at = root;
    for (const part of parts) {
      const inner = Object.hasOwn(at, part) ? at[part] : undefined;
      const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
      at[part] = next;
      at = next;
    }
    at[last] = scalar(value!);
    lines.set(path, line);
  }
  return {
    value: root,
    locate: (pointer) => ({ file, line: lines.get(pointer.slice(1).replaceAll('/', '.')) ?? 1 }),
  };
}

function scalar(text: string): unknown {
  const plain = text.trim().replace(/^(["'])(.*)\1$/s, '$2');
  if (/^(true|false)$/i.test(plain)) return plain.toLowerCase() === 'true';
  if (/^(none|null|~)$/i.test(plain)) return null;
  return /^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(plain) ? Number(plain) : plain;
}
