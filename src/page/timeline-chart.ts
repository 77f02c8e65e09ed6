import type { EChartsCoreOption } from 'echarts/core';
import { gaps, unfolded } from './passes.ts';
import type { TimelineData } from './report-data.ts';
import { block, ROW, way } from './shapes.ts';
import { lines, type Theme, time } from './theme.ts';

/** Passes of a row before anybody zooms: the pipeline fills. */
const SHOWN = { wide: 64, narrow: 24 };

interface Item {
  readonly value: readonly number[];
  readonly told: readonly string[];
  readonly itemStyle: { readonly color: string; readonly opacity?: number; readonly borderColor?: string };
}

export function timelineHeight({ rows }: TimelineData): number {
  return 34 + ROW * rows.length + 60 + (hasMemory(rows) ? 166 : 0);
}

function hasMemory(rows: TimelineData['rows']): boolean {
  return rows.some(({ memory }) => memory.length > 0);
}

/** The pipeline's step: passes, what waits between them, transfers as lines from row to row; memory below. */
export function timelineOption(data: TimelineData, theme: Theme, width: number): EChartsCoreOption {
  const { rows, passKinds, milliseconds } = data;
  const color = (kind: number) => theme.series[kind]!;
  const names = rows.map(({ name }) => name);
  const memory = hasMemory(rows);
  const bars = ROW * rows.length;
  const left = width < 600 ? 84 : 150;
  const longest = Math.max(...rows.map(({ passes }) => passes.length));
  const end = Math.min(100, (100 * (width < 600 ? SHOWN.narrow : SHOWN.wide)) / longest);
  const all = passKinds.map((name, kind) => ({
    name,
    items: rows.flatMap((row, at) =>
      unfolded(row.passes)
        .filter((pass) => pass[0] === kind)
        .map(
          ([, microBatch, chunk, from, to, beside]): Item => ({
            value: [at, from, to, beside],
            told: [
              `${row.name}: ${name} of micro-batch ${microBatch}`,
              `chunk ${chunk}, ${time(to - from)} from ${time(from)}`,
            ],
            itemStyle: { color: color(kind) },
          }),
        ),
    ),
  }));
  const kinds = all.filter(({ items }) => items.length > 0);
  const waiting = rows.flatMap((row, at) =>
    gaps(unfolded(row.passes)).map(
      ([from, to]): Item => ({
        value: [at, from, to, 0],
        told: [`${row.name}: waiting`, `${time(to - from)} from ${time(from)}`],
        itemStyle: { color: theme.line, opacity: 0.5 },
      }),
    ),
  );
  const ending = rows.flatMap((row, at) =>
    data.ending.map(
      ({ name, from, to }): Item => ({
        value: [at, from, to, 0],
        told: [`${row.name}: ${name}`, time(to - from)],
        itemStyle: { color: theme.series[4]! },
      }),
    ),
  );
  const sent = rows.flatMap((row, at) =>
    row.transfers.map(
      ([sender, microBatch, back, from, taken]): Item => ({
        value: [sender, from, at, from + taken],
        told: [
          `${back === 1 ? 'gradient' : 'activation'} of micro-batch ${microBatch}`,
          `${names[sender]} to ${row.name}, ${time(taken)}`,
        ],
        itemStyle: { color: theme.faint, opacity: 0.7 },
      }),
    ),
  );
  const bar = (name: string, items: readonly Item[]) => ({
    name,
    type: 'custom',
    renderItem: block,
    encode: { x: [1, 2], y: 0 },
    data: items,
    clip: true,
    itemStyle: { color: items[0]?.itemStyle.color ?? theme.line },
  });
  return {
    animation: false,
    textStyle: { color: theme.text },
    legend: {
      textStyle: { color: theme.text },
      top: 0,
      type: 'scroll',
      data: ['waiting', ...kinds.map(({ name }) => name), 'end of the step', 'transfer'],
    },
    tooltip: {
      trigger: 'item',
      confine: true,
      formatter: ({ data: item }: { readonly data: Item | readonly number[] }) =>
        'told' in item ? lines(...item.told) : '',
    },
    grid: [
      { left, right: 16, top: 34, height: bars },
      ...(memory ? [{ left, right: 16, top: 34 + bars + 50, height: 110 }] : []),
    ],
    xAxis: [0, ...(memory ? [1] : [])].map((gridIndex) => ({
      type: 'value',
      gridIndex,
      min: 0,
      max: milliseconds,
      axisLabel: { color: theme.faint, formatter: time, hideOverlap: true },
      splitLine: { lineStyle: { color: theme.line, opacity: 0.4 } },
    })),
    yAxis: [
      {
        type: 'category',
        data: names,
        inverse: true,
        axisLabel: { color: theme.text, fontSize: 11, width: left - 10, overflow: 'truncate' },
        axisTick: { show: false },
      },
      ...(memory
        ? [
            {
              type: 'value',
              gridIndex: 1,
              name: 'GiB allocated',
              nameTextStyle: { color: theme.faint },
              axisLabel: { color: theme.faint },
              splitLine: { lineStyle: { color: theme.line, opacity: 0.4 } },
            },
          ]
        : []),
    ],
    dataZoom: [
      { type: 'inside', xAxisIndex: memory ? [0, 1] : [0], filterMode: 'weakFilter', end },
      {
        type: 'slider',
        xAxisIndex: memory ? [0, 1] : [0],
        filterMode: 'weakFilter',
        end,
        bottom: 4,
        height: 18,
        labelFormatter: time,
      },
    ],
    series: [
      bar('waiting', waiting),
      ...kinds.map(({ name, items }) => bar(name, items)),
      bar('end of the step', ending),
      {
        name: 'transfer',
        type: 'custom',
        renderItem: way,
        encode: { x: [1, 3], y: [0, 2] },
        data: sent,
        clip: true,
        itemStyle: { color: theme.faint },
      },
      ...(memory
        ? rows.map(({ name, memory: samples }, i) => ({
            name: `memory of ${name}`,
            type: 'line',
            step: 'end',
            xAxisIndex: 1,
            yAxisIndex: 1,
            symbol: 'none',
            data: samples,
            lineStyle: { width: 1, color: theme.series[i % theme.series.length] },
            itemStyle: { color: theme.series[i % theme.series.length] },
          }))
        : []),
    ],
  };
}
