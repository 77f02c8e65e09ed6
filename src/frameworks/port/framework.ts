import type { Renderer } from '../../launch-folder/renderer.ts';
import type { Legality } from '../../search/options.ts';
import type { LaunchReader } from './reader.ts';

/** A training framework: refuses what it cannot run, renders what it can. */
export interface Framework extends Legality, Renderer {
  /** The software stack assumed when a plan is made for this framework. */
  readonly stack: string;
  readonly capabilities: Capabilities;
  /** Reads what it renders, and what people wrote for the same framework. */
  readonly reader?: LaunchReader;
}

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
