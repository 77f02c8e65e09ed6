import { describe, expect, it } from 'vitest';
import type { Legality } from '../../../src/domain/legality.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../../src/frameworks/index.ts';
import { spread } from '../../../src/plan-text/chunk-counts.ts';
import { planFrom } from '../../../src/search/cut/plan-from.ts';
import { type Candidate, withSome } from '../../../src/search/space/candidate.ts';
import { chains } from '../../../src/search/space/chains.ts';
import { chainOf, choices } from '../../../src/search/space/choices.ts';
import { type Frame, outlineOf } from '../../../src/search/space/frame.ts';
import { DEFAULT_OPTIONS } from '../../../src/search/space/options.ts';
import { problem } from '../../fixtures/problem.ts';

const CLUSTERS = ['mixed-32xh100-32xa100-40gb', 'h100-plus-mi300x', 'dgx-h100-8'] as const;
const ALL = [...FRAMEWORKS, LAUNCHABLE] as const;

function candidatesOf(p: Problem, frame: Frame): Candidate[] {
  const layout = { ...frame, ep: 1, etp: 1 };
  return choices(p, chainOf(p, frame), DEFAULT_OPTIONS)
    .filter(({ fewest }) => fewest === null)
    .map((choice) => ({ layout, choice }));
}

const some = (candidate: Candidate, layers: number) => withSome(candidate, layers).choice;

describe('what a framework refuses before layers are cut', () => {
  it.each(ALL)('$id refuses as a plan too', (framework: Legality) => {
    let refused = 0;
    for (const cluster of CLUSTERS) {
      const p = problem('llama-3.1-8b', cluster, { globalBatchSize: 64 });
      for (const frame of chains(p, DEFAULT_OPTIONS)) {
        for (const several of [false, true]) {
          const reason = framework.refuses!(p, outlineOf(p, frame, several));
          if (reason === null || refused++ % 50 !== 0) continue;
          const one = candidatesOf(p, frame).find(({ choice }) => choice.vpp > 1 === several);
          if (one === undefined) continue;
          const counts = spread(p.model.layers.length, frame.pp * one.choice.vpp);
          expect(framework.reject(p, planFrom(p, one, counts))).not.toBeNull();
        }
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it.each(ALL)('$id refuses every plan of techniques that it refuses', (framework: Legality) => {
    const options = { ...DEFAULT_OPTIONS, allow: ['offload', 'loss', 'tp-overlap'] };
    const p = problem('llama-3.1-8b', '4090-8', { globalBatchSize: 64 });
    let [refused, seen] = [0, 0];
    for (const frame of chains(p, options)) {
      const layout = { ...frame, ep: 1, etp: 1 };
      for (const choice of choices(p, chainOf(p, frame), options)) {
        if (seen++ % 397 !== 0) continue;
        const reason = framework.refusesTechniques!(p, choice.techniques);
        if (reason === null) continue;
        // Asked again it is the same object.
        expect(framework.refusesTechniques!(p, choice.techniques)).toBe(reason);
        refused += 1;
        const counts = spread(p.model.layers.length, frame.pp * choice.vpp);
        for (const covered of choice.fewest === null
          ? [choice]
          : [1, 2].map((n) => some({ layout, choice }, n)))
          expect(framework.reject(p, planFrom(p, { layout, choice: covered }, counts))).not.toBeNull();
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it.each(ALL)('$id refuses any other cut too, and the plan that has it', (framework: Legality) => {
    let [asked, seen] = [0, 0];
    const refused = new Set<string>();
    for (const [model, cluster] of [
      ['llama-3.1-8b', CLUSTERS[0]],
      ['llama-3.2-1b', CLUSTERS[1]],
    ] as const) {
      const p = problem(model, cluster, { globalBatchSize: 64 });
      for (const frame of chains(p, DEFAULT_OPTIONS)) {
        if (frame.pp < 2) continue;
        for (const one of candidatesOf(p, frame)) {
          if (seen++ % 997 !== 0) continue;
          const even = spread(p.model.layers.length, frame.pp * one.choice.vpp);
          if (even[0]! < 2) continue;
          const uneven = [even[0]! - 1, ...even.slice(1, -1), even.at(-1)! + 1];
          const [plan, other] = [planFrom(p, one, even), planFrom(p, one, uneven)];
          const reason = framework.refusesUncut!(p, plan);
          expect(framework.refusesUncut!(p, other)).toEqual(reason);
          if (reason !== null) {
            refused.add(reason.rule);
            expect(framework.reject(p, plan)).not.toBeNull();
            expect(framework.reject(p, other)).not.toBeNull();
          }
          asked += 1;
        }
      }
    }
    expect(asked).toBeGreaterThan(50);
    expect(refused.size).toBeGreaterThan(0);
  });
});
