import { InputError } from './input-error.ts';

/** The most nodes of a cluster file (schema/cluster.ts). */
const MAX_HOSTS = 1_000_000;

/** Expands Slurm hostlists (`man scontrol`, "hostlist"): `gpu[01-04,07],big1` is six names. */
export function expandHosts(names: readonly string[]): string[] {
  const hosts: string[] = [];
  for (const name of names)
    for (const part of partsOf(name))
      for (const host of expandOne(part, MAX_HOSTS - hosts.length)) hosts.push(host);
  return hosts;
}

/** A list at the commas outside its brackets. */
function partsOf(list: string): string[] {
  if (!/^(?:[^[\]]*\[[^[\]]+\])*[^[\]]*$/.test(list)) throw malformed(list, 'brackets in pairs');
  const parts = list.match(/(?:[^,[]|\[[^\]]*\])+/g)?.map((part) => part.trim()) ?? [];
  if (parts.length === 0 || parts.includes('') || /^,|,,|,$/.test(list.trim()))
    throw malformed(list, 'a name between commas');
  return parts;
}

/** `rack[1-2]n[1-4]`: the last bracket counts fastest, as Slurm has it. */
function expandOne(name: string, atMost: number): string[] {
  const pieces = name.split(/[[\]]/).map((text, i) => (i % 2 === 0 ? [text] : numbersOf(text, name, atMost)));
  if (pieces.reduce((count, piece) => count * piece.length, 1) > atMost)
    throw malformed(name, `at most ${MAX_HOSTS} hosts`);
  return pieces.reduce((heads, tails) => heads.flatMap((head) => tails.map((tail) => head + tail)), ['']);
}

/** `01-04,07` */
function numbersOf(list: string, name: string, atMost: number): string[] {
  const ranges = list.split(',').map((range) => {
    const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(range.trim()) ?? [];
    if (from === undefined) throw malformed(name, 'ranges such as gpu[01-04,07]');
    const count = Number(to ?? from) - Number(from) + 1;
    if (count < 1) throw malformed(name, `a first number below the last, not ${range}`);
    return { from, count };
  });
  if (ranges.reduce((sum, { count }) => sum + count, 0) > atMost)
    throw malformed(name, `at most ${MAX_HOSTS} hosts`);
  return ranges.flatMap(({ from, count }) =>
    Array.from({ length: count }, (_, i) => String(Number(from) + i).padStart(from.length, '0')),
  );
}

function malformed(name: string, expected: string): InputError {
  return new InputError({ message: `host list "${name}"`, expected });
}
