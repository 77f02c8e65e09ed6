import type { MemoryTerm } from '../../domain/memory-term.ts';
import { memoryTerm } from '../../domain/memory-term.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { having, holdingsOf } from '../../techniques/index.ts';
import type { BesideStates } from '../../techniques/outer-sync.ts';
import type { StageContext } from '../../techniques/technique.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { Owned } from './owned.ts';

const KEEPING = having('besideStates');

/** Rows without a device lie where the states do. */
type Row = Omit<BesideStates, 'device'> & Partial<Pick<BesideStates, 'device'>>;

/** What a schedule keeps of its last updates, and what techniques keep beside the states. */
function rowsOf({ dims, schedule, techniques }: StageContext): readonly Row[] {
  const { correctionBytes = 0 } = dims.pp > 1 ? scheduleOf(schedule) : {};
  const kept = KEEPING.flatMap((one) => one.besideStates(one.of(techniques)));
  return correctionBytes === 0 ? kept : [{ part: 'delay correction', bytes: correctionBytes }, ...kept];
}

/** What stands beside the optimizer's states, shared out as they are: given what stands beside the layers. */
export function besideStates({ context, layers }: StageProfile): (beside: Owned) => MemoryTerm[] {
  const rows = rowsOf(context);
  if (rows.length === 0) return () => [];
  const terms = holdingsOf(context)
    .filter(({ state, staging }) => state === 'optimizer states' && staging !== true)
    .flatMap(({ of, device, share }) =>
      rows.map((row) => {
        const bytes = row.bytes * share;
        const each = layers.map((kinds) =>
          Float64Array.from(kinds, ({ memory }) => bytes * memory.owned.trained[of]),
        );
        return { ...row, of, device: row.device ?? device, bytes, each };
      }),
    );
  return (beside) =>
    terms.map(({ part, of, device, at, bytes, each }) =>
      memoryTerm({
        ...{ part, device, layers: each, fixed: [bytes * beside.trained[of]] },
        ...(at === undefined ? {} : { at }),
      }),
    );
}
