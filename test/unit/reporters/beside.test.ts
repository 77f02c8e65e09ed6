import { describe, expect, it } from 'vitest';
import type { IntegerProgramCheck, WhatIf } from '../../../src/domain/search-result.ts';
import { besideWords, programWords, variantWords } from '../../../src/reporters/beside.ts';
import { MIXED, planned } from '../frameworks/fixture.ts';
import { ALONE, ranked, taking, UNEVEN } from './fixture.ts';

const BEST = taking(10, ranked(MIXED, UNEVEN));
const told = (over: Partial<WhatIf>) => besideWords({ ...ALONE, ...over }, BEST).join('\n');

describe('beside the best plan', () => {
  it('stands who runs it, or that nobody does', () => {
    expect(told({ launchers: ['megatron', 'primus'] })).toContain('Run 1 as printed: megatron, primus.');
    expect(told({ launchers: ['megatron'] })).toContain('Run 1 as printed: megatron.');
    expect(told({})).toContain('No framework here runs 1 as printed');
  });

  it('stands how long it takes on the own stack of who runs it, and where it is too large', () => {
    const launchers = ['megatron', 'flagscale', 'deepspeed'];
    const text = told({
      launchers,
      ownStacks: [
        { stack: 'megatron-core', launchers: ['megatron', 'flagscale'], stepSeconds: 10.5, fits: true },
        { stack: 'deepspeed', launchers: ['deepspeed'], stepSeconds: 12, fits: false },
      ],
    });
    expect(text).toContain('Run 1 as printed: megatron, flagscale (10.5 s on the stack megatron-core).');
    expect(text).toContain(
      'does not fit on the own stack of deepspeed: --launcher deepspeed finds what does.',
    );
  });

  it('stands why a group is idle: what its use would cost, or that nothing fits', () => {
    const of = { group: 'a100-40', gpuType: 'a100-40-sxm', gpus: 32, asked: true };
    const group = { ...of, stepSeconds: 11.5, reason: null, otherwise: null };
    expect(told({ idle: [group] })).toContain(
      'With a100-40 (32 × a100-40-sxm) in use the best step is 11.5 s: 15.0% slower.',
    );
    const none = {
      ...group,
      stepSeconds: null,
      reason: { rule: 'precision', actual: 'no bf16', limit: 'bf16' },
    };
    expect(told({ idle: [none] })).toMatch(/in use no plan runs: no bf16, limit bf16\.$/m);
    expect(told({ idle: [{ ...none, otherwise: { precision: 'fp16', stepSeconds: 8 } }] })).toContain(
      'no plan runs: no bf16, limit bf16. With --precision fp16 the best step is 8.00 s, 20.0% less.',
    );
    expect(told({ idle: [{ ...group, asked: false, stepSeconds: null }] })).toBe(told({}));
  });

  it('stands what full freedom would save, and who runs that', () => {
    const freer = {
      plan: taking(8, BEST),
      launchers: ['flagscale', 'hexiscale'],
      freedoms: ['different TP per stage'],
    };
    expect(told({ freer })).toMatch(
      /^With --launcher flagscale or --launcher hexiscale: 1\.25 times as fast, 8\.00 s \(different TP per stage; 64 = /m,
    );
  });

  it('stands what no framework runs, and which rule is in the way', () => {
    const reason = {
      rule: 'r',
      actual: '8, 16 micro-batches per replica',
      limit: 'equal shares in FlagScale',
    };
    const beyond = {
      plan: taking(5, BEST),
      framework: 'FlagScale',
      reason,
      freedoms: ['unequal micro-batches'],
    };
    expect(told({ beyond })).toMatch(
      /^With full freedom: 2\.00 times as fast, 5\.00 s \(unequal micro-batches; .*\)\. No framework here runs that; FlagScale: 8, 16 micro-batches per replica, limit equal shares in FlagScale\.$/m,
    );
  });

  it('stands what the order of nodes saved, of each order that was not taken', () => {
    const placement = {
      method: 'exact',
      stepSeconds: 9,
      rankOrderSeconds: 12,
      greedySeconds: 10,
      tried: 5040,
      seed: 1,
    } as const;
    expect(told({ placement })).toContain(
      "(exact, 5,040 orders): 25.0% less than in the file's order, 10.0% less than nearest",
    );
  });

  it.each([
    [3.1e9, 25e9, '3.10 GB/s where its like have 25.0 GB/s'],
    [0.4e9, 1.2e9, '400 MB/s where its like have 1.20 GB/s'],
    [450e9, 1800e9, '450 GB/s where its like have 1.80 TB/s'],
  ])('stands a slow link of %d bytes/s beside %d', (bytesPerSecond, medianBytesPerSecond, rates) => {
    const link = { from: 'a', to: 'b', bytesPerSecond, medianBytesPerSecond, costSeconds: 0.25 };
    expect(told({ slowLinks: [link] })).toContain(
      `Slow link a → b: ${rates}; it costs this plan 250 ms a step.`,
    );
    expect(told({ slowLinks: [{ ...link, costSeconds: -1e-9 }] })).toContain('costs this plan 0 s a step');
  });
});

describe('a variant', () => {
  it.each([
    ['recompute=full', 'recompute full 12.0 s'],
    ['micro-batch=2', 'mbs 2 12.0 s'],
    ['schedule=gpipe,zero=0', 'gpipe, sharding none 12.0 s'],
  ])('with %s is told by what it does otherwise: %s', (change, words) => {
    const plan = planned(MIXED, `${UNEVEN},${change}`);
    expect(variantWords(MIXED, BEST, { plan, stepSeconds: 12 })).toBe(words);
  });
});

describe('integer programs', () => {
  const check: IntegerProgramCheck = {
    solver: 'some solver',
    status: 'optimal',
    objectiveSeconds: 9.5,
    boundSeconds: 9.5,
  };
  const proof = { method: 'sweep', objectiveSeconds: 10, check: null, groups: null, shares: null } as const;

  it('are quoted as far as they were asked', () => {
    expect(programWords(proof)).toEqual([]);
    const [groups, shares] = programWords({
      ...proof,
      groups: check,
      shares: { ...check, status: 'feasible' },
    });
    expect(groups).toMatch(/has 9\.50 s \(optimal\), this plan's order 10\.0 s\.$/);
    expect(shares).toMatch(/some solver: feasible\.$/);
    expect(programWords({ ...proof, groups: { ...check, objectiveSeconds: null } })).toEqual([]);
  });
});
