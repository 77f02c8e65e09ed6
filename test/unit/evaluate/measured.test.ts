import { describe, expect, it } from 'vitest';
import { total } from '../../../src/domain/estimate.ts';
import type { LayerProfileEntry } from '../../../src/domain/layer-profile.ts';
import type { Techniques } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { stageProfile } from '../../../src/evaluate/stage-profile.ts';
import { seconds } from '../../../src/evaluate/time/pass-time.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { FULL_RECOMPUTE, recompute, selective } from '../../../src/techniques/recompute.ts';
import { problem } from '../../fixtures/problem.ts';

const base = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 16 });
const LAYERS = 32;

const POINTS: LayerProfileEntry['points'] = [
  { microBatch: 1, forwardSeconds: 0.01, backwardSeconds: 0.02, savedBytes: 500 * 2 ** 20 },
  { microBatch: 4, forwardSeconds: 0.034, backwardSeconds: 0.068, savedBytes: 2000 * 2 ** 20 },
];

function entry(over: Partial<LayerProfileEntry> = {}): LayerProfileEntry {
  return {
    gpu: 'h100-sxm',
    part: 'layer',
    layerKind: null,
    precision: 'bf16',
    tensorParallel: 2,
    contextParallel: 1,
    expertParallel: 1,
    expertTensorParallel: 1,
    sequenceLength: 4096,
    points: POINTS,
    ...over,
  };
}

function measured(p: Problem, ...entries: LayerProfileEntry[]): Problem {
  return { ...p, layerProfile: { name: 'mine', entries } };
}

function costed(p: Problem, config: string) {
  const outcome = planOf(p, parseConfiguration(config));
  if ('rule' in outcome) throw new Error(outcome.rule);
  return estimate(p, outcome.plan);
}

/** Seconds of one micro-batch on the first stage: of its layers, and of the ends. */
function stageSeconds(p: Problem, config: string): { layers: number; ends: number } {
  const { compute } = costed(p, config).stages[0]!;
  const ends = compute['embedding, head and loss']!;
  return { layers: total(compute) - ends, ends };
}

/** One layer, micro-batch 1, on all GPUs of the node, as a profile of its stage has it. */
function layerTime(p: Problem, tp: number, techniques: Techniques = {}) {
  const dims = { tp, cp: 1, pp: 1, dpReplicate: 8 / tp, dpShard: 1, ep: 1, etp: 1, vpp: 1 };
  const place = { group: 0, firstDevice: 0, microBatchSize: 1, schedule: '1f1b' };
  return stageProfile(p, { ...place, dims, techniques: { sp: tp > 1, ...techniques } }).layers[0]![0]!.time;
}

describe('a GPU whose kernels are scaled from another', () => {
  const group = base.cluster.groups[0]!;
  const gpu = { ...group.gpu, provenance: { ...group.gpu.provenance, gemm: 'assumed' as const } };
  const scaled = { ...base, cluster: { ...base.cluster, groups: [{ ...group, gpu }] } };
  const told = (p: Problem) => costed(p, 'tp=2,dp=4,micro-batch=1').assumptions.join();

  it('is told of what was not measured alone', () => {
    expect(told(scaled)).toContain('h100-sxm: GEMM speed scaled from a similar GPU');
    expect(told(measured(scaled, entry()))).toMatch(/GEMM speed of embedding, head.* scaled/);
    const all = (['layer', 'embedding', 'head', 'loss'] as const).map((part) => entry({ part }));
    expect(told(measured(scaled, ...all))).not.toMatch(/GEMM speed/);
  });
});

describe('a layer that was measured', () => {
  const given = measured(base, entry());

  it('takes what it took, between two points along the line between them', () => {
    const layers = (config: string) => costed(given, config).stages[0]!.compute['layers as measured'];
    expect(layers('tp=2,dp=4,micro-batch=1')).toBeCloseTo(LAYERS * 0.03, 9);
    expect(layers('tp=2,dp=4,micro-batch=2')).toBeCloseTo(LAYERS * (0.018 + 0.036), 9);
    expect(layers('tp=2,dp=4,micro-batch=4')).toBeCloseTo(LAYERS * 0.102, 9);
  });

  it('takes as long on every stack: what corrects estimates is not for it', () => {
    const slow = measured(
      problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 16 }, 'nanotron'),
      entry(),
    );
    const { time } = costed(slow, 'tp=2,dp=4,micro-batch=1');
    expect(time['layers as measured']).toBeCloseTo(4 * LAYERS * 0.03, 9);
  });

  it('keeps the bytes it kept', () => {
    const { memory } = costed(given, 'tp=2,dp=4,micro-batch=1').stages[0]!;
    const plain = costed(base, 'tp=2,dp=4,micro-batch=1').stages[0]!.memory;
    expect(memory.allocated.activations! - plain.allocated.activations!).not.toBe(0);
    expect(memory.allocated.activations!).toBeGreaterThanOrEqual(LAYERS * 500 * 2 ** 20);
  });

  it('is run again in the same share of its forward as estimated', () => {
    for (const again of [FULL_RECOMPUTE, selective('mlp')]) {
      const [took, plain] = [given, base].map((p) => layerTime(p, 2, { [recompute.id]: again }));
      expect(seconds(plain!.recompute)).toBeGreaterThan(0);
      expect(seconds(took!.recompute) / seconds(took!.forward)).toBeCloseTo(
        seconds(plain!.recompute) / seconds(plain!.forward),
        9,
      );
    }
  });

  it('is named by its ends alone where they were not measured', () => {
    const { assumptions } = costed(given, 'tp=2,dp=4,micro-batch=1');
    expect(assumptions).toContain('embedding, head, loss on h100-sxm estimated: not in mine');
    expect(assumptions.join()).not.toMatch(/scaled/);
  });
});

describe('a layer that was measured elsewhere', () => {
  it('is scaled by measured over estimated at the nearest point, pass by pass', () => {
    const near = layerTime(base, 2);
    const [took, plain] = [measured(base, entry()), base].map((p) => layerTime(p, 4));
    const run = (value: number) => value / base.stack.timeMultiplier.value;
    for (const [pass, point] of [
      ['forward', 0.01],
      ['backward', 0.02],
    ] as const)
      expect(seconds(took![pass]) / seconds(plain![pass])).toBeCloseTo(run(point) / seconds(near[pass]), 9);
    expect(took!.weightGrad / plain!.weightGrad).toBeCloseTo(run(0.02) / seconds(near.backward), 9);
  });

  it.each(['tp=4,dp=2', 'tp=1,dp=8', 'tp=2,cp=2,dp=2', 'tp=2,dp=4,micro-batch=8'])(
    'does not win by not being measured: %s',
    (config) => {
      const slow = POINTS.map((point) => ({ ...point, forwardSeconds: 5 * point.forwardSeconds }));
      const p = measured(
        problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64 }),
        entry({ points: slow }),
      );
      const covered = costed(p, 'tp=2,dp=4,micro-batch=1').stepSeconds;
      expect(costed(p, config).stepSeconds).toBeGreaterThan(covered / 2);
    },
  );

  it('is told, with where it was measured', () => {
    const { assumptions } = costed(measured(base, entry()), 'tp=4,cp=2,micro-batch=1');
    expect(assumptions.join()).toMatch(
      /dense layers on h100-sxm at tp=4, cp=2, micro-batch 1 scaled from mine at tp=2, cp=1, micro-batch 1, where it has \d(?:\.\d)? × the estimate(,|$)/,
    );
    const slips = POINTS.map((point) => ({ ...point, forwardSeconds: 1e3 * point.forwardSeconds }));
    expect(costed(measured(base, entry({ points: slips })), 'tp=4,dp=2').assumptions.join()).toMatch(
      /× the estimate: maybe another unit/,
    );
  });

  it('is less sure, and the less the further away', () => {
    const p = measured(base, entry());
    const band = (config: string) => costed(p, config).band;
    expect(band('tp=4,dp=2,micro-batch=1')).toBeGreaterThan(band('tp=2,dp=4,micro-batch=1'));
    expect(band('tp=8,micro-batch=1')).toBeGreaterThan(band('tp=4,dp=2,micro-batch=1'));
  });

  it('is scaled by the point with the same precision, whatever is nearer in size', () => {
    const fp8 = entry({ precision: 'fp8', tensorParallel: 4 });
    const { assumptions } = costed(measured(base, fp8, entry()), 'tp=4,dp=2,micro-batch=1');
    expect(assumptions.join()).toMatch(/scaled from mine at tp=2, micro-batch 1/);
    const alone = costed(measured(base, fp8), 'tp=4,dp=2,micro-batch=1').assumptions;
    expect(alone.join()).toMatch(/at tp=4, micro-batch 1, bf16 scaled from mine at tp=4, micro-batch 1, fp8/);
  });

  it('takes 16-bit formats for one, and what states none for that of the run', () => {
    for (const precision of ['fp16', null] as const) {
      const { assumptions } = costed(measured(base, entry({ precision })), 'tp=2,dp=4,micro-batch=1');
      expect(assumptions.join()).not.toMatch(/scaled/);
      expect(/states no precision/.test(assumptions.join())).toBe(precision === null);
    }
  });

  it('keeps no fewer bytes than estimated', () => {
    const thin = POINTS.map((point) => ({ ...point, savedBytes: 1024 }));
    const thick = POINTS.map((point) => ({ ...point, savedBytes: 2 * point.savedBytes! }));
    const bytes = (p: Problem) => costed(p, 'tp=4,dp=2,micro-batch=1').stages[0]!.memory.allocatedBytes;
    expect(bytes(measured(base, entry({ points: thin })))).toBe(bytes(base));
    expect(bytes(measured(base, entry({ points: thick })))).toBeGreaterThan(bytes(base));
  });

  it('may be measured on more GPUs than a cluster has', () => {
    const p = measured(
      problem('llama-3.2-1b', '4090-1', { globalBatchSize: 4 }),
      entry({ gpu: 'rtx-4090', tensorParallel: 8 }),
    );
    expect(costed(p, 'tp=1').stepSeconds).toBeGreaterThan(0);
  });
});

describe('layers of several kinds', () => {
  const moe = problem('deepseek-v2-lite', 'dgx-h100-8', { globalBatchSize: 16 });

  it('are scaled by another kind where only that was measured', () => {
    const p = measured(moe, entry({ layerKind: 'dense', tensorParallel: 1 }));
    const { assumptions } = costed(p, 'dp=8,ep=8,micro-batch=1');
    expect(assumptions.join()).toMatch(/moe layers on h100-sxm .* scaled from mine at .*, dense layers/);
    expect(assumptions.join()).not.toMatch(/dense layers on h100-sxm/);
  });

  it('with experts are measured for one way to deal them out', () => {
    const dealt = entry({ layerKind: 'moe', tensorParallel: 1, expertParallel: 8 });
    const words = (config: string) => costed(measured(moe, dealt), config).assumptions.join();
    expect(words('dp=8,ep=8,micro-batch=1')).not.toMatch(/moe layers on/);
    expect(words('dp=8,ep=4,micro-batch=1')).toMatch(/moe layers .* ep=4, .* scaled from mine at .*ep=8/);
  });
});

describe('ends of the model that were measured', () => {
  const points = (forwardSeconds: number) => [
    { microBatch: 1, forwardSeconds, backwardSeconds: 2 * forwardSeconds, savedBytes: null },
  ];
  const ends = (tensorParallel: number) => [
    entry({ part: 'embedding', tensorParallel, points: points(0.1) }),
    entry({ part: 'head', tensorParallel, points: points(1) }),
    entry({ part: 'loss', tensorParallel, points: points(10) }),
  ];

  it('take what they took', () => {
    const p = measured(base, ...ends(2));
    expect(stageSeconds(p, 'tp=2,dp=4,micro-batch=1').ends).toBeCloseTo(33.3, 6);
    const [first, last] = costed(p, 'tp=2,pp=2,dp=2,micro-batch=1').stages;
    expect(first!.compute['embedding, head and loss']).toBeCloseTo(0.3, 6);
    expect(last!.compute['embedding, head and loss']).toBeCloseTo(33, 6);
  });

  it('go by tokens alone, however these came about', () => {
    const p = measured(base, ...ends(2).map((one) => ({ ...one, sequenceLength: 2048 })));
    expect(stageSeconds(p, 'tp=2,cp=2,dp=2,micro-batch=1').ends).toBeCloseTo(33.3, 6);
  });

  it('are scaled elsewhere, each by itself', () => {
    const plain = stageSeconds(base, 'tp=4,dp=2,micro-batch=1').ends;
    const p = measured(base, ...ends(2));
    const { ends: scaled } = stageSeconds(p, 'tp=4,dp=2,micro-batch=1');
    expect(scaled).toBeGreaterThan(10 * plain);
    expect(costed(p, 'tp=4,dp=2,micro-batch=1').assumptions.join()).toMatch(
      /loss on h100-sxm at tp=4, micro-batch 1 scaled from mine at tp=2, micro-batch 1/,
    );
  });

  it('leave layers as estimated, and say so', () => {
    const p = measured(base, ...ends(2));
    const config = 'tp=2,dp=4,micro-batch=1';
    expect(stageSeconds(p, config).layers).toBeCloseTo(stageSeconds(base, config).layers, 9);
    expect(costed(p, config).assumptions).toContain('layers on h100-sxm estimated: not in mine');
  });

  it('count again for what predicts further tokens', () => {
    const v3 = problem('deepseek-v3', 'dgx-h100-512', { globalBatchSize: 512 });
    expect(v3.model.mtpLayers).toBe(1);
    const config = 'pp=16,ep=32,dp=32,micro-batch=1';
    const last = costed(measured(v3, ...ends(1)), config).stages.at(-1)!;
    expect(last.compute['embedding, head and loss']).toBeGreaterThan(2 * 33);
  });

  it('are never taken whole by a stage that has a share of the vocabulary', () => {
    const p = measured(base, ...ends(2));
    const config = 'tp=2,pp=2,dp=2,micro-batch=1,vocabulary=vocab-1';
    expect(stageSeconds(p, config).ends).toBeLessThan(33);
    expect(costed(p, config).assumptions.join()).toMatch(/head on h100-sxm .* scaled/);
  });
});
