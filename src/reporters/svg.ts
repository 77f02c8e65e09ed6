import type { Problem } from '../domain/problem.ts';
import type { Timeline, TimelinePass, TimelineRow } from '../domain/timeline.ts';
import { formatSeconds } from '../units/format.ts';
import { GiB } from '../units/quantity.ts';
import { escaped } from './escaped.ts';
import { drawnWords, rowName } from './text-timeline.ts';

const WIDTH = 1200;
const LEFT = 150;
const RIGHT = 20;
const TOP = 70;
const BAR = 22;
const MEMORY = 16;
const ROW = BAR + MEMORY + 10;
/** Of a bar that has room for the number of its micro-batch. */
const NUMBERED = 14;

/** Kinds differ in lightness and in the letter of their legend, not in hue alone. */
const COLORS: Readonly<Record<TimelinePass['kind'], string>> = {
  forward: '#4c78a8',
  backward: '#8fc27c',
  'weight gradient': '#f2cf5b',
};
const ENDING = '#9d755d';

/** The timeline of a step as one picture: passes of each stage, what waits, the end of the step, and the memory of a GPU below. */
export function timelineSvg({ model, cluster }: Problem, timeline: Timeline, stepSeconds: number): string {
  const { rows, ending, seconds } = timeline;
  const height = TOP + rows.length * ROW + 40;
  const x = (at: number) => round(LEFT + ((WIDTH - LEFT - RIGHT) * at) / seconds);
  const most = Math.max(...rows.flatMap(({ memory }) => memory.map(({ bytes }) => bytes)), 1);
  const kinds = [...new Set(rows.flatMap(({ passes }) => passes.map(({ kind }) => kind)))];
  const drawn = drawnWords(timeline);
  const title = `${model.name} on ${cluster.name}: a step of ${formatSeconds(stepSeconds)}${drawn === '' ? '' : `; ${drawn}`}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<style>svg{background:#fff;color:#222}text{fill:currentColor}@media(prefers-color-scheme:dark){svg{background:#1b1b1f;color:#ddd}}</style>',
    `<text x="10" y="22" font-size="15">${escaped(title)}</text>`,
    ...legend(kinds, most),
    ...ticks(seconds, height, x),
    ...rows.flatMap((row, i) =>
      rowOf(row, TOP + i * ROW, x, most, label(timeline, row, cluster.groups[row.group]!.gpu.id)),
    ),
    ...rows.flatMap((_, i) =>
      ending.map(({ name, from, to }) =>
        rectangle(x(from), TOP + i * ROW, x(to) - x(from), ENDING, `${name}: ${formatSeconds(to - from)}`),
      ),
    ),
    '</svg>',
    '',
  ].join('\n');
}

function label(timeline: Timeline, row: TimelineRow, gpu: string): string {
  return `${rowName(timeline, row)} ${gpu}`;
}

function legend(kinds: readonly TimelinePass['kind'][], most: number): string[] {
  const entries = [
    ...kinds.map((kind) => [COLORS[kind], kind] as const),
    [ENDING, 'end of the step'] as const,
    ['none', `below: memory of a GPU, to ${(most / GiB).toFixed(1)} GiB allocated`] as const,
  ];
  let x = 10;
  return entries.flatMap(([color, text]) => {
    const at = x;
    x += 34 + 7 * text.length;
    return [
      `<rect x="${at}" y="34" width="14" height="12" fill="${color}" stroke="currentColor" stroke-width="0.5"/>`,
      `<text x="${at + 19}" y="44">${escaped(text)}</text>`,
    ];
  });
}

function ticks(seconds: number, height: number, x: (at: number) => number): string[] {
  const count = 8;
  return Array.from({ length: count + 1 }, (_, i) => {
    const at = (seconds * i) / count;
    return `<path d="M${x(at)} ${TOP - 6}V${height - 34}" stroke="currentColor" stroke-opacity="0.15"/><text x="${x(at)}" y="${height - 18}" text-anchor="middle">${escaped(formatSeconds(at))}</text>`;
  });
}

function rowOf(
  { passes, memory }: TimelineRow,
  y: number,
  x: (at: number) => number,
  most: number,
  name: string,
): string[] {
  const bars = passes.map(({ kind, microBatch, chunk, from, to, beside }) => {
    const [left, width] = [x(from), x(to) - x(from)];
    const what = `${name}, ${kind} of micro-batch ${microBatch}, chunk ${chunk}: ${formatSeconds(to - from)}`;
    const half = beside ? BAR / 2 : BAR;
    const bar = rectangle(left, y + BAR - half, width, COLORS[kind], what, half);
    return width < NUMBERED || beside
      ? bar
      : `${bar}<text x="${round(left + width / 2)}" y="${y + 15}" text-anchor="middle" font-size="10" style="fill:#111">${microBatch}</text>`;
  });
  return [
    `<text x="10" y="${y + 15}">${escaped(name)}</text>`,
    ...bars,
    ...memoryLine(memory, y + BAR + MEMORY, x, most),
  ];
}

function memoryLine(
  memory: TimelineRow['memory'],
  floor: number,
  x: (at: number) => number,
  most: number,
): string[] {
  if (memory.length === 0) return [];
  const y = (bytes: number) => round(floor - (MEMORY - 2) * (bytes / most));
  const [first, ...rest] = memory as [TimelineRow['memory'][number], ...TimelineRow['memory']];
  const steps = rest.map(({ at, bytes }) => `H${x(at)}V${y(bytes)}`).join('');
  const path = `M${x(first.at)} ${floor}V${y(first.bytes)}${steps}V${floor}Z`;
  return [`<path d="${path}" fill="currentColor" fill-opacity="0.25"/>`];
}

function rectangle(x: number, y: number, width: number, fill: string, title: string, height = BAR): string {
  return `<rect x="${x}" y="${y}" width="${round(width)}" height="${height}" fill="${fill}" stroke="#222" stroke-width="0.3"><title>${escaped(title)}</title></rect>`;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
