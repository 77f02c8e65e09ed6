import { describe, expect, it } from 'vitest';
import { onlyGroups } from '../../../src/domain/node-order.ts';
import { worthLines } from '../../../src/reporters/group-worth.ts';
import { search } from '../../../src/search/search.ts';
import { DEFAULT_OPTIONS } from '../../../src/search/space/options.ts';
import { groupWorths } from '../../../src/session/group-worth.ts';
import { problem } from '../../fixtures/problem.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const P = problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 32 }, 'generic');
const [best] = search(P, { top: 1 }).plans;

describe('what a node group brings', () => {
  it('is the best without it, as a search on the others alone finds it', async () => {
    const worths = await groupWorths(P, best, DEFAULT_OPTIONS, () => null);
    expect(worths!.map(({ group }) => group)).toEqual([0, 1]);
    for (const { group, tokensPerSecond } of worths!) {
      const { id } = P.cluster.groups[group]!;
      const others = { ...P, cluster: onlyGroups(P.cluster, (one) => one.id !== id) };
      const [alone] = search(others, { top: 1, plansAlone: true }).plans;
      expect(tokensPerSecond).toBeCloseTo(alone!.estimate.tokensPerSecond, 6);
    }
  });

  it('is not asked of one group, nor where nothing fits or the search is stopped', async () => {
    const one = { ...P, cluster: onlyGroups(P.cluster, ({ index }) => index === 0) };
    const stopped = { ...DEFAULT_OPTIONS, interrupted: () => 'time-limit' };
    expect(await groupWorths(one, best, DEFAULT_OPTIONS, () => null)).toEqual([]);
    expect(await groupWorths(P, undefined, DEFAULT_OPTIONS, () => null)).toEqual([]);
    expect(await groupWorths(P, best, stopped, () => null)).toEqual([]);
  });

  it('is asked of six groups at most, and that is said', async () => {
    const groups = Array.from({ length: 7 }, () => P.cluster.groups[0]!);
    const many = { ...P, cluster: { ...P.cluster, groups } };
    expect(await groupWorths(many, best, DEFAULT_OPTIONS, () => null)).toBeNull();
    const compared = {
      ...{ problem: many, result: search(P, { top: 1 }), worths: null, launchers: [], outlook: null },
      ...{ prices: [], dollarsPerHour: null, pays: 'all' as const, rank: 'steady' as const },
    };
    expect(worthLines([compared])).toEqual([
      'what each node group adds is asked of up to 6, a search each; mixed-4090-3090 has 7.',
    ]);
  });

  it('stands in compare, in words, in the document and in the verdict', async () => {
    const asked = [
      'compare',
      'llama-3.2-1b',
      'mixed-4090-3090',
      ...SMALL,
      '--price',
      'rtx-4090=0.4,rtx-3090=9',
    ];
    const { out } = await run([...asked, '--tokens', '100B']);
    const words = out.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(
      /rtx3090 \(8 × rtx-3090\) adds [\d.]+% to the speed for 2250\.0% more an hour: leave it out, unless days count for more/,
    );
    expect(words).toMatch(/Verdict: rent .*, and leave out rtx3090, which adds [\d.]+% to the speed/);
    const { clusters } = JSON.parse((await run([...asked, '--json'])).out);
    expect(clusters[0].groups.map(({ advice }: { advice: string }) => advice)).toEqual(['keep', 'leave-out']);
    expect(clusters[0].groups[1].addedDollarsPerHour).toBeCloseTo(22.5, 12);
  });
});
