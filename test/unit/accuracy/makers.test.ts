import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makersOf } from '../../../src/accuracy/makers.ts';
import { type Scored, score } from '../../../src/accuracy/score.ts';
import { loadGpu } from '../../../src/catalogue/gpus.ts';
import { readRows } from '../../../src/runs/rows.ts';

const run = (gpu: Scored['gpu'], over: Partial<Scored>): Scored => ({ gpu, band: 0.2, ...over }) as Scored;
const MI300X = { id: 'mi300x', vendor: 'amd', architecture: 'cdna3' } as const;
const MI250X = { id: 'mi250x-gcd', vendor: 'amd', architecture: 'cdna2' } as const;
const H100 = { id: 'h100-sxm', vendor: 'nvidia', architecture: 'hopper' } as const;

describe('runs by the maker of their GPUs', () => {
  const found = makersOf([
    run(H100, { stepError: 0.1 }),
    run(MI300X, { stepError: -0.3, band: 0.25, memoryError: -0.05 }),
    run(MI300X, { stepError: 0.1 }),
    run(MI250X, { memoryError: 0.02 }),
  ]);

  it('stand apart, GPUs of a generation together', () => {
    expect(Object.keys(found)).toEqual(['AMD', 'NVIDIA']);
    expect(Object.keys(found.AMD!)).toEqual(['mi250x-gcd', 'mi300x']);
  });

  it('are told with how often the band held, the widest of it, and memory apart', () => {
    expect(found.AMD!.mi300x).toMatchObject({
      rows: 2,
      inside: 0.5,
      band: 0.25,
      memoryRows: 1,
      worstUnder: -0.05,
    });
    expect(found.AMD!.mi300x!.mape).toBeCloseTo(0.2, 12);
    expect(found.AMD!['mi250x-gcd']).toMatchObject({
      rows: 0,
      mape: null,
      inside: null,
      band: null,
      memory: 0.02,
    });
  });
});

describe('GPUs whose clocks no runs tell', () => {
  const path = 'test/accuracy/runs.jsonl';
  const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
  const sparse = rows
    .filter((row) => row.model.moe && !row.model.hybrid && loadable(row.hardware.gpu))
    .filter(({ hardware }) => loadGpu(hardware.gpu).sustainedFit === null)
    .map((row) => score(row));

  it('say whether runs of experts were scored on them, as they were', () => {
    const seen = new Set(sparse.filter(({ stepError }) => stepError !== undefined).map(({ gpu }) => gpu!.id));
    const all = new Set(sparse.flatMap(({ gpu }) => gpu?.id ?? []));
    expect([...seen].sort()).toEqual(['mi355x']);
    for (const id of all) expect(loadGpu(id).expertRuns, id).toBe(seen.has(id));
  });

  it('have a band where they are AMD that four of five of those stay within, each source alike', () => {
    const amd = sparse.filter(({ gpu, stepError }) => gpu?.vendor === 'amd' && stepError !== undefined);
    const sources = [...new Set(amd.map(({ group }) => group))];
    // What a plan on MI300X has at the least: the GPU's own figures fitted, links measured.
    const band = Math.min(...sparse.flatMap(({ gpu, band }) => (gpu?.id === 'mi300x' ? band! : [])));
    const inside = sources.map((source) => {
      const own = amd.filter(({ group }) => group === source);
      return own.filter(({ stepError }) => Math.abs(stepError!) <= band).length / own.length;
    });
    expect(inside.reduce((sum, share) => sum + share, 0) / sources.length).toBeGreaterThanOrEqual(0.8);
  });
});

function loadable(gpu: string): boolean {
  try {
    loadGpu(gpu);
    return true;
  } catch {
    return false;
  }
}
