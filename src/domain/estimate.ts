import type { Provenance } from './provenance.ts';

/** Named parts of a whole, in the order they are printed. Their sum is the whole; nothing else is. */
export type Parts = Readonly<Record<string, number>>;

export function total(parts: Parts): number {
  let sum = 0;
  for (const name in parts) sum += parts[name] as number;
  return sum;
}

/** Seconds and bytes of one configuration, each with its parts. */
export interface Estimate {
  /** Equal to total(time). */
  readonly stepSeconds: number;
  readonly time: Parts;
  readonly tokensPerSecond: number;
  /** Model FLOPs (no recompute, causal attention halved) per second over the dense peak of the GPUs used. */
  readonly mfu: number;
  readonly modelFlopsPerStep: number;
  readonly stages: readonly StageEstimate[];
  /** Of hosts and their drives, where anything lies there: the fullest of each node group. */
  readonly hosts: readonly HostEstimate[];
  readonly verdict: Verdict;
  /** Expected relative error of stepSeconds, one side. */
  readonly band: number;
  readonly weakestProvenance: Provenance;
  readonly assumptions: readonly string[];
  /** What the plan costs in convergence, in words; empty: it computes what any other plan of the problem does. */
  readonly convergence: readonly string[];
  /** null: gradients are of the weights that they change. */
  readonly staleness: Staleness | null;
  /** null: gradients are averaged every step. */
  readonly islands: Islands | null;
}

/** Pipelines of a plan that train apart, and what joining each of them brings. */
export interface Islands {
  /** Steps from one synchronisation to the next. */
  readonly steps: number;
  /** A whole synchronisation on the way, hidden or not, and the bytes that an island sends for it. */
  readonly syncSeconds: number;
  readonly syncBytes: number;
  /** Of the time, that no island waits for a synchronisation. */
  readonly utilisation: number;
  /** In the order of the plan's pipelines. */
  readonly islands: readonly Island[];
}

interface Island {
  /** Indexes of its node groups. */
  readonly groups: readonly number[];
  readonly devices: number;
  /** Sequences of a step. */
  readonly sequences: number;
  /** Tokens per second of all islands over those of the others without it, each with the sequences that it has. */
  readonly gain: number;
}

/** How old the weights are that a plan takes its gradients of. */
export interface Staleness {
  /** Updates between the weights that a micro-batch goes forward through and those that its gradient changes, at most. */
  readonly updates: number;
  /** Versions of its weights that a GPU keeps. */
  readonly weightVersions: number;
  /** Forward and backward of a micro-batch have the same weights. */
  readonly sameWeights: boolean;
}

export const VERDICTS = ['fits', 'tight', 'does-not-fit'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One stage on one kind of GPU: its heaviest rank. */
export interface StageEstimate {
  readonly pipeline: number;
  readonly stage: number;
  readonly group: number;
  readonly devices: number;
  readonly tp: number;
  readonly layers: number;
  /** Seconds of one micro-batch, forward, backward and recompute together, by part. */
  readonly compute: Parts;
  readonly memory: MemoryEstimate;
}

/** The memory of one host, or its drives, of a node group. */
export interface HostEstimate {
  readonly device: 'host' | 'disk';
  /** Index of the node group. */
  readonly group: number;
  /** Equal to total(parts). */
  readonly bytes: number;
  readonly parts: Parts;
  readonly limitBytes: number;
  readonly verdict: Verdict;
}

export interface MemoryEstimate {
  /** Peak of allocated bytes, by part, at the point where the sum is largest. */
  readonly allocated: Parts;
  /** Where in the step the peak stands: `forward`, `backward`, `loss`, `optimizer-step`. */
  readonly peakAt: string;
  readonly allocatedBytes: number;
  /** With the allocator's reserve. */
  readonly reservedBytes: number;
  /** With CUDA context and communication buffers: what nvidia-smi shows. Compared with the limit. */
  readonly deviceBytes: number;
  /** Where published runs with this device figure lie, low and high: `tight` is when the limit lies between. */
  readonly deviceIntervalBytes: readonly [number, number];
  /** GPU memory less the headroom. */
  readonly limitBytes: number;
  readonly verdict: Verdict;
}
