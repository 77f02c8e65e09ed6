import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromHuggingFace } from '../../../src/catalogue/huggingface/index.ts';
import { listModels, loadModel } from '../../../src/catalogue/models.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { countParameters, flopsPerToken } from '../../../src/layers/parameters.ts';

import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

interface Known {
  readonly model: string;
  readonly config: Record<string, unknown>;
  readonly parts: Readonly<Record<string, number>>;
  readonly total: number;
  readonly active: number;
}

const { models } = JSON.parse(readFileSync('test/fixtures/parameter-counts.json', 'utf8')) as {
  models: Known[];
};

describe('parameter counts', () => {
  it.each(models.map((known) => [known.model, known] as const))('%s, part by part', (_, known) => {
    const count = countParameters(fromHuggingFace(known.config, known.model));
    expect(count.total).toBe(known.total);
    expect(count.active).toBe(known.active);
    const { parts } = known;
    expect(count.embedding + count.positions).toBe(parts.embedding);
    expect(count.finalNorm).toBe(parts.final_norm);
    if (parts.lm_head !== undefined && !known.model.includes('MoE-instruct'))
      expect(count.lmHead).toBe(parts.lm_head);
    const dense = count.kinds.find(({ perLayer }) => (perLayer.mlpDense ?? 0) > 0);
    const moe = count.kinds.find(({ perLayer }) => (perLayer.routedExperts ?? 0) > 0);
    expect(count.kinds[0]!.perLayer.attention).toBe(parts.attention_per_layer);
    expect(count.kinds[0]!.perLayer.norms).toBe(parts.norms_per_layer);
    if (dense !== undefined && parts.dense_layers! > 0)
      expect(dense.perLayer.mlpDense).toBe(parts.dense_mlp_per_layer);
    if (moe !== undefined) {
      const { router = 0, routedExperts = 0, sharedExperts = 0 } = moe.perLayer;
      expect(router + routedExperts + sharedExperts).toBe(parts.moe_per_layer);
    }
  });

  it('counts multi-token prediction one way: what it trains, and the copies that a checkpoint stores with it', () => {
    const deepseek = loadModel('deepseek-v3').value;
    const count = countParameters(deepseek);
    expect(count.total + count.multiTokenPrediction + count.storedCopies).toBe(684_489_845_504);
    const air = { ...loadModel('glm-4.5-air').value, mtpLayers: 1 };
    const { multiTokenPrediction } = countParameters(air);
    expect(multiTokenPrediction / 1e9).toBeCloseTo(2.38, 2);
    // A last stage that holds nothing but the head and the module holds just those parameters.
    const given = { ...problem('glm-4.5-air', 'dgx-h100-512', { globalBatchSize: 512 }), model: air };
    const bytes = (model: typeof air) => {
      const configured = planOf({ ...given, model }, parseConfiguration('tp=1,pp=1,dp=1,ep=1,sharding=0'));
      if ('rule' in configured) throw new Error(configured.actual);
      return estimate({ ...given, model }, configured.plan).stages[0]!.memory.allocated.weights!;
    };
    expect(bytes(air) - bytes({ ...air, mtpLayers: 0 })).toBe(2 * multiTokenPrediction);
    // Its FLOPs: six for each active parameter of its layer and projection, and the head once more.
    const more = flopsPerToken(air, 4096) - flopsPerToken({ ...air, mtpLayers: 0 }, 4096);
    const layers = flopsPerToken({ ...air, layers: [...air.layers, air.layers.at(-1)!], mtpLayers: 0 }, 4096);
    const layer = layers - flopsPerToken({ ...air, mtpLayers: 0 }, 4096);
    const h = air.hiddenSize;
    expect(more).toBeCloseTo(layer + 6 * (2 * h * h + air.vocabSize * h), -3);
  });

  it('equals published totals for presets', () => {
    const totals = {
      'llama-3.2-3b': 3_212_749_824,
      'mixtral-8x22b': 140_620_634_112,
      'gpt-oss-120b': 116_829_156_672,
      'glm-4.5': 352_797_829_024,
      'deepseek-v2': 235_741_434_880,
      'phi-4': 14_659_507_200,
    };
    for (const [name, total] of Object.entries(totals))
      expect(countParameters(loadModel(name).value).total).toBe(total);
  });

  it('loads every preset', () => {
    expect(listModels().length).toBeGreaterThanOrEqual(26);
    for (const name of listModels())
      expect(countParameters(loadModel(name).value).total).toBeGreaterThan(1e8);
  });

  it('counts model FLOPs as Narayanan et al. do, causality aside', () => {
    const model = loadModel('gpt3-175b').value;
    const [l, h, v, s] = [96, 12288, 51200, 2048];
    const paper = 72 * l * h * h * (1 + s / (12 * h) + v / (12 * l * h));
    expect(flopsPerToken(model, s) / paper).toBeCloseTo(1, 2);
  });
});
