/** One published figure of a case beside what is predicted for it. A run that ended out of memory is published as `OOM`. */
export interface Entry {
  readonly name: string;
  readonly predicted: number | 'OOM';
  readonly published: number | 'OOM';
  /** Predicted over published, minus one; 0 where both ran out of memory, null where one alone did. */
  readonly error: number | null;
}

export function entry(name: string, predicted: Entry['predicted'], published: Entry['published']): Entry {
  const both = typeof predicted === 'number' && typeof published === 'number';
  const error = both ? predicted / published - 1 : predicted === published ? 0 : null;
  return { name, predicted, published, error };
}
