import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Legality } from '../search/options.ts';
import type { RankOrder } from './ranks.ts';
import type { LaunchReader } from './reader.ts';

/** Forms of plan that a framework can run. What is false is refused by `structure.ts` with a Reason. */
export interface Capabilities {
  readonly unevenLayers: boolean;
  /** Stages on different GPU types, by the order of hosts. */
  readonly gpuTypePerStage: boolean;
  readonly tensorParallelPerStage: boolean;
  readonly unequalMicroBatches: boolean;
  /** Pipelines that differ in depth or cut. */
  readonly severalPipelines: boolean;
  /** A GPU count for each host of its own. */
  readonly unequalHosts: boolean;
  /** GPUs of different vendors in one job. */
  readonly mixedVendors: boolean;
}

/** One shape of stage on hosts alike, GPU types by the order of hosts: what one torchrun of one program can do. */
export const HOST_ORDER: Capabilities = {
  unevenLayers: true,
  gpuTypePerStage: true,
  tensorParallelPerStage: false,
  unequalMicroBatches: false,
  severalPipelines: false,
  unequalHosts: false,
  mixedVendors: false,
};

export interface LaunchFile {
  /** Relative to the output folder; never leaves it. */
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** What a launch file may say about where it comes from. */
export interface RenderContext {
  /** One line, for a comment: `shardwright 0.1.0, plan.json#1`. */
  readonly origin: string;
  /** Model and cluster as they were named: how the plan can be estimated again. */
  readonly inputs: { readonly model: string; readonly cluster: string };
}

/** A training framework: refuses what it cannot run, renders what it can. */
export interface Launcher extends Legality {
  readonly name: string;
  /** The software stack assumed when a plan is made for this launcher. */
  readonly stack: string;
  readonly capabilities: Capabilities;
  /** Only for plans that it does not reject. */
  render(problem: Problem, plan: Plan, context: RenderContext): readonly LaunchFile[];
  /** How it numbers its ranks; left out: as Megatron-LM does. */
  readonly rankOrder?: RankOrder;
  /** Reads what it renders, and what people wrote for the same framework. */
  readonly reader?: LaunchReader;
}
