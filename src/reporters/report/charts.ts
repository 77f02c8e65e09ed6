import type { Estimate, StageEstimate } from '../../domain/estimate.ts';
import { total } from '../../domain/estimate.ts';
import type { Problem } from '../../domain/problem.ts';
import { PASSES, type Timeline } from '../../domain/timeline.ts';
import type { StackedData, TimelineData, WaterfallData } from '../../page/report-data.ts';
import { GiB } from '../../units/quantity.ts';
import { decimalsFor, fixed, fixedParts } from '../../units/rounded.ts';
import { memoryParts, namesOf } from '../memory-bars.ts';
import { rowName } from '../text-timeline.ts';
import { paidFor, timeClasses } from '../time-classes.ts';
import type { Section } from './html.ts';

/** Transfers between more passes would be a carpet, and memory of more rows a thicket; both are bytes. */
const MOST_WITH_TRANSFERS = 16_000;
const MOST_WITH_MEMORY = 16;

/** Digits that every figure of a chart has: more would be bytes that nobody sees. */
const DIGITS = 5;

function timelineData({ cluster }: Problem, timeline: Timeline): TimelineData {
  const { rows, ending, seconds } = timeline;
  const places = new Map(rows.map(({ pipeline, index }, at) => [`${pipeline} ${index}`, at]));
  const many = rows.reduce((sum, { passes }) => sum + passes.length, 0) > MOST_WITH_TRANSFERS;
  return {
    kind: 'timeline',
    passKinds: [...PASSES],
    milliseconds: milli(seconds),
    ending: ending.map(({ name, from, to }) => ({ name, from: milli(from), to: milli(to) })),
    rows: rows.map((row) => ({
      name: `${rowName(timeline, row)} ${cluster.groups[row.group]!.gpu.id}`,
      passes: row.passes.map(({ kind, microBatch, chunk, from, to }, i) => [
        PASSES.indexOf(kind),
        microBatch,
        chunk,
        milli(from - (row.passes[i - 1]?.to ?? 0)),
        milli(to - from),
      ]),
      transfers: many
        ? []
        : row.transfers.map(({ kind, microBatch, fromRow, from, to }) => [
            places.get(`${row.pipeline} ${fromRow}`)!,
            microBatch,
            kind === 'forward' ? 0 : 1,
            milli(from),
            milli(to - from),
          ]),
      memory:
        rows.length > MOST_WITH_MEMORY
          ? []
          : row.memory.map(({ at, bytes }) => [milli(at), Number((bytes / GiB).toPrecision(DIGITS))]),
    })),
  };
}

/** To seven digits, at most a nanosecond. */
function milli(seconds: number): number {
  return Math.round(1e6 * Number((1e3 * seconds).toPrecision(7))) / 1e6;
}

/** GiB by part on the fullest GPU of each stage, against its limit. */
function memoryData({ cluster }: Problem, stages: readonly StageEstimate[]): StackedData {
  const name = namesOf(stages);
  const parts = [...new Set(stages.flatMap((stage) => Object.keys(memoryParts(stage))))];
  const gib = (bytes: number) => Number((bytes / GiB).toPrecision(DIGITS));
  return {
    kind: 'stacked',
    unit: 'GiB',
    bars: stages.map((stage) => ({
      name: `stage ${name(stage)} ${cluster.groups[stage.group]!.gpu.id}`,
      limit: gib(stage.memory.limitBytes),
    })),
    parts: parts.map((part) => ({
      name: part,
      values: stages.map((stage) => gib(memoryParts(stage)[part] ?? 0)),
    })),
  };
}

/** The step, part by part. */
function stepData({ time }: Estimate): WaterfallData {
  const classes = timeClasses(time);
  const parts = classes.flatMap(({ name: group, parts: own }) =>
    own.map(([name, seconds]) => ({ group, name, seconds })),
  );
  const decimals = decimalsFor(1e3 * total(time), DIGITS);
  const shown = fixedParts(
    parts.map(({ seconds }) => 1e3 * seconds),
    decimals,
  );
  return {
    kind: 'waterfall',
    unit: 'ms',
    parts: parts.flatMap(({ name, group, seconds }, i) =>
      /[1-9]/.test(shown[i]!)
        ? [
            {
              name: paidFor(name),
              group,
              value: Number((1e3 * seconds).toPrecision(DIGITS + 2)),
              text: shown[i]!,
            },
          ]
        : [],
    ),
    whole: { name: 'step', text: fixed(1e3 * total(time), decimals) },
  };
}

/** What every report of one plan has. */
export function planCharts(
  problem: Problem,
  estimate: Estimate,
  timeline: Timeline,
  drawn: string,
): Section[] {
  return [
    {
      kind: 'chart',
      title: 'Where the step goes, ms',
      note: 'The busiest stage part by part, what it waits, and the end of the step; the parts add up to the step.',
      data: stepData(estimate),
    },
    {
      kind: 'chart',
      title: 'The step, pass by pass',
      note: `As the simulator plays it; scroll or drag to zoom.${drawn === '' ? '' : ` ${drawn}.`}`,
      data: timelineData(problem, timeline),
    },
    {
      kind: 'chart',
      title: 'Memory by stage, GiB',
      note: 'The fullest GPU of each stage at its worst point of the step, against its limit.',
      data: memoryData(problem, estimate.stages),
    },
  ];
}
