import { type Document, validateDocument } from '../../catalogue/document.ts';
import { playDispatched } from '../../schedules/dispatched/play.ts';
import { scheduleOf } from '../../schedules/index.ts';
import { linedUp } from '../../schedules/lined-up.ts';
import { chunkPlaces, type Pass } from '../../schedules/schedule.ts';
import { simulate } from '../../schedules/simulate.ts';
import { roundPipeCaseSchema } from '../../schema/round-pipe-case.ts';
import type { CaseKind } from './case-kind.ts';
import { dispatchedThroughput } from './dispatched-throughput.ts';
import { type Entry, entry } from './entry.ts';

/** Layers of a model, milliseconds of one micro-batch on each. */
export interface Model {
  readonly layers: number;
  readonly fwd: number;
  readonly bwd: number;
  readonly head_fwd: number;
  readonly head_bwd: number;
  readonly hop: number;
  readonly even: readonly number[];
  readonly chunks?: readonly number[];
  readonly rp_fwd: readonly number[];
  readonly rp_bwd: readonly number[];
}

/** Baselines by the name that the table has; GPipe goes backward in the order of its forwards, looped stages in the other. */
const BASELINES: Readonly<Record<string, { readonly id: string; readonly turned: boolean }>> = {
  '1f1b': { id: '1f1b', turned: false },
  interleaved: { id: 'interleaved-1f1b', turned: false },
  gpipe: { id: 'gpipe', turned: true },
  looped_bfs: { id: 'breadth-first', turned: true },
};

export const roundPipeCase: CaseKind = {
  keys: ['N', 'M', 'models'],
  entries(document) {
    const { N, M, models } = validateDocument(document, roundPipeCaseSchema);
    const makespans = Object.entries(models).flatMap(([name, one]) =>
      Object.entries(one.makespan).flatMap(([system, published]): Entry[] => {
        const predicted = makespan(system, one, N, M);
        return predicted === null ? [] : [entry(`${name} ${system} makespan, ms`, predicted, published)];
      }),
    );
    return [...makespans, ...throughputs(document)];
  },
};

/** Of each table `throughput_4090_1_to_8`: tokens per second on one GPU, two, and so on, or OOM. */
function throughputs({ value, locate }: Document): Entry[] {
  return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([key, table]) => {
    const gpu = /^throughput_(.+)_1_to_\d+$/.exec(key)?.[1];
    if (gpu === undefined) return [];
    return Object.entries(table as Readonly<Record<string, readonly (number | string)[]>>).flatMap(
      ([model, published]) =>
        published.map((value, i) => {
          const name = `${model} on ${i + 1} × ${gpu}, tokens/s`;
          const predicted = dispatchedThroughput(model, gpu, i + 1, locate(`/${key}/${model}`));
          return entry(name, predicted, typeof value === 'number' ? value : 'OOM');
        }),
    );
  });
}

function makespan(system: string, model: Model, gpus: number, microBatches: number): number | null {
  if (system === 'roundpipe') return roundRobin(model, gpus, microBatches);
  const baseline = BASELINES[system];
  return baseline === undefined ? null : pipeline(baseline, model, gpus, microBatches);
}

/** Recomputation may run before the gradient arrives; the first backward stage has its forward in it, and the head. */
function roundRobin(model: Model, gpus: number, microBatches: number): number {
  const visits = {
    forward: model.rp_fwd.map((layers) => layers * model.fwd),
    backward: model.rp_bwd.map((layers, i) =>
      i === 0
        ? { before: model.head_fwd, backward: layers * model.bwd + model.head_bwd }
        : { before: layers * model.fwd, backward: layers * model.bwd },
    ),
  };
  return playDispatched(visits, { gpus, microBatches, perRound: gpus, hop: model.hop }).makespan;
}

/** A backward's recomputation begins when the gradient is there; the head is not recomputed. */
function pipeline(
  { id, turned }: { readonly id: string; readonly turned: boolean },
  model: Model,
  gpus: number,
  microBatches: number,
): number {
  const schedule = scheduleOf(id);
  const layers = schedule.chunks === 'one' ? model.even : (model.chunks ?? looped(model.layers, gpus));
  const shape = { stages: gpus, microBatches, virtualStages: layers.length / gpus };
  const places = chunkPlaces(schedule, shape);
  const forward: number[][] = Array.from({ length: gpus }, () => []);
  const backward: number[][] = Array.from({ length: gpus }, () => []);
  for (const [g, { stage, chunk }] of places.entries()) {
    const last = g === places.length - 1;
    forward[stage]![chunk] = layers[g]! * model.fwd + (last ? model.head_fwd : 0);
    backward[stage]![chunk] = layers[g]! * (model.fwd + model.bwd) + (last ? model.head_bwd : 0);
  }
  const order = schedule.order(shape);
  const played = turned ? order.map((passes) => turnedBack(passes, microBatches)) : order;
  return simulate(linedUp(played, places, microBatches), {
    ...{ forward, backward, weightGrad: forward },
    transfer: places.map(() => model.hop),
  }).makespanSeconds;
}

function turnedBack(passes: readonly Pass[], microBatches: number): Pass[] {
  return passes.map((pass) =>
    pass.kind === 'F' ? pass : { ...pass, microBatch: microBatches - 1 - pass.microBatch },
  );
}

/**
 * As many chunks as layers, to a multiple of the GPUs: where more, ends are left without a layer, the last first; where fewer, the last
 * has the head alone and those before it two.
 */
function looped(layers: number, gpus: number): number[] {
  const chunks = gpus * Math.max(1, Math.ceil(layers / gpus - 0.5));
  const empty = Math.max(0, chunks - layers);
  if (chunks >= layers) {
    const front = Math.floor(empty / 2);
    return Array.from({ length: chunks }, (_, g) => (g < front || g >= front + layers ? 0 : 1));
  }
  const [places, least] = [chunks - 1, Math.floor(layers / (chunks - 1))];
  const more = layers - least * places;
  return Array.from({ length: chunks }, (_, g) => (g === places ? 0 : least + (g >= places - more ? 1 : 0)));
}
