import { describe, expect, it } from 'vitest';
import type { Legality } from '../../../src/domain/legality.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../../src/frameworks/index.ts';
import { spread } from '../../../src/plan-text/chunk-counts.ts';
import { planFrom } from '../../../src/search/cut/plan-from.ts';
import { chains } from '../../../src/search/space/chains.ts';
import { chainOf, choices } from '../../../src/search/space/choices.ts';
import { outlineOf } from '../../../src/search/space/frame.ts';
import { DEFAULT_OPTIONS } from '../../../src/search/space/options.ts';
import { problem } from '../../fixtures/problem.ts';

const CLUSTERS = ['mixed-32xh100-32xa100-40gb', 'h100-plus-mi300x', 'dgx-h100-8'] as const;

describe('what a framework refuses before layers are cut', () => {
  it.each([...FRAMEWORKS, LAUNCHABLE] as const)('$id refuses as a plan too', (framework: Legality) => {
    let refused = 0;
    for (const cluster of CLUSTERS) {
      const p = problem('llama-3.1-8b', cluster, { globalBatchSize: 64 });
      for (const frame of chains(p, DEFAULT_OPTIONS)) {
        const reason = framework.refuses!(p, outlineOf(p, frame));
        if (reason === null || refused++ % 50 !== 0) continue;
        const [choice] = choices(p, chainOf(p, frame), DEFAULT_OPTIONS);
        const candidate = { layout: { ...frame, ep: 1, etp: 1 }, choice: choice! };
        const plan = planFrom(p, candidate, spread(p.model.layers.length, frame.pp * choice!.vpp));
        expect(framework.reject(p, plan)).not.toBeNull();
      }
    }
    expect(refused).toBeGreaterThan(0);
  });
});
