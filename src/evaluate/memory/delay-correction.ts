import type { MemoryTerm } from '../../domain/memory-term.ts';
import { memoryTerm } from '../../domain/memory-term.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { holdingsOf } from '../../techniques/index.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { Owned } from './owned.ts';

/** What a schedule keeps of its last updates, where the optimizer's states lie: given what stands beside the layers. */
export function delayCorrection({ context, layers }: StageProfile): (beside: Owned) => MemoryTerm[] {
  const { correctionBytes = 0 } = context.dims.pp > 1 ? scheduleOf(context.schedule) : {};
  if (correctionBytes === 0) return () => [];
  const terms = holdingsOf(context)
    .filter(({ state, staging }) => state === 'optimizer states' && staging !== true)
    .map(({ of, device, share }) => {
      const bytes = correctionBytes * share;
      const each = layers.map((kinds) =>
        Float64Array.from(kinds, ({ memory }) => bytes * memory.owned.trained[of]),
      );
      return { of, device, bytes, each };
    });
  return (beside) =>
    terms.map(({ of, device, bytes, each }) =>
      memoryTerm({ part: 'delay correction', device, layers: each, fixed: [bytes * beside.trained[of]] }),
    );
}
