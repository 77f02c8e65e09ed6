import { nearest } from '../../schema/validator.ts';
import { bad, divides } from '../reader.ts';
import { FLAG_NAMES } from './flag-names.ts';
import { layoutStages } from './layout.ts';
import { dataParallel, type MegatronRule, type MegatronRun, sizesOf } from './run.ts';

/** Flags that a script hands to torchrun or srun. */
const TORCHRUN: ReadonlySet<string> = new Set(
  `nnodes nproc-per-node nproc_per_node node-rank node_rank master-addr master_addr master-port master_port
  rdzv-id rdzv_id rdzv-backend rdzv_backend rdzv-endpoint rdzv_endpoint standalone nodes ntasks ntasks-per-node
  gpus-per-node nodelist exclusive job-name time output partition account container-image container-mounts`
    .split(/\s+/)
    .map((name) => `--${name}`),
);

/** Several chunks on each pipeline rank, whichever way they are asked for. */
export function isInterleaved(run: MegatronRun): boolean {
  const layout = run.word('--pipeline-model-parallel-layout');
  const { pp } = sizesOf(run, null);
  return (
    run.has('--num-layers-per-virtual-pipeline-stage') ||
    run.has('--num-virtual-stages-per-pipeline-rank') ||
    (layout !== null && layoutStages(layout).length > pp)
  );
}

/** What recomputation, sharding, overlap and precision ask of one another. */
export const TECHNIQUE_RULES: readonly MegatronRule[] = [
  {
    rule: 'recompute-selective',
    at: '--recompute-granularity',
    check: (run) =>
      run.word('--recompute-granularity') === 'selective' &&
      (run.has('--recompute-method') || run.has('--recompute-num-layers'))
        ? bad(
            'selective recomputation with a method or a number of layers',
            '--recompute-modules alone',
            'Drop --recompute-method and --recompute-num-layers.',
          )
        : null,
  },
  {
    rule: 'recompute-full',
    at: '--recompute-granularity',
    check: (run) =>
      run.word('--recompute-granularity') === 'full' &&
      !(run.has('--recompute-method') && run.has('--recompute-num-layers'))
        ? bad(
            'full recomputation',
            '--recompute-method and --recompute-num-layers',
            'Add --recompute-method uniform --recompute-num-layers 1.',
          )
        : null,
  },
  {
    rule: 'overlap-param-gather',
    at: '--overlap-param-gather',
    check: (run) =>
      run.has('--overlap-param-gather') &&
      !(
        (run.has('--use-distributed-optimizer') || run.has('--use-megatron-fsdp')) &&
        run.has('--overlap-grad-reduce')
      )
        ? bad('--overlap-param-gather', '--use-distributed-optimizer and --overlap-grad-reduce', 'Add both.')
        : null,
  },
  {
    rule: 'tp-comm-overlap',
    at: '--tp-comm-overlap',
    check: (run) =>
      run.has('--tp-comm-overlap') && !run.has('--sequence-parallel')
        ? bad('--tp-comm-overlap', '--sequence-parallel', 'Add --sequence-parallel.')
        : null,
  },
  {
    rule: 'one-precision',
    at: '--fp16',
    check: (run) =>
      run.has('--fp16') && run.has('--bf16') ? bad('--fp16 and --bf16', 'one of them', 'Keep one.') : null,
  },
  {
    rule: 'latent-attention',
    at: '--multi-latent-attention',
    check: (run) =>
      run.has('--multi-latent-attention') && run.has('--group-query-attention')
        ? bad('--group-query-attention', 'not with --multi-latent-attention', 'Drop --group-query-attention.')
        : null,
  },
  {
    rule: 'overlap-optimizer-step',
    at: '--overlap-param-gather-with-optimizer-step',
    check: (run) =>
      run.has('--overlap-param-gather-with-optimizer-step') && !isInterleaved(run)
        ? bad(
            '--overlap-param-gather-with-optimizer-step',
            'virtual stages',
            'Add virtual stages, or drop it.',
          )
        : null,
  },
  {
    rule: 'optimizer-instances',
    at: '--num-distributed-optimizer-instances',
    check: (run, sizes) => {
      const instances = run.count('--num-distributed-optimizer-instances') ?? 1;
      const dp = dataParallel(sizes);
      return dp === null
        ? null
        : divides('dp·cp', dp * sizes.cp, instances, 'the instances', 'Use a divisor.');
    },
  },
  {
    rule: 'torch-fsdp2',
    at: '--use-torch-fsdp2',
    check: (run, { pp, ep }) => {
      if (!run.has('--use-torch-fsdp2')) return null;
      const wrong = [
        ...(pp > 1 ? [`pp ${pp}`] : []),
        ...(ep > 1 ? [`ep ${ep}`] : []),
        ...['--use-distributed-optimizer', '--fp16'].filter((flag) => run.has(flag)),
        ...['--untie-embeddings-and-output-weights', '--no-gradient-accumulation-fusion']
          .filter((flag) => !run.has(flag))
          .map((flag) => `no ${flag}`),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `--use-torch-fsdp2 with ${wrong.join(', ')}`,
            'pp 1, ep 1, untied embeddings, no fusion',
            'Change them.',
          );
    },
  },
  {
    rule: 'megatron-fsdp-checkpoint',
    at: '--use-megatron-fsdp',
    check: (run) =>
      run.has('--use-megatron-fsdp') && run.word('--ckpt-format') !== 'fsdp_dtensor'
        ? bad('--use-megatron-fsdp', '--ckpt-format fsdp_dtensor', 'Add --ckpt-format fsdp_dtensor.')
        : null,
  },
  {
    rule: 'one-connection',
    at: '--use-megatron-fsdp',
    check: (run) =>
      (run.has('--use-megatron-fsdp') || run.has('--use-torch-fsdp2')) &&
      run.variables.get('CUDA_DEVICE_MAX_CONNECTIONS') === '1'
        ? bad('CUDA_DEVICE_MAX_CONNECTIONS=1 with FSDP', 'several connections', 'Drop the variable.')
        : null,
  },
  {
    rule: 'moe-overlap',
    at: '--overlap-moe-expert-parallel-comm',
    check: (run, { pp, ep }) => {
      if (!run.has('--overlap-moe-expert-parallel-comm')) return null;
      const wrong = [
        ...(ep < 2 ? ['ep 1'] : []),
        ...(['alltoall', 'flex'].includes(run.word('--moe-token-dispatcher-type') ?? 'allgather')
          ? []
          : ['the allgather dispatcher']),
        ...(pp > 1 && !isInterleaved(run) ? ['no virtual stages'] : []),
        ...(run.word('--recompute-granularity') === 'full' ? ['full recomputation'] : []),
        ...((run.flags.get('--recompute-modules')?.values ?? []).includes('moe') ? ['recomputed moe'] : []),
        ...((run.count('--mtp-num-layers') ?? 0) > 1 ? ['several prediction layers'] : []),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `--overlap-moe-expert-parallel-comm with ${wrong.join(', ')}`,
            'ep above 1, alltoall or flex, virtual stages, no full or moe recomputation',
            'Change them, or drop it.',
          );
    },
  },
  {
    rule: 'expert-bias',
    at: '--expert-tensor-parallel-size',
    check: (run, { etp }) =>
      run.has('--num-experts') && !run.has('--disable-bias-linear') && etp > 1
        ? bad(
            `etp ${etp} with linear biases`,
            'etp 1, or --disable-bias-linear',
            'Add --expert-tensor-parallel-size 1.',
          )
        : null,
  },
  {
    rule: 'saved-activations',
    at: '--distribute-saved-activations',
    check: (run) =>
      run.has('--distribute-saved-activations') && run.has('--sequence-parallel')
        ? bad('--distribute-saved-activations', 'not with --sequence-parallel', 'Drop one.')
        : null,
  },
  {
    rule: 'batch-schedule',
    at: '--step-batch-size-schedule',
    check: (run) =>
      run.has('--step-batch-size-schedule') && run.has('--global-batch-size')
        ? bad('--step-batch-size-schedule with --global-batch-size', 'one of them', 'Keep one.')
        : null,
  },
  {
    rule: 'cpu-offload',
    at: '--cpu-offloading-num-layers',
    check: (run, { pp }) =>
      run.has('--cpu-offloading-num-layers') && (pp > 1 || run.has('--recompute-granularity'))
        ? bad('CPU offloading', 'pp 1 and no recomputation', 'Drop --cpu-offloading-num-layers.')
        : null,
  },
  {
    rule: 'known-flags',
    at: '',
    check: (run) => {
      const odd = [...run.flags.values()].filter(
        ({ name }) => !FLAG_NAMES.has(name.slice(2)) && !TORCHRUN.has(name),
      );
      const [first] = odd;
      if (first === undefined) return null;
      const near = nearest(first.name.slice(2), [...FLAG_NAMES]);
      const broken = bad(
        `unknown ${odd.map(({ name }) => name).join(', ')}`,
        'flags of the parser, unabbreviated',
        near === undefined ? 'Drop it.' : `Maybe --${near}.`,
      );
      return { ...broken, line: first.line };
    },
  },
];
