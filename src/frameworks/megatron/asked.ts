import type { Asked } from '../port/reader.ts';
import { contextExchangeOf } from './context-exchange.ts';
import { cutOf, virtualStagesOf } from './cut.ts';
import { factsOf } from './facts.ts';
import { hybridNotes } from './hybrid-context.ts';
import { hybridCuts, hybridSegments } from './hybrid-pattern.ts';
import { offloadOf } from './offload.ts';
import { askedOptimizer } from './optimizer.ts';
import { overlapNotes, overlapOf } from './overlap.ts';
import { precisionOf } from './precision.ts';
import { recomputeOf } from './recompute.ts';
import { dataParallel, expertsOf, type MegatronRun, sizesOf } from './run.ts';
import { strangersOf } from './strangers.ts';

/** Flags that ask for chunks, whatever their number. */
const CHUNKED = [
  '--pipeline-model-parallel-layout',
  '--num-virtual-stages-per-pipeline-rank',
  '--num-layers-per-virtual-pipeline-stage',
];

/** The degrees, the workload and the switches of a run in shardwright's words, on so many GPUs (null: not known). */
export function askedOf(run: MegatronRun, gpus: number | null = null): Asked {
  const found: Record<string, string> = {};
  const take = (key: string, flag: string) => {
    const value = run.count(flag);
    if (value !== null) found[key] = String(value);
  };
  take('tp', '--tensor-model-parallel-size');
  take('pp', '--pipeline-model-parallel-size');
  take('cp', '--context-parallel-size');
  take('ep', '--expert-model-parallel-size');
  take('micro-batch', '--micro-batch-size');
  if (expertsOf(run) !== null) {
    // Megatron's default expert tensor parallelism is the tensor parallelism itself.
    found.etp = String(run.count('--expert-tensor-parallel-size') ?? found.tp ?? 1);
  }
  const virtual = virtualStagesOf(run);
  const segments = hybridSegments(run);
  if (virtual !== null && (segments !== null || CHUNKED.some((flag) => run.has(flag))))
    found.vpp = String(virtual);
  const cut = cutOf(run);
  if (cut !== null) found.layers = cut.join('/');
  Object.assign(found, contextExchangeOf(run), recomputeOf(run), offloadOf(run));
  found.zero = String(shardingOf(run));
  Object.assign(found, overlapOf(run, found.zero, gpus));
  take('dp-replicate', '--num-distributed-optimizer-instances');
  if (run.has('--fp8-param-gather') && precisionOf(run) === 'fp8') found['fp8-weights'] = 'true';
  if (Number(found.tp ?? 1) > 1) found.sp = String(run.has('--sequence-parallel'));
  const optimizer = askedOptimizer(run);
  return {
    configuration: found,
    sequenceLength: run.count('--seq-length'),
    globalBatchSize: run.count('--global-batch-size') ?? usualBatch(run, gpus),
    precision: precisionOf(run) ?? (run.whole ? USUAL_PRECISION : null),
    layers: segments === null ? run.count('--num-layers') : null,
    ...(segments === null ? {} : { cuts: hybridCuts(segments) }),
    hiddenSize: run.count('--hidden-size'),
    model: factsOf(run),
    ...optimizer,
    ...capacityOf(run),
    notes: [
      ...notesOf(run),
      ...unknownNotes(run),
      ...hybridNotes(run),
      ...overlapNotes(run),
      ...gatherNotes(run),
      ...precisionNotes(run),
    ],
  };
}

/** What the flags change and no plan says: each is named, none is estimated. */
const UNESTIMATED: Readonly<Record<string, string>> = {
  '--cpu-offloading-num-layers': 'activations are counted on the GPU',
  '--sft': 'attention is counted over whole sequences, unless --packing says how long samples are',
  '--fine-grained-activation-offloading': 'activations are counted on the GPU',
  '--freeze-all-layers': 'all weights are trained',
  '--moe-pad-expert-input-to-capacity': 'no token is padded',
  '--rampup-batch-size': 'every step has the whole global batch',
  '--distribute-saved-activations': 'saved inputs of layers are counted whole on each tensor-parallel rank',
  '--fp32-residual-connection': 'residuals are counted in 16 bits',
  '--overlap-moe-expert-parallel-comm': 'one micro-batch at a time, without the memory of a second',
  '--delay-wgrad-compute': 'weight gradients are computed with the rest of the backward pass',
  '--defer-embedding-wgrad-compute': 'what it keeps for later is not counted',
  '--cuda-graph-impl': 'the buffers of CUDA graphs are not counted',
  '--enable-cuda-graph': 'the buffers of CUDA graphs are not counted',
  '--external-cuda-graph': 'the buffers of CUDA graphs are not counted',
  '--keep-fp8-transpose-cache': 'transposed weights are not counted twice',
  '--keep-fp8-transpose-cache-when-using-custom-fsdp': 'transposed weights are not counted twice',
  '--fsdp-double-buffer': 'its second gather buffer is not counted',
  '--nccl-ub': 'its registered buffers are not counted',
  '--outer-dp-sharding-strategy': 'states are whole in each group of replicas',
};

function notesOf(run: MegatronRun): string[] {
  const flags = Object.entries(UNESTIMATED).filter(
    ([flag]) => run.has(flag) && !['0', 'False', 'none', 'no_shard'].includes(run.word(flag) ?? ''),
  );
  return flags.map(([flag, instead]) => `${flag} is not estimated: ${instead}`);
}

/** Beyond which tokens of an expert are dropped. */
function capacityOf(run: MegatronRun): { readonly routing?: string } {
  const factor = run.word('--moe-expert-capacity-factor');
  return factor === null || expertsOf(run) === null || !(Number(factor) > 0)
    ? {}
    : { routing: `capacity=${Number(factor)}` };
}

/** params_dtype is torch.float unless one of two flags says otherwise (megatron/training/arguments.py@000c4ac, validate_args). */
const USUAL_PRECISION = 'fp32';

function precisionNotes(run: MegatronRun): string[] {
  return run.whole && precisionOf(run) === null
    ? [
        `neither --bf16 nor --fp16 is said: Megatron-LM computes in ${USUAL_PRECISION} then, unless --precision is meant`,
      ]
    : [];
}

/** One micro-batch of each data-parallel rank (validate_args). */
function usualBatch(run: MegatronRun, gpus: number | null): number | null {
  const [dp, micro] = [dataParallel(sizesOf(run, gpus)), run.count('--micro-batch-size')];
  return run.whole && dp !== null && micro !== null && !run.has('--step-batch-size-schedule')
    ? dp * micro
    : null;
}

/** Only weights with one scale a tensor are estimated in fp8. */
function gatherNotes(run: MegatronRun): string[] {
  const flag = ['--fp8-param-gather', '--fp4-param-gather'].find((one) => run.has(one));
  return flag === undefined || precisionOf(run) === 'fp8'
    ? []
    : [`${flag} is not estimated: weights are held and gathered in 16 bits`];
}

/**
 * PyTorch's FSDP2 shards all; without resharding the gathered parameters stay until the backward pass
 * (megatron/training/training.py@d98e8a6, reshard_after_forward). Megatron-FSDP was `--use-custom-fsdp` first.
 */
function shardingOf(run: MegatronRun): number {
  if (run.has('--use-torch-fsdp2')) return run.has('--torch-fsdp2-no-reshard-after-forward') ? 2 : 3;
  if (run.has('--use-megatron-fsdp') || run.has('--use-custom-fsdp'))
    return (
      { optim: 1, optim_grads: 2, optim_grads_params: 3 }[
        run.word('--data-parallel-sharding-strategy') ?? ''
      ] ?? 0
    );
  return run.has('--use-distributed-optimizer') ? 1 : 0;
}

/** What a fork may mean by its own flags. */
function unknownNotes(run: MegatronRun): string[] {
  const names = strangersOf(run);
  return names.length === 0 ? [] : [`not read, as Megatron-LM has no such flags: ${names.join(', ')}`];
}
