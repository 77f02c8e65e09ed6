import { InputError } from '../../domain/input-error.ts';
import type { Located, ProgramWord, Source } from '../port/reader.ts';

/** `--key value` and `--key=value` as a mapping, dashes as underscores; a key without a value is true (HfArgumentParser). */
export function mappingOf(words: readonly Pick<ProgramWord, 'text' | 'line'>[], file: string): Located {
  const values: Record<string, unknown> = {};
  const lines = new Map<string, number>();
  for (let i = 0; i < words.length; i++) {
    const { text, line } = words[i]!;
    const [, name, own] = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (name === undefined) continue;
    const key = name.replaceAll('-', '_');
    const rest: string[] = own === undefined ? [] : [own];
    while (own === undefined && words[i + 1] !== undefined && !words[i + 1]!.text.startsWith('--')) {
      rest.push(words[i + 1]!.text);
      i++;
    }
    values[key] = rest.length === 0 ? true : rest.length === 1 ? scalar(rest[0]!) : rest.map(scalar);
    lines.set(key, line);
  }
  return {
    value: values,
    locate: (pointer) => ({ file, line: lines.get(pointer.split('/')[1] ?? '') ?? 1 }),
  };
}

function scalar(text: string): unknown {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/^(none|null)$/i.test(text)) return null;
  return /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(text) ? Number(text) : text;
}

/** What stands between `accelerate launch` and the script: its own arguments, read as text since they start the program. */
export function launchArguments({ text, path }: Source): Located {
  const plain = text.replaceAll(/\\\r?\n/g, ' ');
  const [, words = ''] = /accelerate(?:\.commands\.launch|\s+launch)\s+(.*?)\S+\.py\b/s.exec(plain) ?? [];
  const own = words.split(/\s+/).filter((one) => one !== '');
  const open = own.find((one) => /\$/.test(one));
  if (
    open !== undefined &&
    own.some((one) => one.startsWith('--config')) &&
    own[own.indexOf(open) - 1]?.startsWith('--config') === true
  )
    throw new InputError({
      message: `accelerate's configuration is ${open}`,
      expected: 'its path itself',
      at: { file: path, line: 1 },
    });
  return mappingOf(
    own.map((one) => ({ text: one.replaceAll(/^["']|["']$/g, ''), line: 1 })),
    path,
  );
}
