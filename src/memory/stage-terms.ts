import type { BySegment, MemoryTerm, Point } from '../domain/memory-term.ts';
import type { Ends } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/stage-cost.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import { lastKind } from '../layers/parameters.ts';
import type { LocalParameters, OperatorMemory } from './operator-memory.ts';
import { type Shards, stateTerms } from './state-terms.ts';
import { unshardedTerms } from './unsharded.ts';

/** Where a stage stands, and how its states are sharded. */
export interface StageExtent {
  readonly chunks: number;
  readonly ends: Ends;
  readonly pipelined: boolean;
  /** All micro-batches go forward before any goes backward: each has its logits until then. */
  readonly flushed: boolean;
  readonly shards: Shards;
}

/** What a stage may hold: each kind of layer by segment, both ends of the model, and what predicts further tokens. */
export interface StageMemory {
  readonly layers: readonly (readonly OperatorMemory[])[];
  readonly embedding: OperatorMemory;
  readonly head: OperatorMemory;
  /** One module, beside its layer. */
  readonly prediction: OperatorMemory;
}

const IN_FLIGHT: readonly Point[] = ['forward', 'loss', 'backward'];

/** All that one GPU of a stage holds. */
export function stageTerms(
  problem: Problem,
  settings: Settings,
  local: LocalShape,
  extent: StageExtent,
  memory: StageMemory,
): MemoryTerm[] {
  const { stack } = problem;
  const { layers } = memory;
  const of = (pick: (one: OperatorMemory) => number): BySegment => layers.map((kinds) => kinds.map(pick));
  const ends = endParameters(problem, memory, extent.ends);
  const held = {
    dense: { layers: of(({ parameters }) => parameters.dense), fixed: ends.all.dense },
    expert: { layers: of(({ parameters }) => parameters.expert), fixed: ends.all.expert },
  };
  const logits = logitBytes(problem, memory, extent.ends);
  const activations: MemoryTerm = {
    part: 'activations',
    at: IN_FLIGHT,
    times: 'in-flight',
    over: 'sum',
    layers: of(({ saved }) => saved),
    fixed: savedBeside(problem, local, extent, memory),
  };
  const alone = (part: string, at: readonly Point[], bytes: number): MemoryTerm => ({
    part,
    at,
    times: 'once',
    over: 'sum',
    layers: of(() => 0),
    fixed: [bytes],
  });
  const widest = (part: string, pick: (one: OperatorMemory) => number): MemoryTerm => ({
    ...alone(part, ['backward'], 0),
    over: 'widest',
    layers: of(pick),
  });
  const gradient = stack.gradAccumulationFusion ? 0 : local.elementBytes * ends.largest;
  return [
    ...stateTerms(held, stack.state, settings.optimizerSharding, extent.shards),
    ...unshardedTerms(settings, stack, extent, held, ends.root),
    activations,
    { ...activations, at: ['end-of-backward'], times: 'in-flight-but-one' },
    {
      ...alone('logits and loss', ['forward', 'loss'], 0),
      times: extent.flushed ? 'in-flight' : 'once',
      fixed: Array.from({ length: extent.chunks }, (_, c) => (c === extent.ends.head ? logits.saved : 0)),
    },
    alone('logits and loss', ['loss'], logits.transient),
    widest('recomputed', ({ restored }) => restored),
    widest('temporaries', ({ transient }) => transient),
    // The weight gradient of embedding or head, where it is made outside the gradient buffer.
    alone('temporaries', ['end-of-backward'], gradient),
  ];
}

interface EndParameters {
  readonly all: LocalParameters;
  /** Of embedding and head alone. */
  readonly root: number;
  /** Of the largest single matrix of either. */
  readonly largest: number;
}

/** What a stage holds beside its layers; a tied head is stored once where the embedding stands on the same stage. */
export function endParameters(
  { model }: Problem,
  { layers, embedding, head, prediction }: StageMemory,
  ends: Ends,
): EndParameters {
  const first = ends.embedding !== null;
  const last = ends.head !== null;
  let root = 0;
  if (first) root += embedding.parameters.dense;
  if (last) root += head.parameters.dense - (first ? head.tied : 0);
  const modules = last ? model.mtpLayers : 0;
  const layer = layers[0]![lastKind(model)]!.parameters;
  return {
    all: {
      dense: root + modules * (layer.dense + prediction.parameters.dense),
      expert: modules * layer.expert,
    },
    root,
    largest: Math.max(first ? embedding.largest : 0, last ? head.largest : 0),
  };
}

/** Each prediction module has logits of its own; their losses follow one another. */
function logitBytes({ model }: Problem, { head }: StageMemory, ends: Ends) {
  if (ends.head === null) return { saved: 0, transient: 0 };
  return {
    saved: (1 + model.mtpLayers) * head.logits.saved,
    transient: head.logits.transient + head.transient,
  };
}

/** What a micro-batch keeps of embedding and head, logits apart, and of stage outputs, by chunk. */
function savedBeside(
  { model, stack }: Problem,
  local: LocalShape,
  { chunks, ends, pipelined }: StageExtent,
  { layers, embedding, head, prediction }: StageMemory,
): number[] {
  // The stage's output, whole on every tensor-parallel rank.
  const output =
    stack.keepsPipelineOutputs && pipelined ? local.elementBytes * local.tokens * model.hiddenSize : 0;
  const fixed = new Array<number>(chunks).fill(output);
  if (ends.embedding !== null) fixed[ends.embedding]! += embedding.saved;
  if (ends.head !== null) {
    const layer = layers.at(-1)![lastKind(model)]!;
    fixed[ends.head]! += head.saved + model.mtpLayers * (layer.saved + prediction.saved);
  }
  return fixed;
}
