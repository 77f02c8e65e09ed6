import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGpu } from '../../../src/catalogue/gpus.ts';

const H100 = readFileSync('hardware-profiles/gpus/h100-sxm.yaml', 'utf8');
const H800 = readFileSync('hardware-profiles/gpus/h800-sxm.yaml', 'utf8');

function load(text: string) {
  const path = join(mkdtempSync(join(tmpdir(), 'gpu-')), 'ours.yaml');
  writeFileSync(path, text);
  return () => loadGpu(path);
}

describe('a GPU file', () => {
  it('states one peak for each dtype, which curves are a share of', () => {
    const half = load(H100.replace('bf16: 989.4 TFLOP/s', 'bf16: 494.7 TFLOP/s'))();
    expect(half.peakFlops.bf16).toBe(494.7e12);
    expect(half.gemm.bf16!.maxEfficiency).toBe(loadGpu('h100-sxm').gemm.bf16!.maxEfficiency);
    expect(load(H100.replace('    maxEfficiency:', '    peak: 989.4 TFLOP/s\n    maxEfficiency:'))).toThrow(
      /unknown key "peak"/,
    );
  });

  it('states what it reached of its own peaks over the curves of a relative', () => {
    const share = loadGpu('h100-sxm').gemm.bf16!.maxEfficiency;
    const reached = load(
      H800.replace(
        /( {2}efficiencyRatio: .*)/,
        '$1\n  reached: { fp32: 0.5, attention: 0.4, provenance: fitted, source: "a test" }',
      ),
    )();
    expect(reached.gemm.fp32!.maxEfficiency).toBe(0.5);
    expect(reached.gemm.bf16!.maxEfficiency).toBeCloseTo(share, 1);
    expect(reached.attention.efficiencyHeadDim128).toBe(0.4);
    expect(reached.provenance.gemm).toBe('fitted');
  });

  it.each([
    [
      'a share of no peak',
      H800.replace(
        /( {2}efficiencyRatio: .*)/,
        '$1\n  reached: { nvfp4: 0.5, provenance: fitted, source: "a test" }',
      ),
      /ours\.yaml:\d+.*share of nvfp4, and peak no nvfp4/,
    ],
    [
      'a curve without a peak',
      H100.replace(/ {2}fp8: 1978.*\n/, ''),
      /ours\.yaml:\d+.*curve of fp8, and peak no fp8/,
    ],
    [
      'no peak to train at',
      H100.replace(/ {2}[bf]+p?16: 989.*\n/g, ''),
      /ours\.yaml:\d+.*peak states neither bf16 nor fp16/,
    ],
    [
      'no curves',
      H100.replace(/^gemm:[\s\S]*/m, ''),
      /has no gemm curve[\s\S]*like: \{ gpu, efficiencyRatio \}/,
    ],
    ['an unknown relative', H800.replace('gpu: h100-sxm', 'gpu: h1'), /ours\.yaml:\d+.*like\.gpu is "h1"/],
    [
      'an unknown link',
      H100.replace('link: nvlink4', 'link: nvlnk4'),
      /no link "nvlnk4"[\s\S]*Maybe "nvlink4"/,
    ],
    ['a name in capitals', H100.replace('names: [h100]', 'names: [H100]'), /ours\.yaml:\d+/],
  ])('with %s is refused by line', (_, text, message) => {
    expect(load(text)).toThrow(message);
  });
});
