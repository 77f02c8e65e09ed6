import { bad, divides } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { hybridContextRule } from './hybrid-context.ts';
import { dataParallel, expertsOf, type MegatronRule } from './run.ts';

/** Of TransformerConfig.cp_comm_type (transformer_config.py@002526d); its all-gather is written either way. */
const EXCHANGES = ['p2p', 'all_gather', 'allgather', 'a2a', 'a2a+p2p'];
const STATE_TYPES = ['--main-grads-dtype', '--main-params-dtype', '--exp-avg-dtype', '--exp-avg-sq-dtype'];

/** What overlap, attention and the optimizer ask of one another (arguments.py@000c4ac). */
export const TECHNIQUE_RULES: readonly MegatronRule[] = [
  hybridContextRule,
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
    rule: 'latent-attention',
    at: '--multi-latent-attention',
    check: (run) =>
      run.has('--multi-latent-attention') && run.has('--group-query-attention')
        ? bad('--group-query-attention', 'not with --multi-latent-attention', 'Drop --group-query-attention.')
        : null,
  },
  {
    rule: 'known-exchange',
    at: '--cp-comm-type',
    unreadable: true,
    check: (run) => {
      const odd = run.flags.get('--cp-comm-type')?.values.find((one) => !EXCHANGES.includes(one));
      return odd === undefined || /[$`]/.test(odd) ? null : notAmong(`--cp-comm-type ${odd}`, odd, EXCHANGES);
    },
  },
  {
    rule: 'context-communication',
    at: '--cp-comm-type',
    check: (run) =>
      run.flags.get('--cp-comm-type')?.values.includes('a2a+p2p') === true &&
      !run.has('--hierarchical-context-parallel-sizes')
        ? bad('--cp-comm-type a2a+p2p', '--hierarchical-context-parallel-sizes', 'Add the sizes.')
        : null,
  },
  {
    rule: 'optimizer-instances',
    at: '--num-distributed-optimizer-instances',
    check: (run, sizes) => {
      const instances = run.count('--num-distributed-optimizer-instances') ?? 1;
      const [dp, { ep, etp, pp, cp, gpus }] = [dataParallel(sizes), sizes];
      if (dp === null || gpus === null) return null;
      // initialize_model_parallel (core/parallel_state.py) asks it of the experts' data parallelism too.
      const expert = expertsOf(run) === null ? instances : gpus / (ep * etp * pp);
      return (
        divides('dp·cp', dp * cp, instances, 'the instances', 'Use a divisor.') ??
        divides("the experts' dp", expert, instances, 'the instances', 'Use a divisor.')
      );
    },
  },
  {
    // optimizer_config.py@d98e8a6, OptimizerConfig.__post_init__.
    rule: 'precision-aware-optimizer',
    at: '--use-precision-aware-optimizer',
    check: (run) => {
      const aware = run.has('--use-precision-aware-optimizer');
      const odd = STATE_TYPES.find((flag) => (run.word(flag) ?? 'fp32') !== 'fp32');
      if (!aware)
        return odd === undefined
          ? null
          : bad(
              `${odd} ${run.word(odd)}`,
              '--use-precision-aware-optimizer',
              'Add --use-precision-aware-optimizer.',
            );
      const name = run.word('--optimizer') ?? 'adam';
      if (name !== 'adam')
        return bad(`--use-precision-aware-optimizer with --optimizer ${name}`, 'adam', 'Drop one of them.');
      return run.has('--use-distributed-optimizer')
        ? null
        : bad(
            '--use-precision-aware-optimizer',
            '--use-distributed-optimizer',
            'Add --use-distributed-optimizer.',
          );
    },
  },
  {
    rule: 'main-gradients',
    at: '--main-grads-dtype',
    check: (run) =>
      run.word('--main-grads-dtype') === 'bf16' && run.has('--accumulate-allreduce-grads-in-fp32')
        ? bad('--main-grads-dtype bf16', 'not with --accumulate-allreduce-grads-in-fp32', 'Drop one of them.')
        : null,
  },
  {
    // arguments.py@d98e8a6: "Emerging optimizer does not support Torch-FSDP2 for now", nor Megatron-FSDP.
    rule: 'optimizer-sharding',
    at: '--optimizer',
    check: (run) => {
      const name = run.word('--optimizer') ?? 'adam';
      const fsdp = ['--use-megatron-fsdp', '--use-torch-fsdp2'].find((flag) => run.has(flag));
      return fsdp === undefined || name === 'adam' || name === 'sgd'
        ? null
        : bad(`--optimizer ${name} with ${fsdp}`, '--use-distributed-optimizer', `Drop ${fsdp}.`);
    },
  },
  {
    rule: 'batch-schedule',
    at: '--step-batch-size-schedule',
    check: (run) =>
      run.has('--step-batch-size-schedule') && run.has('--global-batch-size')
        ? bad('--step-batch-size-schedule with --global-batch-size', 'one of them', 'Keep one.')
        : null,
  },
];
