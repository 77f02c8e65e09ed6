import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { zero } from '../../techniques/zero.ts';
import type { Setting } from '../port/reader.ts';
import { megatronEnvironment } from './environment.ts';
import { type Flag, flagsOf } from './flags.ts';
import { parallelArguments } from './parallel-arguments.ts';
import type { MegatronRun } from './run.ts';

const CONNECTIONS = 'CUDA_DEVICE_MAX_CONNECTIONS';
const FORMAT = '--ckpt-format';

/** Flags that a plan decides, whatever the words a file says them in: what a plan leaves out of these it means to be off. */
const DECIDED: ReadonlySet<string> = new Set(
  `tensor-model-parallel-size pipeline-model-parallel-size context-parallel-size cp-comm-type
  hierarchical-context-parallel-sizes expert-model-parallel-size expert-tensor-parallel-size moe-token-dispatcher-type
  moe-flex-dispatcher-backend moe-enable-deepep pipeline-model-parallel-layout num-virtual-stages-per-pipeline-rank
  num-layers-per-virtual-pipeline-stage decoder-first-pipeline-num-layers decoder-last-pipeline-num-layers
  account-for-embedding-in-pipeline-split account-for-loss-in-pipeline-split sequence-parallel tp-comm-overlap
  use-distributed-optimizer overlap-grad-reduce overlap-param-gather overlap-param-gather-with-optimizer-step
  use-megatron-fsdp use-custom-fsdp use-torch-fsdp2 torch-fsdp2-no-reshard-after-forward
  data-parallel-sharding-strategy ckpt-format init-model-with-meta-device num-distributed-optimizer-instances
  cross-entropy-loss-fusion cross-entropy-fusion-impl optimizer-cpu-offload optimizer-offload-fraction
  overlap-cpu-optimizer-d2h-h2d no-pin-cpu-grads no-pin-cpu-params recompute-activations recompute-granularity
  recompute-method recompute-num-layers recompute-modules moe-layer-recompute micro-batch-size fp8-param-gather`
    .split(/\s+/)
    .map((name) => `--${name}`),
);
/** Only these are tied to how states are sharded. */
const SHARDED_FORMATS = ['fsdp_dtensor', 'torch_dcp'];
/** Degrees that need not be said. */
const ONE = ['--tensor-model-parallel-size', '--pipeline-model-parallel-size'];

/** What a plan says of them, and of the environment that it needs. */
export function planSettings(problem: Problem, plan: Plan): Setting[] {
  const words = parallelArguments(problem, plan).map((text) => ({ text, line: 1 }));
  const flags = [...flagsOf(words).values()].filter(({ name }) => DECIDED.has(name));
  const sharded = zero.of(plan.techniques) >= 2;
  const value = megatronEnvironment(problem, plan)[CONNECTIONS];
  const connections = value === undefined ? [] : [{ name: CONNECTIONS, text: `${CONNECTIONS}=${value}` }];
  return [
    ...(sharded ? [{ name: CONNECTIONS, text: null }] : connections),
    ...flags.map((flag) => ({
      name: flag.name,
      text: textOf(flag),
      ...(ONE.includes(flag.name) && flag.values[0] === '1' ? { usual: true as const } : {}),
    })),
  ];
}

/** The same of a file. What it has for itself stays where a plan does not speak of it. */
export function fileSettings({ flags, variables }: MegatronRun): Setting[] {
  const connections = variables.get(CONNECTIONS);
  return [
    ...(connections === undefined
      ? []
      : [{ name: CONNECTIONS, text: `${CONNECTIONS}=${connections}`, usual: true as const }]),
    ...[...flags.values()]
      .filter(({ name }) => DECIDED.has(name))
      .map((flag) => ({
        name: flag.name,
        text: textOf(flag),
        ...(flag.name === FORMAT && !SHARDED_FORMATS.includes(flag.values[0] ?? '')
          ? { usual: true as const }
          : {}),
      })),
  ];
}

const textOf = ({ name, values }: Flag) => [name, ...values].join(' ');
