import { InputError } from '../domain/input-error.ts';
import { ONE_OF, type SbatchOptions } from '../domain/sbatch.ts';
import type { Document } from './document.ts';
import { ofOneGroup, sbatchOption } from './sbatch-option.ts';

/** A `slurm:` block. `ofGroup`: it says what one node group needs, so nothing of the job as a whole. */
export function sbatchFrom(
  document: Document,
  pointer: string,
  block: Readonly<Record<string, unknown>>,
  ofGroup: boolean,
): SbatchOptions {
  const entries = Object.entries(block).map(([key, value]) => {
    const at = document.locate(`${pointer}/${key}`);
    const option = sbatchOption(key, value, at);
    if (ofGroup) ofOneGroup(key, at);
    return [key, option] as const;
  });
  const rivals = ONE_OF.map((names) =>
    entries.filter(([key]) => names.includes(key)).map(([key]) => key),
  ).find((found) => found.length > 1);
  if (rivals !== undefined)
    throw new InputError({
      message: `slurm states both ${rivals.join(' and ')}`,
      expected: 'one of them',
      at: document.locate(`${pointer}/${rivals[1]}`),
    });
  return Object.fromEntries(entries);
}
