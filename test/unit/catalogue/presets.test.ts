import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { listModels, loadModel } from '../../../src/catalogue/models.ts';
import { softmax } from '../../../src/layers/mixers/softmax.ts';

/**
 * The published config.json of each, as far as a reader asks for its keys; `checked`: what it was compared with that is not the preset
 * itself. Sizes of the others are held by the exact totals of `parameter-counts.json`.
 */
const published = JSON.parse(readFileSync('test/fixtures/preset-configs.json', 'utf8')) as Record<
  string,
  { readonly source: string; readonly checked?: string; readonly config: Record<string, unknown> }
>;

const cited = listModels().flatMap((name) => {
  const document = parse(readFileSync(`configs/models/${name}.yaml`, 'utf8'));
  return / config\.json$/.test(document.source) ? [{ name, document }] : [];
});

describe('presets that cite a config.json', () => {
  it('are all compared', () => {
    expect(cited.map(({ name }) => name).sort()).toEqual(Object.keys(published).sort());
  });

  it.each(cited)('$name carries its fields', ({ name, document }) => {
    const { source, config } = published[name]!;
    expect(document.source).toBe(`${source} config.json`);
    expect(document.huggingFace).toEqual(config);
  });

  it.each(cited)(
    '$name says where its windows and positions were read, or that they were not',
    ({ name }) => {
      const { checked } = published[name]!;
      const text = readFileSync(`configs/models/${name}.yaml`, 'utf8');
      if (checked === undefined) expect(text).toMatch(/^# From memory, no copy/m);
      else expect(text).not.toMatch(/^# From memory/m);
    },
  );

  it.each([
    ['gemma-3-27b', 1024, 52],
    ['gemma-2-9b', 4096, 21],
    ['mistral-7b', 4096, 32],
    ['phi-3-medium', 2047, 40],
    ['gpt-oss-20b', 128, 12],
    ['qwen2.5-7b', null, 28],
    ['phi-4', null, 40],
  ])('%s: window %s on %i layers', (name, window, layers) => {
    const { kinds, layers: all } = loadModel(name).value;
    const windows = all.map((kind) => {
      const { mixer } = kinds[kind]!;
      return softmax.is(mixer) ? mixer.slidingWindow : undefined;
    });
    expect(windows.filter((one) => one === window)).toHaveLength(layers);
  });

  it.each([
    ['deepseek-v3', 1],
    ['glm-4.5', 1],
    ['glm-4.5-air', 1],
    ['kimi-k2', 0],
  ])('%s predicts %i further tokens', (name, layers) => {
    expect(loadModel(name).value.mtpLayers).toBe(layers);
  });
});
