import type { TrainingFlags } from '../../plan-text/training-text.ts';
import type { Asked } from '../port/reader.ts';

/** How a program on the Trainer of transformers shares out its states. */
export interface Engine {
  /** The framework that runs it, where there is one of that kind here. */
  readonly runtime: 'deepspeed' | null;
  /** Its techniques, as `--config` has them. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** What the file of such a program asks for, its own names gone. */
export interface TrainerRun {
  readonly sequenceLength: number | null;
  /** Sequences of one GPU in a pass. */
  readonly microBatch: number;
  /** Passes of a step; or its sequences, where a program says those. */
  readonly accumulation: number;
  readonly globalBatch?: number;
  readonly precision: string | null;
  readonly recompute: boolean;
  readonly offloadsActivations: boolean;
  readonly compiled: boolean;
  readonly loss: string | null;
  readonly optimizer: Optimizer;
  readonly training: TrainingFlags | null;
  /** Of which data parallelism is what is left. */
  readonly degrees: { readonly tp: number; readonly cp: number; readonly dpReplicate: number };
  readonly engine: Engine;
  readonly models: string | null;
  readonly notes: readonly string[];
}

export interface Optimizer {
  /** As --optimizer has it. */
  readonly text: string;
  readonly paged: boolean;
  readonly notes: readonly string[];
}

/** Its logits are of Hugging Face's models, its kernels PyTorch's. */
const WITHOUT_ENGINE = 'torch-fsdp';

/** The launcher that has the plans of a run; null: none here starts FSDP or plain data parallelism of transformers. */
export function runtimeOf({ engine, precision, ...run }: TrainerRun): string | null {
  const beyond = run.offloadsActivations || run.degrees.tp > 1 || run.models !== null || precision === 'fp8';
  return beyond ? null : engine.runtime;
}

export function askedOf(run: TrainerRun, gpus: number | null): Asked {
  const { engine, degrees, optimizer, microBatch, accumulation } = run;
  const { tp, cp, dpReplicate } = degrees;
  const dp = gpus === null ? null : gpus / (tp * cp);
  const whole = dp !== null && Number.isInteger(dp) && dp > 0;
  const sharded = engine.configuration.zero !== '0';
  return {
    configuration: {
      ...(tp > 1 ? { tp: String(tp) } : {}),
      ...(cp > 1 ? { cp: String(cp) } : {}),
      ...(whole ? { dp: String(dp) } : {}),
      'micro-batch': String(microBatch),
      recompute: run.recompute ? 'full' : 'none',
      ...engine.configuration,
      ...(dpReplicate > 1 && sharded ? { 'dp-replicate': String(dpReplicate) } : {}),
      ...(run.loss === null ? {} : { loss: run.loss }),
      ...(run.offloadsActivations ? { 'offload-activations': '1' } : {}),
      ...(optimizer.paged ? { 'paged-optimizer': 'true' } : {}),
    },
    sequenceLength: run.sequenceLength,
    globalBatchSize: run.globalBatch ?? (whole ? microBatch * accumulation * dp : null),
    precision: run.precision,
    optimizer: optimizer.text,
    ...(run.training === null ? {} : { training: run.training }),
    ...(run.models === null ? {} : { models: run.models }),
    ...(runtimeOf(run) === null
      ? { stack: engine.runtime === 'deepspeed' ? 'deepspeed' : WITHOUT_ENGINE }
      : {}),
    layers: null,
    hiddenSize: null,
    notes: [
      ...run.notes,
      ...engine.notes,
      ...optimizer.notes,
      ...(run.compiled ? ['torch_compile: estimated with the kernels of eager PyTorch'] : []),
      ...(engine.runtime === null
        ? ['the stack is that of FSDP: the same wrapper, kernels and loss of transformers']
        : []),
    ],
  };
}
