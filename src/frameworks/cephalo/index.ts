import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { recompute } from '../../techniques/recompute.ts';
import { zero } from '../../techniques/zero.ts';
import { no, type Rule, recomputeAllOrNothing } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { jsonText } from '../writing/json-text.ts';
import { ofItsHub } from '../zorse/models.ts';
import { accumulates, config } from './config.ts';
import { CONFIG, cephaloReader } from './reader.ts';

const reach: Reach = {
  name: 'Cephalo',
  capabilities: {
    ...HOST_ORDER,
    pipeline: false,
    tensorParallel: false,
    unevenLayers: false,
    unequalMicroBatches: true,
    ownMicroBatchSizes: true,
    unequalStateShares: true,
    unequalHosts: true,
  },
  express: {
    layers: ['softmax', 'dense'],
    schedules: [],
    optimizers: { adamw: {} },
    precisions: ['bf16', 'fp16'],
    techniques: ['recompute', 'zero', 'optimizer-in-backward'],
  },
};

/** Its hub is Zorse's, of the same authors. */
const forPlan: readonly Rule[] = [
  (_, plan) => {
    const { cp, ep, vpp } = degreesOf(plan);
    return cp * ep * vpp === 1
      ? null
      : no('degrees', `cp=${cp}, ep=${ep}, vpp=${vpp}`, 'data parallelism alone');
  },
  (_, { techniques, dims: { dpReplicate } }) =>
    zero.of(techniques) === 3 && dpReplicate === 1
      ? null
      : no('sharding', `zero=${zero.of(techniques)},dp-replicate=${dpReplicate}`, '3, by one FSDP group'),
  (_, plan) =>
    accumulates(plan) && recompute.of(plan.techniques).mode !== 'full'
      ? no(
          'accumulation-recomputes',
          'several micro-batches without full recomputation',
          'recompute=full: it runs each layer again in backward',
          'Maybe recompute=full.',
        )
      : null,
  recomputeAllOrNothing,
];

/** Cephalo: `cephalo_config.json` for its trainfsdp.py, one FSDP group in which each GPU takes its own number of micro-batches. */
export const cephalo: Framework = {
  id: 'cephalo',
  ...reach,
  stack: 'torch-fsdp',
  reader: cephaloReader,
  ...lawOf(reach, [ofItsHub], forPlan),
  render: (problem, plan, { origin }) => [
    { path: CONFIG, content: jsonText(config(problem, plan)) },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: {},
        prepare: [
          `CONFIG=$PWD/${CONFIG}`,
          `cd "\${CEPHALO_PATH:?set CEPHALO_PATH to a checkout of Cephalo}"`,
        ],
        program: `trainfsdp.py --config_file "$CONFIG" "$@"`,
      }),
    },
  ],
  notes: () => [
    'With several micro-batches Cephalo runs a layer for all of them before the next one and keeps layer inputs in pinned host memory: it gathers each layer once a pass, where the estimate gathers for each micro-batch.',
  ],
};
