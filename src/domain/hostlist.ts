import { InputError } from './input-error.ts';

const MAX_HOSTS = 1_000_000;

/** Expands Slurm hostlists: `gpu[01-04,07]` is five names. */
export function expandHosts(names: readonly string[]): string[] {
  return names.flatMap(expandOne);
}

function expandOne(name: string): string[] {
  const match = /^([^[\]]*)\[([^[\]]+)\]([^[\]]*)$/.exec(name);
  if (match === null) return [name];
  const [, before = '', list = '', after = ''] = match;
  return list.split(',').flatMap((range) => {
    const ends = /^(\d+)(?:-(\d+))?$/.exec(range.trim());
    if (ends === null)
      throw new InputError({ message: `host list "${name}"`, expected: 'ranges such as gpu[01-04,07]' });
    const from = ends[1]!;
    const to = ends[2] ?? from;
    const count = Number(to) - Number(from) + 1;
    if (count < 1 || count > MAX_HOSTS)
      throw new InputError({
        message: `host range "${range}" of "${name}"`,
        expected: 'a first number below the last',
      });
    return Array.from(
      { length: count },
      (_, i) => `${before}${String(Number(from) + i).padStart(from.length, '0')}${after}`,
    );
  });
}
