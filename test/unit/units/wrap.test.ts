import { describe, expect, it } from 'vitest';
import { wrapMessage } from '../../../src/units/wrap.ts';

const MESSAGE = [
  '/a/rather/long/path/to/a/file-of-a-cluster.yaml:3:18: unknown GPU "NVIDIA H100 80GB HBM3"',
  '  expected: one of a10, a100-40-pcie, a100-40-sxm, a100-80-pcie, a100-80-sxm, a10g',
  '  Maybe `shardwright cluster list --json`, or --gpu-types h100-sxm,a100-80-sxm beside it.',
].join('\n');

describe('a message', () => {
  it.each([60, 72, 80, 100])('is broken at %i columns, all its words kept', (columns) => {
    const lines = wrapMessage(MESSAGE, columns).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toBe(MESSAGE.replaceAll(/\s+/g, ' '));
  });

  it('keeps file names, commands and quoted names whole', () => {
    const text = wrapMessage(MESSAGE, 60);
    for (const whole of [
      '`shardwright cluster list --json`',
      '"NVIDIA H100 80GB HBM3"',
      '--gpu-types h100-sxm,a100-80-sxm',
    ])
      expect(text).toContain(whole);
    expect(text).toMatch(/^\/a\/rather\/long\/path\/to\/a\/file-of-a-cluster\.yaml:3:18:/);
    expect(text).toMatch(/\n {4}\S/);
  });

  it('is left alone where it fits', () => expect(wrapMessage(MESSAGE, 200)).toBe(MESSAGE));
});
