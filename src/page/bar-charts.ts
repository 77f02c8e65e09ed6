import type { EChartsCoreOption } from 'echarts/core';
import type { ScatterData, StackedData, WaterfallData, WhiskerData } from './report-data.ts';
import { lines, type Theme } from './theme.ts';

const BAR = 28;

export function barsHeight(bars: number): number {
  return 44 + BAR * bars;
}

/** Bars lie, so that their names have room; a line of a name is as high as half a bar. */
function lying(names: readonly string[], theme: Theme, width: number) {
  return {
    animation: false,
    textStyle: { color: theme.text },
    grid: { left: 8, right: 76, top: 30, bottom: 8, containLabel: true },
    yAxis: {
      type: 'category',
      data: names,
      inverse: true,
      axisLabel: {
        color: theme.text,
        fontSize: 11,
        lineHeight: 12,
        width: width < 600 ? 110 : 260,
        overflow: 'break',
      },
      axisTick: { show: false },
    },
    xAxis: {
      type: 'value',
      axisLabel: { color: theme.faint, hideOverlap: true },
      splitLine: { lineStyle: { color: theme.line, opacity: 0.4 } },
      position: 'top',
    },
  };
}

export function stackedOption(
  { unit, bars, parts }: StackedData,
  theme: Theme,
  width: number,
): EChartsCoreOption {
  const names = bars.map(({ name }) => name);
  return {
    ...lying(names, theme, width),
    grid: { left: 8, right: 24, top: 58, bottom: 8, containLabel: true },
    legend: { textStyle: { color: theme.text }, top: 0, type: 'scroll' },
    tooltip: {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      confine: true,
      formatter: (items: readonly { readonly dataIndex: number }[]) => {
        const at = items[0]!.dataIndex;
        const { name, limit } = bars[at]!;
        const all = parts.reduce((sum, { values }) => sum + values[at]!, 0);
        return lines(
          name,
          ...parts
            .filter(({ values }) => values[at]! > 0)
            .map((part) => `${part.name}: ${part.values[at]!.toFixed(2)} ${unit}`),
          `in all ${all.toFixed(2)} of ${limit.toFixed(2)} ${unit}`,
        );
      },
    },
    series: [
      ...parts.map(({ name, values }, i) => ({
        name,
        type: 'bar',
        stack: 'all',
        data: values,
        itemStyle: { color: theme.series[i % theme.series.length] },
      })),
      {
        name: 'limit',
        type: 'scatter',
        symbol: 'rect',
        symbolSize: [3, BAR - 4],
        data: bars.map(({ name, limit }) => [limit, name]),
        itemStyle: { color: theme.text },
        z: 5,
      },
    ],
  };
}

export function waterfallOption(
  { unit, parts, whole }: WaterfallData,
  theme: Theme,
  width: number,
): EChartsCoreOption {
  const groups = [...new Set(parts.map(({ group }) => group))];
  const all = parts.reduce((sum, { value }) => sum + value, 0);
  let at = 0;
  const bars = parts.map((part) => {
    const from = at;
    at += part.value;
    return { ...part, from };
  });
  const names = [...bars.map(({ name }) => name), whole.name];
  return {
    ...lying(names, theme, width),
    tooltip: {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      confine: true,
      formatter: (items: readonly { readonly dataIndex: number }[]) => {
        const part = bars[items[0]!.dataIndex];
        return part === undefined
          ? lines(`${whole.name}: ${whole.text} ${unit}`)
          : lines(
              part.name,
              `${part.text} ${unit}, ${((100 * part.value) / all).toFixed(1)}% of the step`,
              part.group,
            );
      },
    },
    series: [
      {
        type: 'bar',
        stack: 'all',
        silent: true,
        itemStyle: { color: 'transparent' },
        data: [...bars.map(({ from }) => from), 0],
      },
      {
        type: 'bar',
        stack: 'all',
        data: [
          ...bars.map(({ value, group }) => ({
            value,
            itemStyle: { color: theme.series[groups.indexOf(group) % theme.series.length] },
          })),
          { value: all, itemStyle: { color: theme.faint } },
        ],
        label: {
          show: true,
          position: 'right',
          color: theme.text,
          formatter: ({ dataIndex }: { readonly dataIndex: number }) => bars[dataIndex]?.text ?? whole.text,
        },
      },
    ],
  };
}

export function scatterOption({ x, y, series }: ScatterData, theme: Theme): EChartsCoreOption {
  const axis = (name: string) => ({
    type: 'value',
    name,
    scale: true,
    nameLocation: 'middle',
    nameGap: 30,
    nameTextStyle: { color: theme.faint },
    axisLabel: { color: theme.faint, hideOverlap: true },
    splitLine: { lineStyle: { color: theme.line, opacity: 0.4 } },
  });
  return {
    animation: false,
    textStyle: { color: theme.text },
    grid: { left: 40, right: 24, top: 40, bottom: 40, containLabel: true },
    legend: { textStyle: { color: theme.text }, top: 0, type: 'scroll' },
    xAxis: axis(x),
    yAxis: { ...axis(y), nameGap: 44 },
    tooltip: {
      trigger: 'item',
      confine: true,
      formatter: ({
        data,
      }: {
        readonly data: { readonly name: string; readonly value: readonly [number, number] };
      }) =>
        lines(data.name, `${x}: ${data.value[0].toPrecision(4)}`, `${y}: ${data.value[1].toPrecision(4)}`),
    },
    series: series.map(({ name, front, points }, i) => ({
      name,
      type: front ? 'line' : 'scatter',
      symbolSize: 11,
      data: points.map((point) => ({ name: point.name, value: [point.x, point.y] })),
      itemStyle: { color: theme.series[i % theme.series.length] },
      lineStyle: { color: theme.series[i % theme.series.length] },
      label: {
        show: points.length <= 24,
        position: 'top',
        color: theme.text,
        formatter: ({ name: point }: { readonly name: string }) => point,
      },
      labelLayout: { hideOverlap: true },
    })),
  };
}

export function whiskerOption({ bars }: WhiskerData, theme: Theme, width: number): EChartsCoreOption {
  return {
    ...lying(
      bars.map(({ name }) => name),
      theme,
      width,
    ),
    tooltip: {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      confine: true,
      formatter: (items: readonly { readonly dataIndex: number }[]) => {
        const { name, text } = bars[items[0]!.dataIndex]!;
        return lines(name, text);
      },
    },
    series: [
      { type: 'bar', data: bars.map(({ value }) => value), itemStyle: { color: theme.series[0] } },
      {
        type: 'custom',
        silent: true,
        z: 5,
        encode: { x: [1, 2], y: 0 },
        data: bars.map(({ low, high }, at) => [at, low, high]),
        renderItem: (
          _: unknown,
          api: { value(at: number): number; coord(point: readonly [number, number]): [number, number] },
        ) => {
          const [left, y] = api.coord([api.value(1), api.value(0)]);
          const [right] = api.coord([api.value(2), api.value(0)]);
          const stroke = { stroke: theme.text, lineWidth: 1.5 };
          const line = (x1: number, y1: number, x2: number, y2: number) => ({
            type: 'line',
            shape: { x1, y1, x2, y2 },
            style: stroke,
          });
          return {
            type: 'group',
            children: [
              line(left, y, right, y),
              line(left, y - 5, left, y + 5),
              line(right, y - 5, right, y + 5),
            ],
          };
        },
      },
    ],
  };
}
