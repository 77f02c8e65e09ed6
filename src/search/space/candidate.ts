import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { StageSpec } from '../../evaluate/context.ts';
import { shapeOf } from '../../evaluate/memory/stage-memory.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { type ChunkPlace, chunkPlaces, type PipelineShape } from '../../schedules/schedule.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { zero } from '../../techniques/zero.ts';
import { rememberedOf } from '../../units/remembered.ts';
import type { Choice } from './choices.ts';
import { copiesOf, type Layout, type Serving } from './frame.ts';
import { interned } from './technique-choices.ts';

/** A plan but for the layers of its stages. */
export interface Candidate {
  readonly layout: Layout;
  readonly choice: Choice;
}

/** Of the copies that take most: where they do not divide the batch, some take one less. */
export function microBatchesPerReplica({ workload }: Problem, { layout, choice }: Candidate): number {
  return Math.ceil(workload.globalBatchSize / choice.microBatchSize / layout.dp);
}

/** Degrees and techniques as its plan has them. */
export function sharedOf({ layout, choice }: Candidate): Pick<Plan, 'dims' | 'schedule' | 'techniques'> {
  const { cp, ep, etp } = layout;
  const { vpp, schedule, techniques } = choice;
  const dpReplicate = zero.of(techniques) === 0 ? 1 : choice.dpReplicate;
  return { dims: { cp, ep, etp, vpp, dpReplicate }, schedule, techniques };
}

/** A stage on the GPUs of one run, its layers apart. */
export function specFor({ cluster }: Problem, candidate: Candidate, run: Serving): StageSpec {
  const { group, tp, fold = 1 } = run;
  const { layout, choice } = candidate;
  const { dims, schedule, techniques } = sharedOf(candidate);
  const { cp, ep, etp, vpp, dpReplicate } = dims;
  return {
    group,
    firstDevice: cluster.groups[group]!.firstDevice,
    dims: { tp, cp, pp: layout.pp, dpReplicate, dpShard: copiesOf(layout, run) / dpReplicate, ep, etp, vpp },
    microBatchSize: choice.microBatchSize * fold,
    schedule,
    techniques,
  };
}

/** Its pipeline, as schedules see it. */
export function shapeFor(candidate: Candidate, microBatches: number): PipelineShape {
  return shapeOf(sharedOf(candidate), candidate.layout.pp, microBatches);
}

/** Where its chunks live, in layer order. */
export function placesOf({ layout, choice }: Candidate): ChunkPlace[] {
  return chunkPlaces(scheduleOf(choice.schedule), { stages: layout.pp, virtualStages: choice.vpp });
}

/** As it would be typed after --config, layers apart. */
export function candidateText({ layout, choice }: Candidate): string {
  const { tp, pp, cp, ep, etp, runs } = layout;
  const copies = [...new Set(runs.map((run) => copiesOf(layout, run)))].join('/');
  const expert = ep > 1 || etp > 1 ? `,ep=${ep},etp=${etp}` : '';
  const techniques = TECHNIQUES.flatMap(({ id, of, off, format, choices, allowedAs }) => {
    const text = format(of(choice.techniques));
    return choices === undefined || (allowedAs !== undefined && text === format(off))
      ? []
      : [`,${id}=${text}`];
  });
  return `tp=${tp},pp=${pp},dp=${copies},cp=${cp}${expert},vpp=${choice.vpp},micro-batch=${choice.microBatchSize}${techniques.join('')}`;
}

const bare = new WeakMap<Choice, Choice>();
const whole = new WeakMap<Choice, Choice>();

/** Covering some layers is never faster than covering none. */
export function withoutFewest(candidate: Candidate): Candidate {
  const { choice } = candidate;
  const one = TECHNIQUES.find(({ id }) => id === choice.fewest);
  if (one === undefined) return candidate;
  const plain = () => ({
    ...choice,
    techniques: interned(one.set(choice.techniques, one.off)),
    fewest: null,
  });
  return { ...candidate, choice: rememberedOf(bare, choice, plain) };
}

/** Covering so many layers of each stage; one that covers none or all stays as it is. */
export function withSome(candidate: Candidate, layers: number): Candidate {
  const { choice } = candidate;
  const one = TECHNIQUES.find(({ id }) => id === choice.fewest);
  if (one === undefined) return candidate;
  const techniques = one.set(choice.techniques, one.limit!.with(one.of(choice.techniques), layers));
  return { ...candidate, choice: { ...choice, techniques, fewest: null } };
}

/** Covering all. */
export function withAll(candidate: Candidate): Candidate {
  const { choice } = candidate;
  if (choice.fewest === null) return candidate;
  return { ...candidate, choice: rememberedOf(whole, choice, () => ({ ...choice, fewest: null })) };
}
