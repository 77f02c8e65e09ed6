import type { NodeGroup } from '../../domain/cluster.ts';
import type { PartShape, ProfilePart, Reading } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import type { ParallelDims } from '../../domain/parallel-dims.ts';
import { microBatchSizeIn, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { type Provenance, weakest } from '../../domain/provenance.ts';
import { remembered } from '../../units/remembered.ts';
import { type EndStages, endStages } from '../ends.ts';
import { hasPart, readingFor } from './reading.ts';
import { referenceOf } from './reference.ts';

/** What a plan asks of a profile, part by part of each kind of stage it has. */
interface Asked {
  readonly part: ProfilePart;
  readonly kind: LayerKind | null;
  readonly gpu: string;
  readonly group: NodeGroup;
  readonly dims: Pick<ParallelDims, 'tp' | 'cp' | 'ep' | 'etp'>;
  readonly microBatchSize: number;
  /** null: nothing like it of that GPU. */
  readonly reading: Reading | null;
}

/** Every question that a plan's stages put to the user's profile, each once. */
function askedOf(problem: Problem, plan: Plan): Asked[] {
  const all = new Map<string, Asked>();
  const { cp, ep, etp } = plan.dims;
  for (const { stages } of plan.pipelines) {
    const ends = endStages(plan, stages.length);
    for (const [s, stage] of stages.entries()) {
      const parts = partsAt(problem, ends, s);
      for (const block of stage.replicas) {
        const { group, tp } = block;
        const microBatchSize = microBatchSizeIn(stage, block);
        const own = problem.cluster.groups[group]!;
        const gpu = own.gpu.id;
        for (const { part, kind } of parts) {
          const where = { part, kind, gpu, group: own, dims: { tp, cp, ep, etp }, microBatchSize };
          remembered(all, [part, kind?.name, gpu, tp, microBatchSize].join('/'), () => ({
            ...where,
            reading: readingFor(problem, { ...where, shared: ends.all }),
          }));
        }
      }
    }
  }
  return [...all.values()];
}

function partsAt({ model }: Problem, { embedding, head, all }: EndStages, stage: number) {
  const parts: Pick<Asked, 'part' | 'kind'>[] = model.kinds.map((kind) => ({ part: 'layer', kind }));
  if (model.vocabSize === 0) return parts;
  if (all || stage === embedding) parts.push({ part: 'embedding', kind: null });
  if (all || stage === head) parts.push({ part: 'head', kind: null }, { part: 'loss', kind: null });
  return parts;
}

/** How far the layers of a plan on a GPU can be trusted: null where the profile has none of that GPU. */
export function layerProvenance(problem: Problem, plan: Plan, gpu: string): Provenance | null {
  if (!hasPart(problem, gpu, 'layer')) return null;
  const own = askedOf(problem, plan).filter((one) => one.gpu === gpu && one.part === 'layer');
  return weakest(own.map(({ reading }) => (reading?.covered === true ? 'measured' : 'fitted')));
}

/**
 * What is added to the error of a plan for layers that were not measured where it runs them, by factors of two to where they
 * were. Assumed: a quarter of the error of estimates for each, up to all of it.
 */
export function scalingWidth(problem: Problem, plan: Plan): number {
  if (problem.layerProfile === undefined) return 0;
  const steps = askedOf(problem, plan).map(({ part, reading }) =>
    part === 'layer' && reading !== null && !reading.covered ? Math.max(1, reading.distance) : 0,
  );
  return Math.min(MOST_WIDTH, WIDTH_PER_STEP * Math.max(0, ...steps));
}

/** A quarter of it. */
const WIDTH_PER_STEP = 0.0225;
/** About the mean error of estimates (docs/accuracy.md). */
const MOST_WIDTH = 0.09;

/** What of a plan the user's profile did not measure, in words. */
export function toldOfProfile(problem: Problem, plan: Plan): string[] {
  const { layerProfile, workload } = problem;
  if (layerProfile === undefined) return [];
  const asked = askedOf(problem, plan);
  const list: string[] = [];
  for (const one of asked) {
    const { gpu, reading } = one;
    if (reading === null || reading.covered) continue;
    const { from, to } = apart(shapeOfAsked(one, problem), reading, one);
    list.push(
      `${partWords(one)} on ${gpu} at ${to} scaled from ${layerProfile.name} at ${from}, where it has ${factorWords(problem, one, reading)}`,
    );
  }
  for (const gpu of new Set(asked.map((one) => one.gpu))) {
    const missing = new Set(asked.filter((one) => one.gpu === gpu && one.reading === null).map(partName));
    if (missing.size > 0)
      list.push(`${[...missing].join(', ')} on ${gpu} estimated: not in ${layerProfile.name}`);
  }
  const used = new Set(asked.map(({ gpu }) => gpu));
  if (layerProfile.entries.some(({ precision, gpu }) => precision === null && used.has(gpu)))
    list.push(`${layerProfile.name} states no precision everywhere: taken as ${workload.precision} there`);
  return list;
}

/** Measured over estimated, and what a ratio far from one may mean. */
function factorWords(problem: Problem, { group, part, kind }: Asked, reading: Reading): string {
  const measuredKind = problem.model.kinds.find(({ name }) => name === reading.layerKind) ?? kind;
  const { forwardSeconds, backwardSeconds } = referenceOf(problem, group, part, measuredKind, reading.shape);
  const estimated = (forwardSeconds + backwardSeconds) * problem.stack.timeMultiplier.value;
  const factor = (reading.forwardSeconds + reading.backwardSeconds) / estimated;
  const doubt = factor > DOUBTFUL || factor < 1 / DOUBTFUL ? ': maybe another unit or GPU' : '';
  return `${Number(factor.toPrecision(2))} × the estimate${doubt}`;
}

/** Kernels and stacks differ by less. */
const DOUBTFUL = 5;

const partName = ({ part }: Asked): string => (part === 'layer' ? 'layers' : part);

function partWords({ part, kind }: Asked): string {
  return part === 'layer' ? `${kind!.name} layers` : part;
}

function shapeOfAsked({ dims, microBatchSize }: Asked, { workload }: Problem): PartShape {
  return {
    precision: workload.precision,
    tensorParallel: dims.tp,
    contextParallel: dims.cp,
    expertParallel: dims.ep,
    expertTensorParallel: dims.etp,
    sequenceLength: workload.sequenceLength,
    microBatch: microBatchSize,
  };
}

const WORDS: readonly (readonly [keyof PartShape, string])[] = [
  ['tensorParallel', 'tp='],
  ['contextParallel', 'cp='],
  ['expertParallel', 'ep='],
  ['expertTensorParallel', 'etp='],
  ['microBatch', 'micro-batch '],
  ['sequenceLength', 'sequence '],
  ['precision', ''],
];

/** Two shapes by tensor parallelism, micro-batch, and whatever else tells them apart. */
function apart(to: PartShape, { shape, layerKind }: Reading, { kind }: Asked): { from: string; to: string } {
  const shown = WORDS.filter(
    ([key]) => key === 'tensorParallel' || key === 'microBatch' || shape[key] !== to[key],
  );
  const words = (of: PartShape) => shown.map(([key, name]) => `${name}${of[key]}`).join(', ');
  const other = kind !== null && layerKind !== kind.name ? `, ${layerKind} layers` : '';
  return { from: `${words(shape)}${other}`, to: words(to) };
}
