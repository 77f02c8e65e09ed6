import { describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const CLIP = ['clip-vit-l-14', '4090-8', '--global-batch', '64', '--precision', 'fp16'] as const;
const CONFIG = ['--config', 'pp=2,dp=4,micro-batch=2'] as const;

describe('a model without sequences', () => {
  it('is told in samples, in tables and in documents', async () => {
    const table = await run(['estimate', ...CLIP, ...CONFIG]);
    expect(table.code).toBe(0);
    expect(table.out).toMatch(/[\d,]+ samples\/s/);
    expect(table.out).not.toMatch(/tokens\/s|sequence/);
    const { out } = await run(['estimate', ...CLIP, ...CONFIG, '--json']);
    const { stepTimeSeconds, samplesPerSecond, tokensPerSecond } = JSON.parse(out);
    expect(samplesPerSecond).toBeCloseTo(64 / stepTimeSeconds, 9);
    expect(tokensPerSecond).toBeUndefined();
  });

  it('is compared in samples, and has no bill in tokens', async () => {
    const compared = ['compare', ...CLIP, '--launcher', 'any'];
    const { out } = await run([...compared, '--csv']);
    expect(out).toContain('samplesPerSecond');
    expect(out).toContain('dollarsPerMillionSamples');
    expect(out).not.toContain('okens');
    const { code, err } = await run([...compared, '--tokens', '1T']);
    expect(code).toBe(2);
    expect(err).toContain('counted in samples');
  });

  it('is planned without a launcher, and says that none runs it', async () => {
    const held = ['--fix', 'pp=2,micro-batch=2', '--top', '1'];
    const none = await run(['plan', ...CLIP, ...held]);
    expect(none.code).toBe(5);
    expect(none.out).toContain('layer-kind: given in image-patches layers');
    const any = await run(['plan', ...CLIP, ...held, '--launcher', 'any']);
    expect(any.code).toBe(0);
    expect(any.out).toContain('samples/s');
    expect(any.out).toContain('No framework here runs 1 as printed');
  });

  it.each([
    ['--seq-length', ['estimate', ...CLIP, ...CONFIG, '--seq-length', '2048']],
    ['--packing', ['estimate', ...CLIP, ...CONFIG, '--packing', 'mean=20']],
    ['no sequences', ['skip', 'clip-vit-l-14', 'four-regions', '--seq-length', '1']],
  ])('refuses what is of sequences: %s', async (what, argv) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).toContain(what);
    expect(err).toContain('CLIP ViT-L/14');
  });
});
