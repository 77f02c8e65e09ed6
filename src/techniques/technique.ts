import type { NodeGroup } from '../domain/cluster.ts';
import type { Staleness } from '../domain/estimate.ts';
import type { Device, MemoryTerm } from '../domain/memory-term.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import type { ProcessGroups } from '../hardware/process-groups.ts';
import type { Span } from '../hardware/span.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import type { Operator } from '../layers/operator.ts';
import type { Boundary } from './boundary.ts';
import type { Dispatch } from './dispatched.ts';
import type { Held, Holding } from './holding.ts';
import type { Limit } from './limit.ts';
import type { Misread } from './misread.ts';
import type { BesideStates, OuterSync } from './outer-sync.ts';
import type { LayerAmounts, PassTraffic, StepStates, StepTraffic } from './traffic.ts';

/** Where a GPU of a stage stands: all that the cost of its layers can depend on. */
export interface StageContext {
  readonly problem: Problem;
  readonly group: NodeGroup;
  readonly dims: ParallelDims;
  readonly microBatchSize: number;
  /** Share of the stage's sharded states that this copy keeps; null: all keep as much. */
  readonly stateShare: number | null;
  readonly schedule: string;
  readonly techniques: Techniques;
  readonly local: LocalShape;
  readonly groups: ProcessGroups;
  readonly c: Coefficients;
}

/** What states, and what is sent for them once a step, can depend on: nothing of a micro-batch, nor of its schedule. */
export type StateContext = Omit<StageContext, 'microBatchSize' | 'schedule' | 'local'>;

/**
 * A way of training that a plan may use: a value in the plan, and what that value changes. A new one is a file here and a
 * line in index.ts; configuration text, JSON, tables, cache keys and what the search tries all follow from it.
 */
export interface Technique<V = unknown> {
  /** Its key in plans and in --config. */
  readonly id: string;
  /** Other keys that --config reads. */
  readonly aliases: readonly string[];
  /** One of several that `--config` also reads under one key: `offload=optimizer:0.5+activations:1`; `such`: a value to show. */
  readonly within?: { readonly key: string; readonly name: string; readonly such: string };
  /** A search tries values other than off only where `--allow` names this; left out: always. */
  readonly allowedAs?: string;
  /** And those that have a price in convergence only where it names this too. */
  readonly pricedAs?: string;
  readonly off: V;
  /** JSON Schema of a value. */
  readonly schema: object;
  /** What a value changes: the kernels of a layer, or only what a stage holds and sends, or only the step. */
  readonly affects: 'layer' | 'stage' | 'step';
  parse(text: string): V | Misread;
  format(value: V): string;
  /** Its heading in a table, and a value as it stands there: `sharding`, `optimizer`. */
  readonly name: string;
  words(value: V): string;
  /** Where a configuration does not say; left out: off. */
  usual?(problem: Problem, dims: ParallelDims): V;
  /** What a value of the problem's comes to (`selective`: of what is worth it), or one that says more than there is room for; left out: as it is. */
  resolve?(value: V, problem: Problem, dims: ParallelDims): V;
  /** What `resolve` says is only another name of what was stated: nothing to tell of. */
  readonly renamed?: true;
  /** What a search tries; left out: what is usual. `asked`: the user holds it. */
  choices?(problem: Problem, dims: ParallelDims, asked?: V): readonly V[];
  /** Of several choices the one that costs least time, whatever else a plan does; left out: off; null: any of them may. */
  readonly barest?: V | null;
  /**
   * The law that a value breaks on every plan of the problem, such as more layers than the model has: of what users state,
   * before it is resolved.
   */
  outside?(value: V, problem: Problem): Reason | null;
  /** The law that a value breaks in a stage of these degrees, each copy with so many micro-batches. */
  reject?(
    value: V,
    problem: Problem,
    dims: ParallelDims,
    microBatches: number,
    techniques: Techniques,
  ): Reason | null;
  /** It is of decoders, their vocabulary or their width: layers given by their figures have nothing for it. Left out: of any layers. */
  readonly ofDecoders?: true;
  /** All copies of a stage must stand on one host, on like GPUs. */
  oneHost?(value: V): boolean;

  /** Where else than on the GPU a value has anything lie; left out: nowhere. */
  devices?(value: V): readonly Exclude<Device, 'gpu'>[];
  /** Parts on the host whose memory is pinned; null: all of them may be. */
  pins?(value: V): readonly string[] | null;
  /** A kind of value that a framework must list by itself (`recompute:budget`); left out or null: the technique's id is enough. */
  form?(value: V): string | null;
  /** What is not known of a value and taken all the same, in words. */
  assumed?(value: V): readonly string[];
  /** What a value costs in convergence, in words: printed with every plan that has it. */
  price?(value: V): readonly string[];
  /** How old the weights are that a value has gradients taken of; null, or left out: those that they change. */
  stale?(value: V): Staleness | null;

  /** For techniques that may cover only the first layers of each stage. */
  readonly limit?: Limit<V>;

  /** What tensor-parallel ranks exchange for a block of a layer runs beside the next block. */
  besideNextBlock?(value: V): boolean;
  /** Each layer takes the fastest of these values whenever it runs, at no cost, and there is room for any; null: it has this one. */
  switches?(value: V): readonly V[] | null;
  /** What a GPU has of a layer. */
  local?(value: V, local: LocalShape, dims: ParallelDims): LocalShape;
  /** Operators of one layer. */
  layer?(value: V, operators: readonly Operator[], context: StageContext): Operator[];
  /** How states are shared out and where they lie. */
  holdings?(value: V, holdings: readonly Holding[], context: StateContext): Holding[];
  /** What a GPU holds beside layers, ends and states. */
  terms?(value: V, held: Held, context: StageContext): MemoryTerm[];
  /** GPUs hold no layers: stages are dealt to them in rounds; null: each holds its own. */
  dispatch?(value: V): Dispatch | null;
  /** Ids of techniques whose traffic and buffers are its own affair. */
  takesOver?(value: V): readonly string[];
  /** Pipelines of the plan train apart, which must be several; null: they average gradients every step. */
  outer?(value: V): OuterSync | null;
  /** What stands beside the states of the optimizer, shared out as they are. */
  besideStates?(value: V): readonly BesideStates[];
  /** How what passes from stage to stage is sent; null: as it is. A value that says so is for plans of several stages. */
  boundary?(value: V, context: StageContext): Boundary | null;
  /** What travels beside each pass of a layer. */
  passTraffic?(value: V, layer: LayerAmounts, context: StageContext): PassTraffic[];
  /** What travels once a step for a stage. */
  stepTraffic?(value: V, stage: StepStates, context: StateContext): StepTraffic;

  /** Every stage has a part of both ends of the model. */
  spreadsEnds?(value: V): boolean;
  /** Micro-batches that a stage works on beyond plain order. */
  runAhead?(value: V, stages: number): number;
  /** Seconds of one micro-batch's exchange between all stages, by whether they stand in the open. */
  headExchange?(
    value: V,
    stages: Span,
    context: StageContext,
  ): { readonly open: number; readonly beside: number };
}

/** A technique with typed access to its value in a plan. */
export interface Known<V> extends Technique<V> {
  of(techniques: Techniques): V;
  /** The same values with this one set; what is off is left out. */
  set(techniques: Techniques, value: V): Techniques;
}

export function technique<V>(one: Technique<V>): Known<V> {
  const off = JSON.stringify(one.off);
  return {
    ...one,
    // Values come from `parse`, `choices`, or a document that `schema` has let through.
    of: (techniques) => (techniques[one.id] ?? one.off) as V,
    set(techniques, value) {
      const { [one.id]: _, ...others } = techniques;
      return JSON.stringify(value) === off ? others : { ...others, [one.id]: value };
    },
  };
}
