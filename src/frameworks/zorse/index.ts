import { vendorsOf } from '../../domain/cluster.ts';
import { microBatchSizeOf } from '../../domain/plan.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { DEVICE_BY_DEVICE } from '../../launch-folder/ranks.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { zero } from '../../techniques/zero.ts';
import { networksApart } from '../laws/networks.ts';
import { no, type Rule, recomputeAllOrNothing } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { jsonText } from '../writing/json-text.ts';
import { config } from './config.ts';
import { ofItsHub } from './models.ts';
import { zorseReader } from './reader.ts';

const reach: Reach = {
  name: 'Zorse',
  capabilities: {
    ...HOST_ORDER,
    unequalMicroBatches: true,
    unequalHosts: true,
    mixedVendors: true,
    networkPerGroup: true,
  },
  express: {
    layers: ['softmax', 'dense'],
    schedules: ['gpipe'],
    optimizers: { adamw: {} },
    precisions: ['bf16', 'fp16'],
    techniques: ['recompute', 'zero'],
  },
};

const ANY = 'Maybe --launcher any, which ranks plans for a runtime of your own.';

const forPlan: readonly Rule[] = [
  ({ cluster }, { pipelines }) => {
    const [odd] = pipelines[0]!.stages.flatMap(({ replicas }, stage) => {
      const vendors = vendorsOf(
        cluster,
        replicas.map(({ group }) => group),
      );
      return vendors.size > 1 ? [`stage ${stage} on GPUs of ${[...vendors].join(' and ')}`] : [];
    });
    return odd === undefined
      ? null
      : no('one-vendor', odd, 'stages of one vendor each: Gloo joins only stages', ANY);
  },
  ({ cluster }, { pipelines }) => {
    const stage = pipelines[0]!.stages.findIndex(({ replicas }) =>
      networksApart(
        cluster,
        replicas.map(({ group }) => group),
      ),
    );
    return stage < 0
      ? null
      : no(
          'one-network',
          `stage ${stage} on networks that RDMA does not join`,
          'stages of one network each: Gloo joins only stages',
        );
  },
  (_, plan) => {
    const { tp, cp, ep, vpp } = degreesOf(plan);
    return tp * cp * ep * vpp === 1
      ? null
      : no('degrees', `tp=${tp}, cp=${cp}, ep=${ep}, vpp=${vpp}`, 'pipeline and data parallelism alone');
  },
  ({ workload: { globalBatchSize } }, plan) => {
    const wanted = globalBatchSize / microBatchSizeOf(plan);
    const odd = plan.pipelines[0]!.stages.map(({ replicas }) =>
      replicas.reduce((sum, { count, microBatches }) => sum + count * microBatches, 0),
    ).find((sum) => sum !== wanted);
    return odd === undefined ? null : no('micro-batches', `${odd} micro-batches`, `${wanted} on every stage`);
  },
  (_, { techniques, pipelines }) =>
    zero.of(techniques) === 3 ||
    pipelines[0]!.stages.every(({ replicas }) => replicas.length === 1 && replicas[0]!.count === 1)
      ? null
      : no('sharding', `zero=${zero.of(techniques)}`, '3, by FSDP'),
  recomputeAllOrNothing,
];

/** Zorse: `zorse_config.json` for its zorse.py, GPipe over FSDP stages; each GPU takes its own number of micro-batches. */
export const zorse: Framework = {
  id: 'zorse',
  ...reach,
  stack: 'torch-fsdp',
  schedule: 'gpipe',
  rankOrder: DEVICE_BY_DEVICE,
  reader: zorseReader,
  ...lawOf(reach, [ofItsHub], forPlan),
  render: (problem, plan, { origin }) => [
    { path: 'zorse_config.json', content: jsonText(config(problem, plan)) },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        rankOrder: DEVICE_BY_DEVICE,
        origin,
        environment: {},
        prepare: [
          `CONFIG=$PWD/zorse_config.json`,
          `cd "\${ZORSE_PATH:?set ZORSE_PATH to a checkout of Zorse}"`,
        ],
        program: `zorse.py --config_file "$CONFIG" "$@"`,
      }),
    },
  ],
};
