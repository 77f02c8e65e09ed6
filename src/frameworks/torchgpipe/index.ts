import { layersOf, microBatchSizeOf, type Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { oneProcess } from '../../launch-folder/one-process.ts';
import { type GivenLayer, given } from '../../layers/whole/given.ts';
import { recompute } from '../../techniques/recompute.ts';
import { stagesOfOneHost } from '../laws/one-process.ts';
import { no, ofLayers, type ProblemRule, type Rule, recomputeAllOrNothing } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { program } from './program.ts';

const reach: Reach = {
  name: 'torchgpipe',
  capabilities: { ...HOST_ORDER, tensorParallel: false, gpuTypePerStage: false },
  express: {
    layers: ['given'],
    schedules: ['gpipe'],
    optimizers: { adamw: {}, sgd: { momentum: ['on', 'off'] } },
    precisions: ['fp32'],
    techniques: ['recompute'],
  },
};

function layersIn({ model }: Problem, { chunks }: Stage): GivenLayer[] {
  return chunks.flatMap(({ first, end }) =>
    model.layers.slice(first, end).map((kind) => model.kinds[kind]!.mixer as GivenLayer),
  );
}

/** Its outputs are put together before the loss, which goes back through all of them at once (torchgpipe/gpipe.py@0aa8484). */
const MOST_OUTPUT = 0.01;

const forProblem: readonly ProblemRule[] = [
  ({ model, cluster, workload: { globalBatchSize } }) => {
    const last = model.kinds[model.layers.at(-1)!]!.mixer;
    if (!given.is(last!)) return null;
    const bytes = 3 * globalBatchSize * last.outputBytes;
    const small = cluster.groups.find(({ gpu }) => bytes > MOST_OUTPUT * gpu.memoryBytes);
    return small === undefined
      ? null
      : no(
          'outputs',
          `outputs of ${globalBatchSize} samples, thrice: ${(bytes / 2 ** 20).toFixed(0)} MiB`,
          `a hundredth of the memory of ${small.gpu.name}: the loss is taken of all micro-batches at once, which is not counted`,
          'Maybe the loss as the last layer.',
        );
  },
];

/**
 * It brings back a stage whole, where layers are priced one by one: what each micro-batch keeps for that, inputs of layers, must be no
 * less than what it holds then (Checkpointing of torchgpipe/checkpoint.py@0aa8484, one for each partition).
 */
const stagesAtOnce: Rule = ofLayers((problem, plan) => {
  if (recompute.of(plan.techniques).mode !== 'full') return null;
  const microBatches = problem.workload.globalBatchSize / microBatchSizeOf(plan);
  for (const stage of plan.pipelines[0]!.stages) {
    const layers = layersIn(problem, stage);
    const saved = layers.map(({ savedBytes }) => savedBytes);
    const inputs = layers.slice(0, -1).reduce((sum, { outputBytes }) => sum + outputBytes, 0);
    const whole = saved.reduce((sum, bytes) => sum + bytes, 0);
    if ((microBatches - 1) * inputs + Math.max(...saved) >= whole) continue;
    return no(
      'stage-recomputation',
      `${layersOf(stage)} layers recomputed at once with ${microBatches} micro-batches`,
      'enough micro-batches that what layers keep for them is as much: torchgpipe recomputes a stage whole',
      'Maybe smaller micro-batches, or recompute=none.',
    );
  }
  return null;
});

/** torchgpipe (kakaobrain/torchgpipe@0aa8484): `train.py` that wraps a torch.nn.Sequential; one process on one host. */
export const torchgpipe: Framework = {
  id: 'torchgpipe',
  ...reach,
  stack: 'generic',
  schedule: 'gpipe',
  ...lawOf(reach, forProblem, [...stagesOfOneHost, recomputeAllOrNothing, stagesAtOnce]),
  render: (problem, plan, { origin }) => [
    { path: 'train.py', content: program(problem, plan, origin) },
    oneProcess(problem.cluster, plan, origin),
  ],
  notes: () => [
    'torchgpipe is one process on one host: MODULE names the Python module with the model, its loss and its batches, see the head of train.py.',
  ],
};
