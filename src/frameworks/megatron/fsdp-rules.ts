import { bad } from '../reading/file-rule.ts';
import type { MegatronRule, MegatronRun } from './run.ts';

const CONNECTIONS = 'CUDA_DEVICE_MAX_CONNECTIONS';
const isFsdp = (run: MegatronRun) => run.has('--use-megatron-fsdp') || run.has('--use-torch-fsdp2');

/** What the two fully sharded wrappers ask for, and the connections that they and the others want (arguments.py@000c4ac). */
export const FSDP_RULES: readonly MegatronRule[] = [
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
    rule: 'checkpoint-format',
    at: '--ckpt-format',
    check: (run) => {
      const format = run.word('--ckpt-format');
      const needed = { fsdp_dtensor: '--use-megatron-fsdp', torch_dcp: '--use-torch-fsdp2' }[format ?? ''];
      return needed === undefined || run.has(needed)
        ? null
        : bad(`--ckpt-format ${format}`, needed, `Add ${needed}, or drop --ckpt-format.`);
    },
  },
  {
    rule: 'one-connection',
    at: '--use-megatron-fsdp',
    check: (run) =>
      isFsdp(run) && run.variables.get(CONNECTIONS) === '1'
        ? bad(`${CONNECTIONS}=1 with FSDP`, 'several connections', 'Drop the variable.')
        : null,
  },
  {
    rule: 'several-connections',
    at: '--tensor-model-parallel-size',
    check: (run, { tp, cp }) => {
      const said = run.variables.get(CONNECTIONS);
      return (tp > 1 || cp > 1) &&
        said !== undefined &&
        said !== '1' &&
        !isFsdp(run) &&
        !run.has('--overlap-moe-expert-parallel-comm')
        ? bad(
            `${CONNECTIONS}=${said} with tp ${tp}, cp ${cp}`,
            '1 on GPUs before Blackwell',
            `Set ${CONNECTIONS}=1.`,
          )
        : null;
    },
  },
];
