import { type DealtRange, type DealtStages, dealtStages } from '../schedules/dispatched/cut.ts';
import { gatheredBytes } from '../techniques/holding.ts';
import { rememberedOf } from '../units/remembered.ts';
import type { Owned } from './memory/owned.ts';
import type { PartProfile } from './part-profile.ts';
import type { StageProfile } from './stage-profile.ts';
import { seconds } from './time/pass-time.ts';

/** A model as stages are dealt of it: embedding, layers, head, one after the other. */
export interface Dealt {
  readonly parts: readonly DealtPart[];
  readonly stages: DealtStages;
  /** Micro-batches in a round, at most. */
  readonly perRound: number;
}

interface DealtPart {
  readonly forward: number;
  readonly recompute: number;
  readonly backward: number;
  /** Weights as they are computed with; gradients as they go down. */
  readonly weightBytes: number;
  readonly gradientBytes: number;
  /** What recomputation brings back of it for its backward. */
  readonly restored: number;
}

/** Weights of stages may take so much of a GPU: the one at work and the next (model_memory_limit, roundpipe/scheduler.py@e813c67). */
const MEMORY = 0.6;

/** Rounds of the benchmarks have 10 to 16 micro-batches (roundpipe/run.sh of ITcarrot/RoundPipe-artifact@e44270a), those of many GPUs one each at least. */
const PER_ROUND = 16;

const known = new WeakMap<StageProfile, Dealt>();

/** The stages that RoundPipe's planner cuts, by this GPU's times. */
export function dealtOf(profile: StageProfile): Dealt {
  return rememberedOf(known, profile, () => dealt(profile));
}

function dealt(profile: StageProfile): Dealt {
  const { context, layers, embedding, head } = profile;
  const { model } = context.problem;
  const kinds = layers[0]!.map((part) => partOf(part, part.memory.owned));
  // The head of tied weights computes with the embedding's, which lie elsewhere by then.
  const parts = [
    partOf(embedding, embedding.memory.owned),
    ...model.layers.map((kind) => kinds[kind]!),
    { ...partOf(head, head.memory.owned), recompute: 0 },
  ];
  const gpus = context.dims.dpShard;
  const stages = dealtStages(
    {
      forward: parts.map(({ forward }) => forward),
      backward: parts.map(({ backward, recompute }, i) =>
        i === parts.length - 1 ? backward + parts[i]!.forward : backward + recompute,
      ),
      bytes: parts.map(({ weightBytes }) => weightBytes),
    },
    { bytes: (MEMORY * context.group.gpu.memoryBytes) / 2, gpus },
  );
  return { parts, stages, perRound: Math.max(gpus, PER_ROUND) };
}

function partOf({ time, memory }: PartProfile, owned: Owned): DealtPart {
  return {
    forward: seconds(time.forward),
    recompute: seconds(time.recompute),
    backward: seconds(time.backward),
    weightBytes: gatheredBytes(owned, 'dense') + gatheredBytes(owned, 'expert'),
    gradientBytes: owned.gradients.dense + owned.gradients.expert,
    restored: memory.restored,
  };
}

/** Micro-batches of each of a step's rounds, which are alike: as many as divide all of them, `most` or less. */
export function roundOf(all: number, most: number): number {
  for (let size = Math.min(all, most); size > 1; size--) if (all % size === 0) return size;
  return 1;
}

export function sumOver(
  { parts }: Dealt,
  { first, end }: DealtRange,
  of: (part: DealtPart) => number,
): number {
  let sum = 0;
  for (let i = first; i < end; i++) sum += of(parts[i]!);
  return sum;
}
