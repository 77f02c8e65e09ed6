import { type Pipeline, type ReplicaBlock, type Stage, sequencesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { StageText } from './pipelines.ts';

interface Sizes {
  readonly cp: number;
  /** Of stages that name none. */
  readonly microBatchSize: number;
}

/** Pipelines as they were spelled out; each group's GPUs serve in the order in which stages name it. A Reason where a law breaks. */
export function spelledOut(
  problem: Problem,
  texts: readonly (readonly StageText[])[],
  { cp, microBatchSize }: Sizes,
): Pipeline[] | Reason {
  const { groups } = problem.cluster;
  const unknown = texts
    .flatMap((stages) => stages.flatMap(({ copies }) => copies))
    .find(({ group }) => !groups.some(({ id }) => id === group));
  if (unknown !== undefined)
    return {
      rule: 'groups',
      actual: `pipelines has "${unknown.group}"`,
      limit: groups.map(({ id }) => id).join(', '),
    };
  const next = groups.map(({ firstDevice }) => firstDevice);
  const place = (copies: StageText['copies']): ReplicaBlock[] =>
    copies.map(({ group: id, count, tp, microBatches, microBatchSize: own, stateParts }) => {
      const group = groups.findIndex((one) => one.id === id);
      const firstDevice = next[group]!;
      next[group] = firstDevice + count * tp * cp;
      return {
        ...{ count, group, firstDevice, tp, microBatches },
        ...(own === null ? {} : { microBatchSize: own }),
        ...(stateParts === 1 ? {} : { stateParts }),
      };
    });
  const pipelines = texts.map((stages): Pipeline => {
    let first = 0;
    const built = stages.map(({ layers, microBatchSize: own, copies }): Stage => {
      const chunks = [{ first, end: first + layers }];
      first += layers;
      return { chunks, microBatchSize: own ?? microBatchSize, replicas: place(copies) };
    });
    return { stages: built, microBatches: microBatchesOf(built[0]!) };
  });
  return sequencesLaw(problem, pipelines) ?? pipelines;
}

function microBatchesOf({ replicas }: Stage): number {
  return replicas.reduce((sum, { count, microBatches }) => sum + count * microBatches, 0);
}

/** Every stage of a pipeline works on all its sequences, and all pipelines together on the batch. */
function sequencesLaw({ workload }: Problem, pipelines: readonly Pipeline[]): Reason | null {
  let all = 0;
  for (const { stages } of pipelines) {
    const sequences = stages.map(sequencesOf);
    const odd = sequences.findIndex((n) => n !== sequences[0]);
    if (odd > 0)
      return {
        rule: 'stage-sequences',
        actual: `stage ${odd} takes ${sequences[odd]} sequences a step`,
        limit: `${sequences[0]}, as stage 0: copies × micro-batches × sequences of one`,
      };
    all += sequences[0]!;
  }
  if (all === workload.globalBatchSize) return null;
  return {
    rule: 'batch-shares',
    actual: `pipelines take ${all} sequences a step`,
    limit: `the global batch of ${workload.globalBatchSize}`,
  };
}
