import type { Problem } from '../domain/problem.ts';
import type { Timeline, TimelinePass, TimelineRow } from '../domain/timeline.ts';
import { formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import type { Style } from './paint.ts';

const WIDEST = 130;
/** Of deeper pipelines the first and the last. */
const MOST_ROWS = 16;

const MARKS: Readonly<Record<TimelinePass['kind'], string>> = {
  forward: 'F',
  backward: 'B',
  'weight gradient': 'W',
};

/** What a row of a timeline is called: `stage 3`, `stage 1.3`, `GPU 3`. */
export function rowName({ rows }: Pick<Timeline, 'rows'>, { of, pipeline, index }: TimelineRow): string {
  const several = rows.some((row) => row.pipeline > 0);
  return `${of === 'gpu' ? 'GPU' : 'stage'} ${several ? `${pipeline}.` : ''}${index}`;
}

/** `of 256 micro-batches 12 are drawn`; empty: all are. */
export function drawnWords({ drawn }: Timeline): string {
  const [cut] = drawn.filter(({ microBatches, of }) => microBatches < of);
  return cut === undefined
    ? ''
    : `${cut.microBatches} of ${cut.of} micro-batches drawn, the others are like those in the middle`;
}

/** The pipeline's step in letters, a column a moment: what most of it is spent on. */
export function textTimeline({ cluster }: Problem, timeline: Timeline, { columns }: Style): string {
  const { rows, ending, seconds } = timeline;
  const shown =
    rows.length <= MOST_ROWS ? rows : [...rows.slice(0, MOST_ROWS / 2), ...rows.slice(-MOST_ROWS / 2)];
  const labels = shown.map((row) => `${rowName(timeline, row)} ${cluster.groups[row.group]!.gpu.id}`);
  const label = Math.max(...labels.map(({ length }) => length));
  const width = Math.min(WIDEST, columns - label - 2);
  const lines = shown.map((row, i) => `${labels[i]!.padEnd(label)}  ${line(row, ending, seconds, width)}`);
  if (shown.length < rows.length) lines.splice(MOST_ROWS / 2, 0, `… ${rows.length - shown.length} more`);
  const weights = rows.some(({ passes }) => passes.some(({ kind }) => kind === 'weight gradient'));
  const notes = [
    `a column is ${formatSeconds(seconds / width)}`,
    'F forward',
    `B backward${weights ? ' of inputs, W of weights' : ''}`,
    '· waiting',
    '= the end of the step',
    ...(drawnWords(timeline) === '' ? [] : [drawnWords(timeline)]),
  ];
  return [wrap(`timeline: ${notes.join(', ')}`, columns), ...lines].join('\n');
}

function line({ passes }: TimelineRow, ending: Timeline['ending'], seconds: number, width: number): string {
  const each = seconds / width;
  const spent = Array.from({ length: width }, () => new Map<string, number>());
  const add = (mark: string, from: number, to: number) => {
    const last = Math.min(width - 1, Math.floor(to / each));
    for (let at = Math.max(0, Math.floor(from / each)); at <= last; at++) {
      const share = Math.min(to, (at + 1) * each) - Math.max(from, at * each);
      if (share > 0) spent[at]!.set(mark, (spent[at]!.get(mark) ?? 0) + share);
    }
  };
  for (const { kind, from, to } of passes) add(MARKS[kind], from, to);
  for (const { from, to } of ending) add('=', from, to);
  return spent.map((of) => markOf(of, each)).join('');
}

/** What most of a moment is spent on; of two alike the earlier. */
function markOf(of: ReadonlyMap<string, number>, each: number): string {
  let [best, most, sum] = ['·', 0, 0];
  for (const [mark, share] of of) {
    sum += share;
    if (share > most * (1 + 1e-9)) [best, most] = [mark, share];
  }
  return each - sum > most ? '·' : best;
}
