import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { LabelLayout } from 'echarts/features';
import { CanvasRenderer } from 'echarts/renderers';
import { barsHeight, scatterOption, stackedOption, waterfallOption, whiskerOption } from './bar-charts.ts';
import type { ChartData } from './report-data.ts';
import { sortable } from './sortable.ts';
import { type Theme, themeOf } from './theme.ts';
import { timelineHeight, timelineOption } from './timeline-chart.ts';

use([
  ...[BarChart, CustomChart, LineChart, ScatterChart],
  ...[DataZoomComponent, GridComponent, LegendComponent, TooltipComponent],
  ...[LabelLayout, CanvasRenderer],
]);

function optionOf(data: ChartData, theme: Theme, width: number): EChartsCoreOption {
  switch (data.kind) {
    case 'timeline':
      return timelineOption(data, theme, width);
    case 'stacked':
      return stackedOption(data, theme, width);
    case 'waterfall':
      return waterfallOption(data, theme, width);
    case 'scatter':
      return scatterOption(data, theme);
    case 'whiskers':
      return whiskerOption(data, theme, width);
  }
}

function heightOf(data: ChartData): number {
  switch (data.kind) {
    case 'timeline':
      return timelineHeight(data);
    case 'stacked':
      return barsHeight(data.bars.length) + 28;
    case 'waterfall':
      return barsHeight(data.parts.length + 1);
    case 'scatter':
      return 360;
    case 'whiskers':
      return barsHeight(data.bars.length);
  }
}

const charts = JSON.parse(document.getElementById('charts')!.textContent) as readonly ChartData[];
const drawn = charts.flatMap((data, i) => {
  const place = document.getElementById(`chart-${i}`);
  if (place === null) return [];
  place.style.height = `${heightOf(data)}px`;
  const chart = init(place);
  return [{ chart, data }];
});

function draw(): void {
  const theme = themeOf(document.documentElement);
  for (const { chart, data } of drawn) chart.setOption(optionOf(data, theme, chart.getWidth()));
}

draw();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
addEventListener('resize', () => {
  for (const { chart } of drawn) chart.resize();
  draw();
});
for (const table of document.querySelectorAll('table')) sortable(table);
document.documentElement.dataset.drawn = String(drawn.length);
