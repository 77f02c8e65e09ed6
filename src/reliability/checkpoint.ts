import { devicesOf, groupsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { statesIn } from '../domain/stack.ts';
import { coefficients } from '../hardware/coefficients.ts';
import { copySeconds, hostOf } from '../hardware/host.ts';
import { sumOverWeights } from '../layers/parameters.ts';
import type { Weight } from '../layers/weight.ts';
import { optimizerOf } from '../optimizers/index.ts';
import { scheduleOf } from '../schedules/index.ts';

/** How checkpoints are said to be saved. Seconds, bytes/s of all ranks together. */
export type Saving =
  | { readonly kind: 'stall'; readonly seconds: number }
  | { readonly kind: 'sync' | 'async'; readonly bandwidth: number };

export interface Checkpoint {
  readonly bytes: number;
  /** For which training waits. */
  readonly stallSeconds: number;
  /** Until it is on storage: the next one waits for that. */
  readonly writeSeconds: number;
}

/** Bytes of all that training goes on from, each once: weights, masters and moments of what is trained (adapters alone, where only those are). */
export function checkpointBytes(
  { model, workload, stack }: Problem,
  { schedule }: Pick<Plan, 'schedule'>,
): number {
  const state = statesIn(workload, stack.state);
  const { stateBytes } = optimizerOf(workload.optimizer);
  const { optimizerOptions = {} } = workload;
  const { correctionBytes = 0 } = scheduleOf(schedule);
  const of = (weight: Weight) =>
    weight.trainable
      ? (weight.bytes ?? state.weights) + stateBytes(weight, state, optimizerOptions) + correctionBytes
      : 0;
  return sumOverWeights(model, of);
}

/** Every rank saves its part. Asynchronously, training waits for the copy to its host alone. */
export function checkpointOf(problem: Problem, plan: Plan, saving: Saving): Checkpoint {
  const bytes = checkpointBytes(problem, plan);
  if (saving.kind === 'stall') return { bytes, stallSeconds: saving.seconds, writeSeconds: saving.seconds };
  const writeSeconds = bytes / saving.bandwidth;
  if (saving.kind === 'sync') return { bytes, stallSeconds: writeSeconds, writeSeconds };
  const down = bytes / devicesOf(plan);
  const c = coefficients(problem.coefficients);
  const copies = groupsOf(plan).map((index) => {
    const host = hostOf(problem.cluster.groups[index]!);
    return copySeconds(host, { up: 0, down }, host.gpus, c);
  });
  return { bytes, stallSeconds: Math.max(...copies), writeSeconds };
}

/** BLOOM's 2.3 TB in 40 s from 48 hosts (its training log of 2022), and half of what production file systems reach in all (50 to 200 GB/s). */
const USUAL_STORAGE = { perHost: 1.2e9, most: 50e9 };

/** Where nobody says. */
export function usualSaving(hosts: number): Saving {
  return { kind: 'sync', bandwidth: Math.min(USUAL_STORAGE.most, hosts * USUAL_STORAGE.perHost) };
}
