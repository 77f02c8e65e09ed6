import type { BySegment } from '../../domain/memory-term.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { OperatorMemory } from './operator-memory.ts';

/** A number of each kind of layer. */
export function each({ layers }: StageProfile, pick: (memory: OperatorMemory) => number): BySegment {
  return layers.map((kinds) => {
    const row = new Float64Array(kinds.length);
    for (let kind = 0; kind < row.length; kind++) row[kind] = pick(kinds[kind]!.memory);
    return row;
  });
}
