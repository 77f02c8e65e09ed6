import type { Problem } from '../domain/problem.ts';
import { moduleBytes } from '../domain/stack.ts';
import { autocast } from '../layers/autocast.ts';
import { embeddingOperators } from '../layers/embedding.ts';
import { layerOperators } from '../layers/layer.ts';
import { residualTokens } from '../layers/local-shape.ts';
import { predictionOperators } from '../layers/multi-token-prediction.ts';
import type { LayerContext, Operator } from '../layers/operator.ts';
import { outputOperators } from '../layers/output.ts';
import { repeated, type TowerPass, towerPasses } from '../layers/towers.ts';
import type { Boundary } from '../techniques/boundary.ts';
import { boundaryOf } from '../techniques/index.ts';
import { segmentsOf } from '../techniques/segments.ts';
import type { StageContext } from '../techniques/technique.ts';
import type { StepTraffic } from '../techniques/traffic.ts';
import { remembered } from '../units/remembered.ts';
import { bytesBetween } from './bytes-between.ts';
import { type StageSpec, stageContext } from './context.ts';
import type { LeastTraffic } from './least-traffic.ts';
import { asMeasured } from './measured/as-measured.ts';
import { headOf } from './measured/part-operators.ts';
import { hasPart } from './measured/reading.ts';
import type { HeldByPlace } from './memory/held.ts';
import { operatorMemory } from './memory/operator-memory.ts';
import { PartProfile } from './part-profile.ts';
import { layerKey, stageKey } from './profile-keys.ts';
import { switched } from './switched.ts';
import { joinedTime, layerTime } from './time/layer-time.ts';
import { sparePasses, withPassTraffic } from './time/pass-traffic.ts';
import { treated } from './treated.ts';

/** What stands at the ends of the model, and beside the layer of a module that predicts further tokens. */
interface EndProfiles {
  readonly embedding: PartProfile;
  readonly head: PartProfile;
  readonly prediction: PartProfile;
}

/** Every kind of layer, and both ends of the model, on one GPU of a stage. */
export interface StageProfile extends EndProfiles {
  readonly context: StageContext;
  /** First layer of each segment, counted within the stage. */
  readonly segments: readonly number[];
  /** By segment, then by kind. */
  readonly layers: readonly (readonly PartProfile[])[];
  /** One micro-batch's activation as sent to the next stage by one GPU: the least of any cut, where layers pass on unlike ones. */
  readonly boundaryBytes: number;
  /** How that is sent. */
  readonly boundary: Boundary;
  /** What it holds in each place of a pipeline that was asked for. */
  readonly held: HeldByPlace;
}

/**
 * Work that one search does once: whole profiles, what layers and whole models send once a step, the kernels of layers that profiles share,
 * operators that kernels share.
 */
export interface ProfileCache {
  readonly profiles: Map<string, StageProfile>;
  readonly endings: Map<string, LeastTraffic>;
  readonly models: Map<string, StepTraffic>;
  readonly kernels: Map<string, Kernels>;
  readonly operators: Map<string, OperatorLists>;
}

/** Operators of each kind of layer and of what stands beside the layers, before techniques. */
interface OperatorLists {
  readonly kinds: readonly (readonly Operator[])[];
  readonly embedding: readonly Operator[];
  readonly towers: readonly TowerPass[];
  readonly head: readonly Operator[];
  readonly prediction: readonly Operator[];
}

/** Layers before anything that depends on data parallelism. */
interface Kernels extends EndProfiles {
  readonly kinds: readonly PartProfile[];
}

export function profileCache(): ProfileCache {
  return {
    profiles: new Map(),
    endings: new Map(),
    models: new Map(),
    kernels: new Map(),
    operators: new Map(),
  };
}

const MOST_REMEMBERED = 4000;
const MOST_KERNELS = 20_000;
/** Operators are large, and asked for again soon or never. */
const MOST_OPERATORS = 64;

export function stageProfile(problem: Problem, spec: StageSpec, cache = profileCache()): StageProfile {
  return profileIn(stageContext(problem, spec), cache);
}

/** The same for one that is looked at once: what nobody asks for again only fills the heap. */
export function passingProfile(problem: Problem, spec: StageSpec, cache = profileCache()): StageProfile {
  return profile(stageContext(problem, spec), cache);
}

/** The same where the context is already known. */
export function profileIn(context: StageContext, cache: ProfileCache): StageProfile {
  return remembered(cache.profiles, stageKey(context), () => profile(context, cache), MOST_REMEMBERED);
}

/** Layers and ends of each segment of a stage, apart from what depends on data parallelism. */
export function partsOf(context: StageContext, cache: ProfileCache): readonly Kernels[] {
  return segmentsOf(context.techniques).map(({ techniques }) =>
    remembered(
      cache.kernels,
      layerKey(context, techniques),
      () => kernelsOf({ ...context, techniques }, cache),
      MOST_KERNELS,
    ),
  );
}

function profile(context: StageContext, cache: ProfileCache): StageProfile {
  const segments = segmentsOf(context.techniques);
  const kernels = partsOf(context, cache);
  const { embedding, head, prediction } = kernels[0]!;
  const boundary = boundaryOf(context);
  const spareOf = (layer: 0 | -1) =>
    sparePasses(kernels[0]!.kinds[context.problem.model.layers.at(layer)!]!, context);
  return {
    context,
    segments: segments.map(({ from }) => from),
    layers: kernels.map(({ kinds }) => kinds.map((part) => part.timed(withPassTraffic(part, context)))),
    embedding: embedding.timed(withPassTraffic(embedding.asEnd, context, spareOf(0))),
    head: head.timed(withPassTraffic(head.asEnd, context, spareOf(-1))),
    prediction,
    boundary,
    boundaryBytes: boundary.share * (bytesBetween(context)?.least ?? residualBytes(context)),
    held: { terms: null, places: [] },
  };
}

/** Its part of the residual stream, which tensor-parallel ranks share out whatever they compute with, or the whole where they do not. */
function residualBytes({ local, problem: { model, stack } }: StageContext): number {
  const scattered = stack.pipelineTransfers !== 'whole';
  const sent = scattered ? { ...local, sequenceParallel: true } : local;
  return local.elementBytes * residualTokens(sent) * model.hiddenSize;
}

function kernelsOf(context: StageContext, cache: ProfileCache): Kernels {
  const { model } = context.problem;
  const lists = operatorLists(context, cache);
  // Kept for all parts operators fill the heap: where memory is asked for later, they are looked up again.
  const part = (of: ListOf) =>
    new PartProfile(layerTime(of(lists), context), () =>
      operatorMemory(of(operatorLists(context, cache)), context),
    );
  const measured = (of: ListOf, as: Parameters<typeof asMeasured>[2]) =>
    asMeasured(part(of), of(lists), as, context);
  const ends = endsMeasured(context) ? (of: ListOf) => endInParts(of, part, measured) : part;
  return {
    kinds:
      switched(context, (one) => kernelsOf(one, cache).kinds) ??
      model.kinds.map((kind, i) =>
        measured(({ kinds }) => treated(kinds[i]!, context), { part: 'layer', kind }),
      ),
    embedding: measured((lists) => withTowers(lists, context), { part: 'embedding', kind: null }),
    head: ends(({ head }) => head),
    prediction: ends(({ prediction }) => prediction),
  };
}

/** Layers of a tower are recomputed where the decoder's are, as a whole. */
function withTowers({ embedding, towers }: OperatorLists, context: StageContext): readonly Operator[] {
  if (towers.length === 0) return embedding;
  return [
    ...embedding,
    ...towers.flatMap((pass) => repeated({ ...pass, operators: treated(pass.operators, context) })),
  ];
}

type ListOf = (lists: OperatorLists) => readonly Operator[];

function endsMeasured({ problem, group }: StageContext): boolean {
  return hasPart(problem, group.gpu.id, 'head') || hasPart(problem, group.gpu.id, 'loss');
}

/** An end with a head: projection and loss each as measured, as far as they are, and what stands before them as estimated. */
function endInParts(
  of: ListOf,
  part: (of: ListOf) => PartProfile,
  measured: (of: ListOf, as: Parameters<typeof asMeasured>[2]) => PartProfile,
): PartProfile {
  const head = measured((lists) => headOf(of(lists)).head, { part: 'head', kind: null });
  const loss = measured((lists) => headOf(of(lists)).loss, { part: 'loss', kind: null });
  const beside = part((lists) => headOf(of(lists)).beside);
  const whole = part(of);
  return new PartProfile(joinedTime([beside.time, head.time, loss.time]), () => ({
    ...whole.memory,
    saved: beside.memory.saved + head.memory.saved,
    logits: { ...whole.memory.logits, saved: loss.memory.logits.saved },
  }));
}

function operatorLists({ problem, local, c }: StageContext, cache: ProfileCache): OperatorLists {
  const { model, stack, workload } = problem;
  const key = Object.values(local).join();
  const of: LayerContext = { model, local, stack, c };
  const held = moduleBytes(workload, stack, local.elementBytes);
  // What FSDP gathers it casts before; anything else casts wider weights, product by product.
  const wide = model.training?.frozenWeights === 'fp32' && local.elementBytes < 4 && !stack.fullySharded;
  const casts = held > local.elementBytes || wide;
  const run = (list: readonly Operator[]) => (casts ? autocast(list, local, held) : list);
  const fresh = (): OperatorLists => ({
    kinds: model.kinds.map((kind) => run(layerOperators(kind, of))),
    embedding: run(embeddingOperators(of)),
    towers: towerPasses(of).map((pass) => ({ ...pass, operators: run(pass.operators) })),
    head: run(outputOperators(of)),
    prediction: run(predictionOperators(of)),
  });
  return remembered(cache.operators, key, fresh, MOST_OPERATORS);
}
