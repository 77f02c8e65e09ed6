import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../src/catalogue/clusters.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { leastStep } from '../../src/evaluate/least-step.ts';
import { hexiscale } from '../../src/frameworks/hexiscale/index.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';
import { planText } from '../../src/plan-text/text.ts';
import { bookFor } from '../../src/search/bound/book-for.ts';
import { leastOfBundle } from '../../src/search/bound/bundle-bound.ts';
import { expandBundle } from '../../src/search/run/expand-bundle.ts';
import { newRun, type Run } from '../../src/search/run/run.ts';
import { search } from '../../src/search/search.ts';
import { bundleChoices, bundleSpace, bundles } from '../../src/search/space/bundles.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../../src/search/space/options.ts';
import { outerOf } from '../../src/techniques/index.ts';
import { problem } from '../fixtures/problem.ts';
import { clusterOf, type Part, part } from '../fixtures/random-cluster.ts';

/** A few layers of a model on some node groups. */
function on(model: string, cluster: Cluster, layers = 5): Problem {
  const workload = { globalBatchSize: 16, sequenceLength: 2048 };
  const one = { ...problem(model, 'dgx-h100-8', workload, 'generic'), cluster };
  return { ...one, model: { ...one.model, layers: one.model.layers.slice(0, layers) } };
}

const small = fc.array(
  part.map(
    (one): Part => ({ ...one, nodes: Math.min(one.nodes, 2), gpusPerNode: Math.min(one.gpusPerNode, 2) }),
  ),
  { minLength: 2, maxLength: 2 },
);

/** Every bundle opened, best bound first, by the bounds or without them. */
function opened(one: Problem, given: Partial<SearchOptions> = {}): Run {
  const run = newRun(one, { ...DEFAULT_OPTIONS, top: 4, ...given }, bookFor(one));
  for (const bundle of bundles(one, run.options)) {
    const before = run.evaluated + run.boundedAway + run.tally.total();
    expandBundle(run, bundle);
    const seen = run.evaluated + run.boundedAway + run.tally.total() - before;
    expect(seen).toBe(bundleSpace(bundle) * bundleChoices(one, bundle, run.options).length);
  }
  return run;
}

const TWO_SITES = readFileSync('configs/clusters/two-regions.yaml', 'utf8').replaceAll(
  'nodes: 4',
  'nodes: 1',
);

const values = ({ kept }: Run) => kept.map(({ value }) => value);

describe('unlike pipelines', () => {
  it.each(['llama-3.2-1b', 'qwen3-30b-a3b'])('%s: are bounded by no more than they take', (model) => {
    fc.assert(
      fc.property(small, (parts) => {
        const one = on(model, clusterOf(parts));
        const fix = parseConfiguration('recompute=none,sp=true');
        const all = opened(one, { fix, exhaustive: true });
        expect(values(opened(one, { fix }))).toEqual(values(all));
        for (const { value, realised } of all.kept)
          expect(leastStep(one, realised.plan, all.book.profiles)).toBeLessThanOrEqual(value);
        for (const bundle of bundles(one, { ...DEFAULT_OPTIONS, fix })) {
          const alone = newRun(one, { ...DEFAULT_OPTIONS, fix, top: 1, exhaustive: true }, bookFor(one));
          expandBundle(alone, bundle);
          const least = leastOfBundle(one, alone.options, alone.book, bundle);
          expect(least).toBeLessThanOrEqual(alone.kept[0]?.value ?? Number.POSITIVE_INFINITY);
        }
      }),
      { numRuns: 6 },
    );
  });

  it('that may train apart are bounded by no more than they take, and the best are islands', () => {
    fc.assert(
      fc.property(small, (parts) => {
        const one = on('llama-3.2-1b', clusterOf(parts));
        const given = { fix: parseConfiguration('recompute=none,sp=true'), allow: ['local-steps'] };
        const all = opened(one, { ...given, exhaustive: true });
        expect(values(opened(one, given))).toEqual(values(all));
        for (const { realised, estimate } of all.kept)
          expect(estimate.islands === null).toBe(outerOf(realised.plan.techniques) === null);
      }),
      { numRuns: 2 },
    );
    const apart = on('llama-3.2-1b', clusterFromText(TWO_SITES, 'sites.yaml'));
    const best = (allow: readonly string[]) => search(apart, { top: 1, allow }).plans[0]!;
    expect(best(['local-steps']).plan.pipelines.length).toBe(2);
    expect(best([]).estimate.islands).toBeNull();
    expect(best(['local-steps']).estimate.stepSeconds).toBeLessThan(best([]).estimate.stepSeconds);
  });

  it('are printed, and read again as they were', () => {
    fc.assert(
      fc.property(small, fc.constantFrom('llama-3.2-1b', 'qwen3-30b-a3b'), (parts, model) => {
        const one = on(model, clusterOf(parts));
        for (const { realised } of opened(one, { top: 30, exhaustive: true }).kept) {
          const again = planOf(one, parseConfiguration(planText(one, realised.plan)));
          expect('rule' in again ? again : again.plan).toEqual(realised.plan);
        }
      }),
      { numRuns: 6 },
    );
  });

  const MIXED = clusterOf([
    { type: 2, nodes: 1, gpusPerNode: 4 },
    { type: 0, nodes: 2, gpusPerNode: 4 },
  ]);

  it('share experts out where a model has them, and sequences where a user holds it', () => {
    const moe = on('qwen3-30b-a3b', MIXED);
    const { kept } = opened(moe, { fix: parseConfiguration('ep=2') });
    expect(kept.length).toBeGreaterThan(0);
    for (const { realised } of kept) expect(realised.plan.dims.ep).toBe(2);
    const long = opened(on('llama-3.2-1b', MIXED), { fix: parseConfiguration('cp=2') });
    expect(long.kept.length).toBeGreaterThan(0);
    for (const { realised } of long.kept) {
      expect(realised.plan.dims.cp).toBe(2);
      expect(hexiscale.reject(on('llama-3.2-1b', MIXED), realised.plan)).not.toBeNull();
    }
  });

  it('take a part of a group, and give the rest to others or to nobody', () => {
    const one = on('llama-3.2-1b', MIXED);
    const used = bundles(one, DEFAULT_OPTIONS).map(({ classes }) =>
      classes.map(([layout]) => layout!.runs.map(({ group }) => group).join()).join('+'),
    );
    expect(used).toContain('1+0,1');
    const half = opened(one, { maxGpus: 8, mustUse: [0, 1] });
    expect(half.kept.length).toBeGreaterThan(0);
  });
});
