import { InputError } from '../../domain/input-error.ts';
import type { Asked } from '../reader.ts';
import { layoutChunks } from './layout.ts';
import type { MegatronRun } from './run.ts';

/** The degrees, the workload and the switches of a run in shardwright's words. */
export function askedOf(run: MegatronRun): Asked {
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
  if (run.count('--num-experts') !== null) {
    // Megatron's default expert tensor parallelism is the tensor parallelism itself.
    found.etp = String(run.count('--expert-tensor-parallel-size') ?? found.tp ?? 1);
  }
  const pp = Number(found.pp ?? 1);
  const layers = run.count('--num-layers');
  const perVirtual = run.count('--num-layers-per-virtual-pipeline-stage');
  take('vpp', '--num-virtual-stages-per-pipeline-rank');
  if (perVirtual !== null && layers !== null) found.vpp = String(Math.max(1, layers / pp / perVirtual));
  const layout = run.word('--pipeline-model-parallel-layout');
  if (layout !== null) Object.assign(found, layoutOf(layout, pp, run));
  const cut = layout === null && layers !== null ? ends(run, layers, pp) : null;
  if (cut !== null) found.layers = cut.join('/');
  Object.assign(found, recomputeOf(run));
  found.sharding = String(shardingOf(run));
  take('shard-groups', '--num-distributed-optimizer-instances');
  if (Number(found.tp ?? 1) > 1) found.sp = String(run.has('--sequence-parallel'));
  return {
    configuration: found,
    sequenceLength: run.count('--seq-length'),
    globalBatchSize: run.count('--global-batch-size'),
    precision: precisionOf(run),
    layers,
    hiddenSize: run.count('--hidden-size'),
  };
}

function precisionOf(run: MegatronRun): string | null {
  if (run.has('--fp4-format')) return 'nvfp4';
  if (run.has('--fp8-format')) return run.word('--fp8-recipe') === 'mxfp8' ? 'mxfp8' : 'fp8';
  if (run.has('--bf16')) return 'bf16';
  return run.has('--fp16') ? 'fp16' : null;
}

function shardingOf(run: MegatronRun): number {
  if (run.has('--use-megatron-fsdp'))
    return (
      { optim: 1, optim_grads: 2, optim_grads_params: 3 }[
        run.word('--data-parallel-sharding-strategy') ?? ''
      ] ?? 0
    );
  return run.has('--use-distributed-optimizer') ? 1 : 0;
}

function recomputeOf(run: MegatronRun): Record<string, string> {
  const granularity = run.word('--recompute-granularity');
  if (granularity === 'full') {
    const block = run.word('--recompute-method') === 'block';
    const n = run.count('--recompute-num-layers');
    return { recompute: 'full', ...(block && n !== null ? { 'recompute-layers': String(n) } : {}) };
  }
  if (granularity !== 'selective') return { recompute: 'none' };
  const modules = run.flags.get('--recompute-modules')?.values ?? [];
  return { recompute: modules.length > 0 ? modules.join('+') : 'core_attn' };
}

function ends(run: MegatronRun, layers: number, pp: number): number[] | null {
  const first = run.count('--decoder-first-pipeline-num-layers');
  const last = run.count('--decoder-last-pipeline-num-layers');
  if (first === null && last === null) return null;
  const free = pp - (first === null ? 0 : 1) - (last === null ? 0 : 1);
  const rest = (layers - (first ?? 0) - (last ?? 0)) / free;
  return [
    ...(first === null ? [] : [first]),
    ...new Array<number>(free).fill(rest),
    ...(last === null ? [] : [last]),
  ];
}

function layoutOf(layout: string, pp: number, run: MegatronRun): Record<string, string> {
  const chunks = layoutChunks(layout);
  if (chunks.length % pp !== 0) {
    throw new InputError({
      message: `--pipeline-model-parallel-layout has ${chunks.length} stages`,
      expected: `a multiple of --pipeline-model-parallel-size ${pp}`,
      at: { file: run.file, line: run.line('--pipeline-model-parallel-layout') },
    });
  }
  return { vpp: String(chunks.length / pp), layers: chunks.join('/') };
}
