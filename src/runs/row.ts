/** A published measured run, as the runs file has it. Everything may be null or missing: not stated. */
export interface Row {
  readonly id: string;
  readonly group: string;
  readonly source?: string;
  readonly year?: number | null;
  readonly tier?: string | null;
  readonly core?: boolean;
  readonly model: {
    readonly name?: string;
    readonly layers: number;
    readonly hidden: number;
    readonly heads: number;
    readonly kvHeads?: number | null;
    readonly headDim?: number | null;
    readonly ffnHidden?: number | null;
    readonly gatedMlp?: boolean | null;
    readonly vocab?: number | null;
    readonly tiedEmbeddings?: boolean | null;
    readonly learnedPositions?: boolean | number | null;
    readonly attention?: {
      readonly kind: string;
      readonly qLoraRank?: number | null;
      readonly kvLoraRank?: number;
      readonly qkNopeHeadDim?: number;
      readonly qkRopeHeadDim?: number;
      readonly vHeadDim?: number;
    } | null;
    readonly slidingWindow?: number | null;
    readonly slidingWindowLayers?: string | null;
    readonly mtpLayers?: number | null;
    readonly hybrid?: string | null;
    readonly moe?: {
      readonly experts: number;
      readonly topK: number;
      readonly expertFfnHidden: number;
      readonly sharedExperts?: number | null;
      readonly sharedFfnHidden?: number | null;
      readonly moeLayers?: number | null;
      readonly denseFirst?: number | null;
    } | null;
  };
  readonly sequenceLength?: number | null;
  readonly hardware: {
    readonly gpu: string;
    readonly gpus: number;
    /** Where it is not that of the product: modified cards. */
    readonly gpuMemoryGiB?: number | null;
    /** Where it is below the stock limit. */
    readonly powerCapWatts?: number | null;
    readonly gpusPerNode?: number | null;
    readonly fastDomainGpus?: number | null;
    readonly intraNode?: string | null;
    readonly interNode?: {
      readonly fabric?: string | null;
      readonly gbpsPerGpu?: number | null;
      /** Cards that a node's GPUs share; left out: each has its part for itself. */
      readonly cardsPerNode?: number | null;
    } | null;
    /** Of one host. */
    readonly host?: {
      readonly memoryGiB?: number | null;
      readonly dramGBps?: number | null;
      /** Wire rate, one way. */
      readonly pcieGBpsPerGpu?: number | null;
      readonly gpusPerLink?: number | null;
      readonly cpu?: string | null;
      /** Each process bound to the cores and memory of a NUMA domain. */
      readonly coresBound?: boolean | null;
    } | null;
  };
  readonly config: {
    readonly tp?: number | null;
    readonly pp?: number | null;
    readonly dp?: number | null;
    readonly cp?: number | null;
    readonly ep?: number | null;
    readonly etp?: number | null;
    readonly vpp?: number | null;
    readonly microBatch?: number | null;
    readonly globalBatch?: number | null;
    readonly sequenceParallel?: boolean | null;
    readonly recompute?: string | null;
    readonly recomputeModules?: readonly string[] | null;
    readonly optimizerSharding?: number | string | null;
    readonly optimizerShardGroup?: number | null;
    readonly precision?: string | null;
    readonly fp8Recipe?: string | null;
    readonly schedule?: string | null;
    readonly scheduleWords?: string | null;
    readonly overlapWords?: string | null;
    readonly layersPerStage?: readonly number[] | null;
    readonly finalStageLayers?: number | null;
    readonly torchCompile?: boolean | null;
    readonly gradDtype?: string | null;
    /** As --optimizer has it: `adamw,moments=bf16`, `muon`; null: AdamW. */
    readonly optimizer?: string | null;
    /** Its states are paged, where its name does not say so (`PagedAdamW8bit`). */
    readonly pagedOptimizer?: boolean | null;
    /** Each weight updated as soon as backward has its gradient. */
    readonly optimizerInBackward?: boolean | null;
    /** `full`, `lora`, `qlora`, or part by part, as --train has them. */
    readonly train?: string | Readonly<Record<string, string | number>> | null;
    /** Names of modules as --lora-modules has them. */
    readonly lora?: {
      readonly rank?: number | null;
      readonly modules?: string | readonly string[] | null;
    } | null;
    /** As --packing has it, or a mapping of its keys; true: packed, lengths not stated. */
    readonly packing?: string | boolean | Readonly<Record<string, string | number>> | null;
    /** As `loss=` of --config has it. */
    readonly loss?: string | null;
    /** Null: nothing lies elsewhere than on the GPUs. */
    readonly offload?: {
      /** Fraction of the optimizer's states; `cpu`: all. */
      readonly optimizer?: number | boolean | string | null;
      readonly stride?: number | null;
      readonly asyncGradients?: boolean | null;
      readonly parameters?: boolean | number | string | null;
      /** Fraction of what micro-batches keep. */
      readonly activations?: boolean | number | string | null;
    } | null;
    readonly recipe?: Readonly<Record<string, unknown>> | null;
  };
  readonly measured: {
    readonly stepSeconds?: number | null;
    readonly peakMemory?: number | null;
    readonly memoryUnit?: string | null;
    readonly memoryKind?: string | null;
    /** Where in the step the peak was taken, by the names of the walk (`optimizer-step`); left out: all through it. */
    readonly memoryAt?: string | null;
    /** Global rank whose memory it is; left out: the fullest. */
    readonly memoryRank?: number | null;
    readonly forwardSeconds?: number | null;
    /** With recomputation, and what of reducing gradients it does not hide. */
    readonly backwardSeconds?: number | null;
    readonly optimizerSeconds?: number | null;
  };
  readonly stack?: {
    readonly name?: string | null;
    /** `flash` of the stack's generation, or as a stack's file has it. */
    readonly attentionKernel?: string | null;
    readonly dropout?: boolean | null;
    readonly lossKernel?: string | null;
    readonly gradDtype?: string | null;
    /** Of a parameter that is trained: as it is held, its gradient as accumulated, all states of AdamW with the master. */
    readonly weightBytes?: number | null;
    readonly gradientBytes?: number | null;
    readonly optimizerStateBytes?: number | null;
    /** As a stack's file has them. */
    readonly casts?: string | null;
    readonly updatedWeights?: string | null;
    readonly pipelineTransfers?: string | null;
    readonly gradAccumulationFusion?: boolean | null;
    /** `forced-balanced`, `natural` or `token-drop`. */
    readonly routing?: string | null;
    readonly cudaGraphs?: string | null;
    readonly moeDispatcher?: string | null;
    /** As a stack's file has them. */
    readonly elementwise?: string | null;
    readonly shardedEnds?: string | null;
  } | null;
  readonly outcome?: string | null;
  readonly faults?: Readonly<Record<string, unknown>> | null;
  readonly workload?: string | null;
  /** Words of the source; `token-drop MoE` is read as a routing. */
  readonly notes?: string | null;
  readonly tags?: readonly string[] | null;
}

/** Whether a row states a figure that can be compared. */
export function positive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
