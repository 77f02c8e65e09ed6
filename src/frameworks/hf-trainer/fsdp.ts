import { InputError } from '../../domain/input-error.ts';
import type { Tree } from '../reading/tree.ts';
import type { Engine } from './run.ts';

/** `FSDP_SHARDING_STRATEGY` of accelerate (utils/constants.py, 1.15.0), by word or by number; how many ZeRO stages that is. */
const STRATEGIES: Readonly<Record<string, string>> = {
  ...{ full_shard: '3', shard_grad_op: '2', no_shard: '0', hybrid_shard: '3', hybrid_shard_zero2: '2' },
  ...{ '1': '3', '2': '2', '3': '0', '4': '3', '5': '2' },
};

/** Of data parallelism that shards nothing. */
export const PLAIN: Engine = { runtime: null, configuration: { zero: '0' }, notes: [] };

export interface Fsdp extends Engine {
  /** Every layer is computed again, whatever the trainer says. */
  readonly recompute: boolean;
  /** States are sharded within a host only. */
  readonly hybrid: boolean;
}

/**
 * FSDP's section: keys with `fsdp_` before them or without. `words`: of TrainingArguments.fsdp, or of axolotl's list. The first version shards
 * by its strategy, the second by whether it reshards after forward (accelerate 1.15.0, utils/dataclasses.py).
 */
export function fsdpEngine(tree: Tree, section: string, words: readonly string[], version = ''): Fsdp {
  const at = (name: string) => tree.at(`${section}.fsdp_${name}`) ?? tree.at(`${section}.${name}`);
  const line = tree.line(section);
  const second = String(at('version') ?? version) === '2';
  const reshard = at('reshard_after_forward');
  const word = words.find((one) => one in STRATEGIES);
  const strategy = String(
    at('sharding_strategy') ?? word ?? (typeof reshard === 'string' ? reshard : 'full_shard'),
  );
  const stage = STRATEGIES[strategy.toLowerCase()];
  if (stage === undefined)
    throw new InputError({
      message: `sharding strategy is "${strategy}"`,
      expected: 'one of FULL_SHARD, SHARD_GRAD_OP, NO_SHARD, HYBRID_SHARD, HYBRID_SHARD_ZERO2',
      at: { file: tree.file, line },
    });
  const kept = second && (reshard === false || reshard === 'false');
  const offloads = isTrue(at('offload_params')) || words.includes('offload');
  return {
    runtime: null,
    configuration: {
      zero: kept ? '2' : second ? '3' : stage,
      ...(offloads ? { 'offload-optimizer': '1', 'offload-parameters': 'host' } : {}),
    },
    notes: [],
    recompute: isTrue(at('activation_checkpointing')),
    hybrid: !second && strategy.toLowerCase().startsWith('hybrid'),
  };
}

const isTrue = (value: unknown) => value === true || String(value).toLowerCase() === 'true';
