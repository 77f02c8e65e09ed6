import type { BySegment, MemoryTerm, Point } from '../domain/memory-term.ts';
import type { Ends } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Settings } from '../domain/stage-cost.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { embeddingOperators, headOperators, localVocabulary, lossBytesPerLogit } from '../layers/ends.ts';
import type { LocalShape } from '../layers/operator.ts';
import { savedBytes } from '../techniques/recompute.ts';
import type { LayerMemory } from './layer-memory.ts';
import { endParameters, predictionParameters } from './local-parameters.ts';
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

const NONE = { mode: 'none', modules: [], layersPerStage: null } as const;
const IN_FLIGHT: readonly Point[] = ['forward', 'loss', 'backward'];

/** All that one GPU of a stage holds. `layers` has each kind of layer, by segment of the stage. */
export function stageTerms(
  problem: Problem,
  settings: Settings,
  local: LocalShape,
  extent: StageExtent,
  layers: readonly (readonly LayerMemory[])[],
  c: Coefficients,
): MemoryTerm[] {
  const { model, stack } = problem;
  const of = (pick: (memory: LayerMemory) => number): BySegment => layers.map((kinds) => kinds.map(pick));
  const first = extent.ends.embedding !== null;
  const last = extent.ends.head !== null;
  const ends = endParameters(model, stack, local, { first, last });
  const prediction = last ? predictionParameters(model, local) : { dense: 0, expert: 0 };
  const held = {
    dense: { layers: of(({ parameters }) => parameters.dense), fixed: ends.total + prediction.dense },
    expert: { layers: of(({ parameters }) => parameters.expert), fixed: prediction.expert },
  };
  const loss = last ? lossBytes(problem, local, c) : { saved: 0, transient: 0 };
  const activations: MemoryTerm = {
    part: 'activations',
    at: IN_FLIGHT,
    times: 'in-flight',
    over: 'sum',
    layers: of(({ saved }) => saved),
    fixed: savedBeside(problem, local, extent, layers.at(-1)!, loss.saved, c),
  };
  const alone = (part: string, at: readonly Point[], bytes: number): MemoryTerm => ({
    part,
    at,
    times: 'once',
    over: 'sum',
    layers: of(() => 0),
    fixed: [bytes],
  });
  const widest = (part: string, pick: (memory: LayerMemory) => number): MemoryTerm => ({
    ...alone(part, ['backward'], 0),
    over: 'widest',
    layers: of(pick),
  });
  const gradient = stack.gradAccumulationFusion ? 0 : local.elementBytes * ends.largest;
  return [
    ...stateTerms(held, stack.state, settings.optimizerSharding, extent.shards),
    ...unshardedTerms(settings, stack, extent, held, ends.total),
    activations,
    { ...activations, at: ['end-of-backward'], times: 'in-flight-but-one' },
    {
      ...alone('logits and loss', ['forward', 'loss'], 0),
      times: extent.flushed ? 'in-flight' : 'once',
      fixed: Array.from({ length: extent.chunks }, (_, c) => (c === extent.ends.head ? loss.saved : 0)),
    },
    alone('logits and loss', ['loss'], loss.transient),
    widest('recomputed', ({ restored }) => restored),
    widest('temporaries', ({ transient }) => transient),
    // The weight gradient of embedding or head, where it is made outside the gradient buffer.
    alone('temporaries', ['end-of-backward'], gradient),
  ];
}

/** Each prediction module has logits of its own. */
function lossBytes({ model, stack }: Problem, local: LocalShape, c: Coefficients) {
  const logits = local.tokens * localVocabulary(model, stack, local);
  return {
    saved: (1 + model.mtpLayers) * lossBytesPerLogit(stack).saved * logits,
    transient: headOperators(model, local, stack, c).reduce(
      (sum, { backwardBytes }) => sum + backwardBytes,
      0,
    ),
  };
}

/** What a micro-batch keeps of embedding and head, logits apart, and of stage outputs, by chunk. */
function savedBeside(
  { model, stack }: Problem,
  local: LocalShape,
  { chunks, ends, pipelined }: StageExtent,
  kinds: readonly LayerMemory[],
  logits: number,
  c: Coefficients,
): number[] {
  // The stage's output, whole on every tensor-parallel rank.
  const output =
    stack.keepsPipelineOutputs && pipelined ? local.elementBytes * local.tokens * model.hiddenSize : 0;
  const fixed = new Array<number>(chunks).fill(output);
  if (ends.embedding !== null)
    fixed[ends.embedding]! += savedBytes(embeddingOperators(model, local, stack), NONE, 0);
  if (ends.head !== null) {
    const losses = 1 + model.mtpLayers;
    fixed[ends.head]! += losses * savedBytes(headOperators(model, local, stack, c), NONE, 0) - logits;
    fixed[ends.head]! += model.mtpLayers * kinds[model.layers.at(-1) ?? 0]!.saved;
  }
  return fixed;
}
