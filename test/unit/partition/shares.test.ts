import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classSeconds, type PipelineClass, shareMicroBatches } from '../../../src/partition/shares.ts';

function bruteForce(classes: readonly PipelineClass[], total: number): number {
  const [head, ...rest] = classes as [PipelineClass, ...PipelineClass[]];
  if (rest.length === 0) {
    const m = total / head.replicas;
    return Number.isInteger(m) && m >= 1 ? classSeconds(head, m) : Number.POSITIVE_INFINITY;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let m = 1; m * head.replicas < total; m++)
    best = Math.min(best, Math.max(classSeconds(head, m), bruteForce(rest, total - m * head.replicas)));
  return best;
}

const oneClass = fc.record({
  replicas: fc.integer({ min: 1, max: 4 }),
  bottleneckSeconds: fc.double({ min: 0.1, max: 2, noNaN: true }),
  sumSeconds: fc.double({ min: 0.1, max: 8, noNaN: true }),
});

describe('micro-batch shares', () => {
  it('end as early as any deal could', () => {
    fc.assert(
      fc.property(
        fc.array(oneClass, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 48 }),
        (list, total) => {
          const classes = list.map((c) => ({
            ...c,
            sumSeconds: Math.max(c.sumSeconds, c.bottleneckSeconds),
          }));
          const shares = shareMicroBatches(classes, total);
          const best = bruteForce(classes, total);
          if ('rule' in shares) expect(best).toBe(Number.POSITIVE_INFINITY);
          else {
            expect(shares.seconds).toBeCloseTo(best, 9);
            const dealt = shares.perReplica.reduce((sum, m, i) => sum + m * classes[i]!.replicas, 0);
            expect(dealt).toBe(total);
          }
        },
      ),
      { numRuns: 300, seed: 5 },
    );
  });

  it('give twice the speed twice the work', () => {
    const fast = { replicas: 4, bottleneckSeconds: 1, sumSeconds: 1 };
    const slow = { replicas: 4, bottleneckSeconds: 2, sumSeconds: 2 };
    expect(shareMicroBatches([fast, slow], 48)).toMatchObject({ perReplica: [8, 4], seconds: 8 });
  });
});
