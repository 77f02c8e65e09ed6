import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { Plan } from '../../src/domain/plan.ts';
import { run } from '../fixtures/run.ts';
import { dense } from '../unit/frameworks/megatron-arguments.ts';

/** What `estimate --json` prints of a plan, as far as it is asked here. */
interface Costed {
  readonly plan: Plan;
  readonly stages: readonly { readonly peakMemoryBytes: number }[];
  readonly stepTimeSeconds: number;
}

/** A script whose layout gives the embedding and the head chunks of their own, without a decoder layer. */
const layers = (n: number) => 't'.repeat(n);
const LAYOUT = ['E', layers(16), layers(16), 'L'].join('|');

function script(layout: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'shardwright-')), 'arguments.args');
  writeFileSync(
    path,
    dense({
      ...{ 'hidden-size': '4096', 'ffn-hidden-size': '14336', 'num-attention-heads': '32', swiglu: '' },
      ...{ 'group-query-attention': '', 'num-query-groups': '8', 'untie-embeddings-and-output-weights': '' },
      'pipeline-model-parallel-layout': `"${layout}"`,
      'use-distributed-optimizer': '',
    }),
  );
  return path;
}

const estimated = (layout: string) =>
  run([
    ...['estimate', 'llama-3.1-8b', 'dgx-h100-64', '--from', script(layout), '--for', 'megatron'],
    ...['--seq-length', '4096', '--global-batch', '256', '--json'],
  ]);

describe('a chunk with an end of the model and no decoder layer', () => {
  it('is estimated: its stage works on the end alone, and holds no layer', async () => {
    const { code, out, err } = await estimated(LAYOUT);
    expect(err).toBe('');
    expect(code).toBe(0);
    const { plan, stages, stepTimeSeconds } = JSON.parse(out) as Costed;
    const chunks = plan.pipelines[0]!.stages.map((stage) => stage.chunks);
    expect(chunks).toEqual([
      [{ first: 0, end: 0 }],
      [{ first: 0, end: 16 }],
      [{ first: 16, end: 32 }],
      [{ first: 32, end: 32 }],
    ]);
    // Both ends together are far less than sixteen layers.
    const [first, second, third, last] = stages.map(({ peakMemoryBytes }) => peakMemoryBytes);
    expect(first).toBeLessThan(second!);
    expect(last).toBeLessThan(third!);
    const even = await estimated([`E${layers(8)}`, layers(8), layers(8), `${layers(8)}L`].join('|'));
    const busy = JSON.parse(even.out) as Costed;
    expect(stepTimeSeconds).toBeGreaterThan(1.5 * busy.stepTimeSeconds);
  });
});
