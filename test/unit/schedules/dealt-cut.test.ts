import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/accuracy/cases/round-pipe.ts';
import { type DealtRange, dealtStages } from '../../../src/schedules/dispatched/cut.ts';

const CASE = JSON.parse(readFileSync('test/accuracy/cases/roundpipe.json', 'utf8')) as {
  readonly models: Readonly<Record<string, Model>>;
};

const FREE = { bytes: Number.POSITIVE_INFINITY, gpus: 8 };

describe('the cut of stages that are dealt', () => {
  it.each(['1.7b', '8b'])('has as many as the published one of %s', (name) => {
    const { layers, fwd, bwd, head_fwd, head_bwd, rp_fwd, rp_bwd } = CASE.models[name]!;
    const each = (layer: number, head: number) => [...new Array<number>(layers).fill(layer), head];
    const { forward, backward } = dealtStages(
      {
        forward: each(fwd, head_fwd),
        backward: each(fwd + bwd, head_fwd + head_bwd),
        bytes: each(0, 0),
      },
      FREE,
    );
    expect(forward).toHaveLength(rp_fwd.length);
    expect(backward).toHaveLength(rp_bwd.length);
  });

  const times = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 20 });

  it('covers every layer once, backward all, forward those before the fused stage', () => {
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 12 }),
        (seconds, gpus, most) => {
          const costs = {
            forward: seconds,
            backward: seconds.map((t) => 3 * t),
            bytes: seconds.map(() => 2),
          };
          const { forward, backward } = dealtStages(costs, { bytes: most, gpus });
          const covered = (ranges: readonly DealtRange[]) =>
            ranges.flatMap(({ first, end }) => Array.from({ length: end - first }, (_, i) => first + i));
          const fused = backward[0]!;
          expect(fused.end).toBe(seconds.length);
          expect(covered(forward)).toEqual(seconds.map((_, i) => i).slice(0, fused.first));
          expect(covered(backward).sort((a, b) => a - b)).toEqual(seconds.map((_, i) => i));
          // From the last layers to the first.
          expect(backward.map(({ first }) => first)).toEqual(
            backward.map(({ first }) => first).sort((a, b) => b - a),
          );
          const slowest = 3 * Math.max(...seconds);
          for (const { first, end } of backward) {
            const sum = costs.backward.slice(first, end).reduce((a, b) => a + b, 0);
            expect(sum).toBeLessThanOrEqual(1.1 * slowest + 1e-9);
            expect(end - first === 1 || 2 * (end - first) <= most).toBe(true);
          }
        },
      ),
    );
  });
});
