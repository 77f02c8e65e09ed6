import { bad, divides, type FileRule } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { misplaced, PARTS } from './parts.ts';
import type { TitanRun } from './run.ts';
import { LOOPED, microBatchLimit, SINGLE, V_SHAPED } from './schedules.ts';
import { stagesFor, type TitanSizes } from './sizes.ts';

const P = 'parallelism';
const SCHEDULE = `${P}.pipeline_parallel_schedule`;
const PER_STAGE = `${P}.pipeline_parallel_layers_per_stage`;

/** What torchtitan/distributed/pipeline_parallel.py and the schedules of torch.distributed.pipelining ask. */
export const PIPELINE_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
  {
    rule: 'layers-per-stage',
    at: PER_STAGE,
    check: (run, { pp }) => {
      const n = run.count(PER_STAGE);
      if (n === null || run.model === null) return null;
      const stages = stagesFor(run, run.model.layers, n);
      return stages % pp === 0
        ? null
        : bad(`${stages} stages of ${n} layers`, `a multiple of pp ${pp}`, `Use module_fqns_per_model_part.`);
    },
  },
  {
    rule: 'known-schedule',
    at: SCHEDULE,
    unreadable: true,
    check: (run) => {
      const known = [...SINGLE, ...LOOPED, ...V_SHAPED];
      const name = run.word(SCHEDULE);
      if (name === null || known.includes(name) || fromTable(run)) return null;
      return notAmong(`${SCHEDULE} ${name}`, name, known);
    },
  },
  {
    rule: 'stages-divisible-by-pp',
    at: PARTS,
    check: (_, { stages, pp }) => divides('model parts', stages, pp, 'pp', 'Add or join parts.'),
  },
  {
    rule: 'stages-per-rank',
    at: SCHEDULE,
    check: (run, { stages, pp }) => {
      const name = run.word(SCHEDULE) ?? '1F1B';
      if (stages === null || pp < 2 || stages % pp !== 0) return null;
      const each = stages / pp;
      if (V_SHAPED.includes(name) && each !== 2)
        return bad(`${each} stages a rank`, `2 with ${name}`, 'Use 2·pp parts.');
      if (LOOPED.includes(name) && each < 2)
        return bad('1 stage a rank', `2 or more with ${name}`, 'Use more parts, or 1F1B.');
      return SINGLE.includes(name) && each > 1
        ? bad(`${each} stages a rank`, `1 with ${name}`, 'Use Interleaved1F1B, or pp parts.')
        : null;
    },
  },
  {
    rule: 'schedule-micro-batches',
    at: `${P}.num_pp_microbatches`,
    check: (run, { pp, microBatches }) => {
      if (pp < 2 || fromTable(run)) return null;
      if (!Number.isInteger(microBatches))
        return bad(`${microBatches} micro-batches`, 'a whole number', 'Change local_batch_size.');
      const limit = microBatchLimit(run.word(SCHEDULE) ?? '1F1B', microBatches, pp);
      return limit === null ? null : bad(`${microBatches} micro-batches`, limit, 'Set num_pp_microbatches.');
    },
  },
  {
    rule: 'layers-once',
    at: PARTS,
    check: (run) => (run.parts === null ? null : misplaced(run.parts, run.model?.layers ?? null)),
  },
];

/** A table of its own takes the place of the schedule. */
function fromTable(run: TitanRun): boolean {
  const csv = run.word(`${P}.pipeline_parallel_schedule_csv`);
  return csv !== null && csv !== '';
}
