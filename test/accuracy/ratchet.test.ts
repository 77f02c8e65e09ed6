import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readLayerTimes } from '../../src/accuracy/layer-rows.ts';
import { scoreLayers, summariseLayers } from '../../src/accuracy/layer-score.ts';
import { score } from '../../src/accuracy/score.ts';
import { summarise } from '../../src/accuracy/summary.ts';
import { MEASURED_UP_TO } from '../../src/plan-text/beyond-measured.ts';
import { readRows } from '../../src/runs/rows.ts';
import { type Baseline, baselineOf, worse } from '../../tools/accuracy/baseline.ts';
import { orderOf } from '../../tools/accuracy/order.ts';

describe('accuracy on published runs', () => {
  const path = 'test/accuracy/runs.jsonl';
  const { rows, problems } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
  const scored = rows.map((row) => score(row));
  const leftOut = JSON.parse(readFileSync('test/accuracy/left-out.json', 'utf8'));
  const summary = summarise(scored, leftOut);
  const layerPath = 'test/accuracy/layer-times.jsonl';
  const layers = summariseLayers(scoreLayers(readLayerTimes(layerPath, readFileSync(layerPath, 'utf8'))));

  it('reads every row', () => {
    expect(problems).toEqual([]);
    expect(rows.length).toBeGreaterThan(1500);
  });

  it('only ever gets better', () => {
    const before = JSON.parse(readFileSync('test/accuracy/baseline.json', 'utf8')) as Baseline;
    expect(worse(baselineOf(summary, layers), before)).toEqual([]);
  });

  it('puts plans in an order that is worth what is said of it', () => {
    const { steadyRegret, fastestRegret, wrongOrders } = orderOf(scored);
    expect(fastestRegret).toBeCloseTo(summary.ranking.topOneRegret!, 9);
    expect(steadyRegret).toBeLessThan(fastestRegret);
    const [tie, some, sure] = wrongOrders.map(({ pairs, wrong }) => wrong / pairs);
    // Two of five; one of eight; one of a hundred: docs/explanation.md.
    expect(tie!).toBeGreaterThan(0.3);
    expect(some!).toBeLessThan(0.15);
    expect(sure!).toBeLessThan(0.015);
  });

  it('calls measured what runs with a step time reach, and no more', () => {
    const largest = (of: (config: (typeof rows)[number]['config']) => number | null | undefined) =>
      Math.max(
        ...scored.filter(({ stepError }) => stepError !== undefined).map(({ row }) => of(row.config) ?? 1),
      );
    expect(MEASURED_UP_TO).toEqual({
      tp: largest(({ tp }) => tp),
      cp: largest(({ cp }) => cp),
      pp: largest(({ pp }) => pp),
      ep: largest(({ ep }) => ep),
      etp: largest(({ etp }) => etp),
    });
  });

  it('gives times whose parts sum to the step', () => {
    for (const row of scored) {
      if (row.parts === undefined) continue;
      const sum = Object.values(row.parts).reduce((a, b) => a + b, 0);
      expect(Math.abs(sum / row.predictedStepSeconds! - 1)).toBeLessThan(1e-9);
    }
  });

  it('lists what it cannot express with a reason', () => {
    for (const row of scored) if (row.status === 'inexpressible') expect(row.reason).toMatch(/\w/);
  });
});
