import type { Precision } from '../../domain/dtype.ts';
import type { Legality } from '../../domain/legality.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { TrainingForm } from '../../domain/training.ts';
import type { Renderer } from '../../launch-folder/renderer.ts';
import type { LaunchReader, Setting } from './reader.ts';

/** A training framework: refuses what it cannot run, renders what it can. */
export interface Framework extends Legality, Renderer, Reach {
  /** The software stack assumed when a plan is made for this framework. */
  readonly stack: string;
  /** Reads what it renders, and what people wrote for the same framework. */
  readonly reader?: LaunchReader;
  /** What a plan is priced with that no file of it says, in words: the training program has to have it. Left out: all is said. */
  restsOn?(problem: Problem, plan: Plan): readonly string[];
  /** All that a plan decides, as its files say it; left out: it is compared by its whole file. */
  settings?(problem: Problem, plan: Plan): readonly Setting[];
  /** How many kinds of its rules a plan passes, from those on the problem to its own; left out: not told apart. */
  passes?(problem: Problem, plan: Plan): number;
}

/** How far a framework goes: what it does not list is refused, by name. */
export interface Reach {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly express: Express;
}

/** By id, and by option the values that can be said. An option that is not listed has what is usual. */
export type ExpressedOptimizers = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What a framework's files can say, by the ids of the modules. */
export interface Express {
  /** Mixers and feed-forward parts. */
  readonly layers: readonly string[];
  /** Of pipelines; one stage needs none. */
  readonly schedules: readonly string[];
  readonly optimizers: ExpressedOptimizers;
  readonly precisions: readonly Precision[];
  /** What of a model it can train; left out: all of it alone. */
  readonly trains?: readonly TrainingForm[];
  /** What it freezes it can hold in fp32; left out: as it computes with it. */
  readonly frozenInFp32?: true;
  readonly techniques: readonly string[];
  /** It is told of models beside the trained one; left out: it has one. */
  readonly models?: true;
  /** Room of an expert, beyond which tokens are dropped; left out: it drops none. */
  readonly capacity?: true;
  /** Several samples in a sequence, each of which attends to itself alone. */
  readonly packs?: boolean;
}

/** Forms of plan that a framework can run. What is false is refused by `structure.ts` with a Reason. */
export interface Capabilities {
  /** Several stages; tensor parallelism. */
  readonly pipeline: boolean;
  readonly tensorParallel: boolean;
  readonly unevenLayers: boolean;
  /** First and last chunks that hold an end of the model and no layer. */
  readonly endsAlone: boolean;
  /** Stages that differ in the size of their micro-batches. */
  readonly unequalMicroBatchSizes: boolean;
  /** Copies of a stage that do. */
  readonly ownMicroBatchSizes: boolean;
  /** Sharded states of which some copies keep more than others. */
  readonly unequalStateShares: boolean;
  /** Stages on different GPU types, by the order of hosts. */
  readonly gpuTypePerStage: boolean;
  readonly tensorParallelPerStage: boolean;
  readonly unequalMicroBatches: boolean;
  /** Pipelines that differ in depth or cut. */
  readonly severalPipelines: boolean;
  /** Pipelines that train apart are jobs of their own. */
  readonly islands: boolean;
  /** A GPU count for each host of its own. */
  readonly unequalHosts: boolean;
  /** GPUs of different vendors in one job. */
  readonly mixedVendors: boolean;
  /** A network of its own for each kind of process group: RDMA inside islands, sockets between them. */
  readonly networkPerGroup: boolean;
}

/** One shape of stage on hosts alike, GPU types by the order of hosts: what one torchrun of one program can do. */
export const HOST_ORDER: Capabilities = {
  pipeline: true,
  tensorParallel: true,
  unevenLayers: true,
  endsAlone: false,
  unequalMicroBatchSizes: false,
  ownMicroBatchSizes: false,
  unequalStateShares: false,
  gpuTypePerStage: true,
  tensorParallelPerStage: false,
  unequalMicroBatches: false,
  severalPipelines: false,
  islands: false,
  unequalHosts: false,
  mixedVendors: false,
  networkPerGroup: false,
};
