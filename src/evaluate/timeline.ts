import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Timeline, TimelinePass, TimelineRow, TimelineTransfer } from '../domain/timeline.ts';
import { scheduleOf } from '../schedules/index.ts';
import { lineOf } from '../schedules/lined-up.ts';
import type { Pass } from '../schedules/schedule.ts';
import { simulate } from '../schedules/simulate.ts';
import { dispatchOf } from '../techniques/index.ts';
import { endsOf } from './ends.ts';
import { clocked } from './estimate.ts';
import { memoryTrack } from './memory/memory-track.ts';
import { flowOf, heldAt, shapeOf, stageMemory } from './memory/stage-memory.ts';
import { visitDealt } from './time/dealt-time.ts';
import { endingParts } from './time/ending-parts.ts';
import { isAlone, laidOut } from './time/pipeline-time.ts';
import type { BlockRun, StageRun } from './time/stage-run.ts';

/** Passes of one row without their memory. */
interface PlayedRow {
  readonly passes: TimelinePass[];
  readonly transfers: TimelineTransfer[];
}

/**
 * What the simulator plays of one step: the same order, costs and memory terms as the estimate. Of more than `mostPasses`, fewer
 * micro-batches are played: the steady state of a pipeline repeats itself.
 */
export function timelineOf(given: Problem, plan: Plan, mostPasses = Number.POSITIVE_INFINITY): Timeline {
  const { problem, pipelines, tail } = clocked(given, plan);
  const factor = problem.stack.timeMultiplier.value;
  const dispatch = dispatchOf(plan.techniques);
  const share = mostPasses / pipelines.length;
  const played = pipelines.map(({ stages }, index) => {
    const { microBatches } = stages[0]!;
    const pipeline = plan.pipelines[index]!;
    const dealt = dispatch === null ? 1 : stages[0]!.blocks[0]!.profile.context.dims.dpShard;
    const each = 2 * stages.length * plan.dims.vpp * dealt;
    const drawn = fewer(microBatches, stages.length, Math.floor(share / each));
    const rows = isAlone(pipeline)
      ? dispatch === null
        ? [alone(stages[0]!, drawn)]
        : dealtRows(stages[0]!, drawn)
      : inOrder(problem, plan, index, stages, drawn);
    return { rows: rows.map((row) => scaled(row, factor)), drawn, of: microBatches };
  });
  const whole = played.every(({ drawn, of }) => drawn === of) && scheduleOf(plan.schedule).flows !== true;
  const start = whole
    ? tail.pipelineSeconds * factor
    : Math.max(...played.flatMap(({ rows }) => rows.map(({ passes }) => passes.at(-1)?.to ?? 0)));
  const ending: { name: string; from: number; to: number }[] = [];
  let at = start;
  for (const [name, seconds] of Object.entries(endingParts(problem, plan, pipelines, tail))) {
    if (seconds <= 0) continue;
    ending.push({ name, from: at, to: at + seconds * factor });
    at += seconds * factor;
  }
  const rows = played.flatMap(({ rows: some }, pipeline) =>
    some.map(({ passes, transfers }, index): TimelineRow => {
      const { stages } = pipelines[pipeline]!;
      const stage = stages[dispatch === null ? index : 0]!;
      return {
        pipeline,
        index,
        of: dispatch === null ? 'stage' : 'gpu',
        group: slowestOf(stage).block.group,
        passes,
        transfers,
        memory:
          dispatch === null ? memoryOf(plan, pipeline, stages, index, passes, { from: start, to: at }) : [],
      };
    }),
  );
  return { rows, ending, seconds: at, drawn: played.map(({ drawn, of }) => ({ microBatches: drawn, of })) };
}

/** Of one stage, whose micro-batches are no rounds. */
const FEWEST_ALONE = 8;

/** So many micro-batches at most, two rounds at least, whose last round is as full as that of all. */
function fewer(microBatches: number, stages: number, most: number): number {
  if (microBatches <= most) return microBatches;
  const rest = microBatches % stages;
  const rounds = Math.max(stages === 1 ? FEWEST_ALONE : 2, Math.floor((most - rest) / stages));
  return Math.min(microBatches, rounds * stages + rest);
}

function alone({ forward, backward }: StageRun, microBatches: number): PlayedRow {
  const passes: TimelinePass[] = [];
  let at = 0;
  for (let microBatch = 0; microBatch < microBatches; microBatch++)
    for (const [kind, seconds] of [
      ['forward', forward[0]!],
      ['backward', backward[0]!],
    ] as const) {
      passes.push({ kind, microBatch, chunk: 0, from: at, to: at + seconds, ...single(kind) });
      at += seconds;
    }
  return { passes, transfers: [] };
}

/** Of a pass with a slot of its own, its weight gradients with it. */
function single(kind: TimelinePass['kind']): Pick<TimelinePass, 'beside' | 'frees'> {
  return { beside: false, frees: kind === 'backward' };
}

/** A row a GPU; `microBatches` of each. */
function dealtRows({ blocks }: StageRun, microBatches: number): PlayedRow[] {
  const { profile } = blocks[0]!;
  const gpus = profile.context.dims.dpShard;
  const rows = Array.from({ length: gpus }, (): PlayedRow => ({ passes: [], transfers: [] }));
  visitDealt(profile, microBatches * gpus, (gpu, kind, microBatch, from, to) =>
    rows[gpu]!.passes.push({ kind, microBatch, chunk: 0, from, to, ...single(kind) }),
  );
  return rows;
}

const KINDS: Readonly<Record<Pass['kind'], TimelinePass['kind']>> = {
  F: 'forward',
  B: 'backward',
  W: 'weight gradient',
};

function inOrder(
  problem: Problem,
  plan: Plan,
  index: number,
  runs: readonly StageRun[],
  microBatches: number,
): PlayedRow[] {
  const { schedule, places, models, costs } = laidOut(problem, plan, plan.pipelines[index]!, runs);
  const length = places.length / models;
  const chunkOf = new Map(places.map(({ stage, chunk }, g) => [`${stage} ${chunk}`, g]));
  const rows = runs.map((): PlayedRow => ({ passes: [], transfers: [] }));
  /** Ends of passes by kind, chunk and micro-batch: where the next chunk's input comes from. */
  const ended = new Map<string, number>();
  const line = lineOf(schedule, shapeOf(plan, runs.length, microBatches));
  const apart = schedule.splitsBackward;
  simulate(line, costs, (stage, pass, { from, to, ready }) => {
    const { kind, microBatch, chunk } = pass;
    const { passes, transfers } = rows[stage]!;
    const before = passes.at(-1);
    const beside = before !== undefined && before.from === from && before.to === to && to > from;
    const frees = kind === 'W' || (kind === 'B' && (!apart || pass.whole === true));
    passes.push({ kind: KINDS[kind], microBatch, chunk, from, to, beside, frees });
    if (kind === 'W') return;
    const g = chunkOf.get(`${stage} ${chunk}`)!;
    const source = kind === 'F' ? (g % length > 0 ? g - 1 : -1) : g % length < length - 1 ? g + 1 : -1;
    const sent = ended.get(`${kind} ${source} ${microBatch}`);
    const fromRow = places[source]?.stage;
    if (sent !== undefined && fromRow !== undefined && fromRow !== stage && ready > sent)
      transfers.push({
        kind: kind === 'F' ? 'forward' : 'backward',
        microBatch,
        fromRow,
        from: sent,
        to: ready,
      });
    ended.set(`${kind} ${g} ${microBatch}`, to);
  });
  return rows;
}

function scaled({ passes, transfers }: PlayedRow, factor: number): PlayedRow {
  const on = <T extends { readonly from: number; readonly to: number }>(one: T): T => ({
    ...one,
    from: one.from * factor,
    to: one.to * factor,
  });
  return { passes: passes.map(on), transfers: transfers.map(on) };
}

/** The copies that set the pace. */
function slowestOf({ blocks }: StageRun): BlockRun {
  const pace = ({ block, forward, backward }: BlockRun) =>
    block.microBatches * forward.reduce((sum, seconds, chunk) => sum + seconds + backward[chunk]!, 0);
  return blocks.reduce((a, b) => (pace(b) > pace(a) ? b : a));
}

/** Of the copies that come nearest to their limit. */
function memoryOf(
  plan: Plan,
  pipeline: number,
  runs: readonly StageRun[],
  index: number,
  passes: readonly TimelinePass[],
  end: { readonly from: number; readonly to: number },
) {
  const ends = endsOf(plan, plan.pipelines[pipeline]!)[index]!;
  const flow = flowOf(plan.schedule, shapeOf(plan, runs.length, runs[0]!.microBatches))[index]!;
  const fullness = ({ profile, content }: BlockRun) => {
    const { deviceBytes, limitBytes } = stageMemory(profile, content, ends, flow);
    return deviceBytes / limitBytes;
  };
  const { profile, content } = runs[index]!.blocks.reduce((a, b) => (fullness(b) > fullness(a) ? b : a));
  const { fronts: _, ...kept } = flow;
  const { terms } = heldAt(profile, { chunks: content.length, ends, ...kept });
  return memoryTrack(terms, content, ends, passes, end);
}
