import { granularityOf, LAYER_IDS } from '../megatron/recompute.ts';
import type { MegatronRule } from '../megatron/run.ts';
import { bad } from '../reading/file-rule.ts';

/** `validate_specified_recompute_layers`, Primus's megatron trainer. */
export const RECOMPUTE_LAYERS_RULE: MegatronRule = {
  rule: 'recompute-layer-ids',
  at: LAYER_IDS,
  check: (run) => {
    const ids = run.flags.get(LAYER_IDS)?.values;
    if (ids === undefined) return null;
    const layers = run.count('--num-layers') ?? Number.POSITIVE_INFINITY;
    const odd = ids.find((id) => !/^\d+$/.test(id) || Number(id) >= layers);
    if (odd !== undefined || ids.length === 0)
      return bad(
        `layer ${odd ?? 'of none'} in ${LAYER_IDS}`,
        `layers 0 to ${layers - 1}`,
        'Correct the list.',
      );
    if (granularityOf(run) !== 'full')
      return bad(LAYER_IDS, '--recompute-granularity full', 'Set --recompute-granularity full.');
    return run.has('--recompute-method')
      ? bad(`${LAYER_IDS} with --recompute-method`, 'the layers alone', 'Drop --recompute-method.')
      : null;
  },
};
