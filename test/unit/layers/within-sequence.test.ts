import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import type { ModelSpec } from '../../../src/domain/model.ts';
import { softmax } from '../../../src/layers/mixers/softmax.ts';
import { flopsPerToken } from '../../../src/layers/parameters.ts';
import { withinSequence } from '../../../src/layers/within-sequence.ts';
import { run } from '../../fixtures/run.ts';

const windowsOf = ({ kinds }: ModelSpec) =>
  kinds.map(({ mixer }) => (softmax.is(mixer) ? mixer.slidingWindow : undefined));

const stepOf = async (model: string, ...more: string[]) => {
  const { out } = await run(['estimate', model, 'dgx-h100-8', '--global-batch', '16', '--json', ...more]);
  return (JSON.parse(out) as { stepTimeSeconds: number }).stepTimeSeconds;
};

describe('a window that never binds', () => {
  it('is none, and kinds of layer that it told apart are one', () => {
    const gemma = loadModel('gemma-2-9b').value;
    const bound = withinSequence(gemma, 4096);
    expect(windowsOf(bound)).toEqual([null]);
    expect(bound.kinds[0]!.name).toBe('dense');
    expect(new Set(bound.layers)).toEqual(new Set([0]));
    expect(bound.layers).toHaveLength(gemma.layers.length);
  });

  it('is what it was for one token more', () => {
    const gemma = loadModel('gemma-2-9b').value;
    expect(withinSequence(gemma, 4097)).toBe(gemma);
    expect(windowsOf(gemma)).toEqual([4096, null]);
  });

  it('stays in layers of a smaller window', () => {
    const oss = loadModel('gpt-oss-20b').value;
    expect(withinSequence(oss, 8192)).toBe(oss);
  });

  it('costs nothing and forbids nothing', async () => {
    const configuration = ['--config', 'tp=1,dp=4,cp=2,zero=1,recompute=full', '--seq-length', '4096'];
    const mistral = await stepOf('mistral-7b', ...configuration);
    expect(mistral).toBeGreaterThan(0.1);
    expect(mistral).toBe(await stepOf('test/fixtures/mistral-without-window.yaml', ...configuration));
    const plan = ['plan', 'mistral-7b', 'dgx-h100-8', '--global-batch', '16', '--launcher', 'flagscale'];
    expect((await run([...plan, '--seq-length', '4096'])).code).toBe(0);
    const longer = await run([...plan, '--seq-length', '8192']);
    expect(longer.code).toBe(5);
    expect(longer.out).toContain('sliding-window attention');
  });
});

describe('attention in chunks', () => {
  const chunked = (chunk: number | undefined): ModelSpec => {
    const model = loadModel('llama-3.1-8b').value;
    const kinds = model.kinds.map((kind) => ({
      ...kind,
      mixer: { ...kind.mixer!, ...(chunk && { chunk }) },
    }));
    return { ...model, kinds };
  };

  it('has the scores of sequences as long as a chunk', () => {
    const linear = flopsPerToken(chunked(undefined), 1);
    const scores = (model: ModelSpec, sequence: number) => flopsPerToken(model, sequence) - linear;
    expect(scores(chunked(2048), 8192) / scores(chunked(undefined), 2048)).toBeCloseTo(1, 3);
    expect(scores(chunked(8192), 8192)).toBe(scores(chunked(undefined), 8192));
  });

  it('is none where a sequence is no longer', () => {
    expect(withinSequence(chunked(8192), 8192).kinds[0]!.mixer).not.toHaveProperty('chunk');
    expect(withinSequence(chunked(2048), 8192).kinds[0]!.mixer).toHaveProperty('chunk', 2048);
  });
});
