import { noneOf } from './misread.ts';
import type { StageContext } from './technique.ts';
import { technique } from './technique.ts';

/** As the stack hides it; gradients alone; nothing. */
const KINDS = ['all', 'gradients', 'none'] as const;
type Kind = (typeof KINDS)[number];

const CALLED: Readonly<Record<string, Kind>> = { on: 'all', true: 'all', off: 'none', false: 'none' };

/**
 * What data parallelism sends beside the passes: gradients beside backward, gathered weights beside forward (Megatron's
 * --overlap-grad-reduce and --overlap-param-gather, DeepSpeed's overlap_comm). What is not beside them is waited for.
 */
export const dataOverlap = technique<Kind>({
  id: 'dp-overlap',
  aliases: [],
  off: 'all',
  schema: { enum: KINDS },
  affects: 'stage',
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, CALLED),
  format: String,
  name: 'data-parallel overlap',
  words: String,
  form: (kind) => (kind === 'all' ? null : kind),
});

/** Share of each that compute can hide. */
export function dataHidden({ problem, techniques }: Pick<StageContext, 'problem' | 'techniques'>): {
  readonly reduce: number;
  readonly gather: number;
} {
  const share = problem.stack.overlap.dataParallel;
  const kind = dataOverlap.of(techniques);
  return { reduce: kind === 'none' ? 0 : share, gather: kind === 'all' ? share : 0 };
}
