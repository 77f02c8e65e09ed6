import { InputError } from '../../domain/input-error.ts';
import { ACCOUNT_FLAGS, FIRST, LAST } from '../megatron/cut.ts';
import type { Flag } from '../megatron/flags.ts';
import type { MegatronRule } from '../megatron/run.ts';
import { bad } from '../reading/file-rule.ts';

const SPLIT = '--decoder-pipeline-manual-split-list';
const VIRTUAL = '--num-virtual-stages-per-pipeline-rank';
const NOT_WITH = [FIRST, LAST, ...ACCOUNT_FLAGS, '--num-layers-per-virtual-pipeline-stage'];

interface Split {
  /** Layers of each chunk, rank by rank: `list[rank·V + chunk]`. */
  readonly layers: readonly number[];
  readonly pp: number;
  readonly virtual: number;
}

/**
 * A manual split as the layout it means, and without the virtual stages that go with it: the list counts rank by rank,
 * a layout chunk by chunk (`validate_manual_split`, Primus's megatron trainer). Throws InputError where the list has
 * not as many counts as there are chunks.
 */
export function withLayout(flags: ReadonlyMap<string, Flag>, file: string): ReadonlyMap<string, Flag> {
  const split = splitOf(flags);
  const { line } = flags.get(SPLIT) ?? { line: 1 };
  if (split === null) return flags;
  const { layers, pp, virtual } = split;
  if (layers.length !== pp * virtual)
    throw new InputError({
      message: `decoder_pipeline_manual_split_list has ${layers.length} counts`,
      expected: `as many as pp·virtual stages = ${pp * virtual}`,
      at: { file, line },
    });
  const chunks = Array.from({ length: virtual }, (_, v) =>
    Array.from({ length: pp }, (_, rank) => layers[rank * virtual + v]!),
  ).flat();
  const last = chunks.length - 1;
  const layout = chunks.map((n, i) => `${i === 0 ? 'E' : ''}t*${n}${i === last ? 'L' : ''}`).join('|');
  const name = '--pipeline-model-parallel-layout';
  const others = [...flags].filter(([flag]) => flag !== VIRTUAL);
  return new Map([...others, [name, { name, values: [layout], line }]]);
}

function splitOf(flags: ReadonlyMap<string, Flag>): Split | null {
  const values = flags.get(SPLIT)?.values;
  const count = (name: string) => Number(flags.get(name)?.values[0] ?? 1);
  return values === undefined
    ? null
    : {
        layers: values.map(Number),
        pp: count('--pipeline-model-parallel-size'),
        virtual: count(VIRTUAL),
      };
}

export const MANUAL_SPLIT_RULE: MegatronRule = {
  rule: 'manual-split',
  at: SPLIT,
  check: (run, { pp }) => {
    const split = splitOf(run.flags);
    if (split === null) return null;
    const others = NOT_WITH.filter((flag) => run.has(flag));
    if (others.length > 0)
      return bad(`${SPLIT} with ${others.join(', ')}`, 'the list alone', `Drop ${others.join(', ')}.`);
    if (pp < 2) return bad(`${SPLIT} with pp ${pp}`, 'pp of 2 or more', 'Drop the list.');
    const { layers, virtual } = split;
    return layers.length === pp * virtual
      ? null
      : bad(
          `${layers.length} counts in ${SPLIT}`,
          `as many as pp·virtual stages = ${pp * virtual}`,
          'Write a count for each chunk, rank by rank.',
        );
  },
};
