import { describe, expect, it } from 'vitest';
import { layersOf } from '../../../src/domain/plan.ts';
import {
  clip,
  gpuCountWords,
  layersWords,
  memoryWords,
  scheduleWords,
} from '../../../src/reporters/words.ts';
import { GiB } from '../../../src/units/quantity.ts';
import { inTwo, MIXED, planned } from '../frameworks/fixture.ts';
import { ranked, UNEVEN } from './fixture.ts';

/** `12×2 28` as 12 12 28. */
function spelled(words: string): number[] {
  return words.split(' ').flatMap((run) => {
    const [layers, times = '1'] = run.split('×');
    return new Array<number>(Number(times)).fill(Number(layers));
  });
}

describe('layers of a plan', () => {
  it.each([UNEVEN, 'tp=8,pp=8,layers=12/10/10/10/10/10/10/8', 'tp=4,pp=4,dp=4,vpp=2'])(
    '%s are those of its stages, folded',
    (text) => {
      const plan = planned(MIXED, text);
      expect(spelled(layersWords(plan))).toEqual(plan.pipelines[0]!.stages.map(layersOf));
    },
  );

  it('are told pipeline by pipeline', () => {
    expect(layersWords(inTwo(planned(MIXED, UNEVEN)))).toBe('26×2 14×2 | 26×2 14×2');
  });
});

describe('memory of a plan', () => {
  it('is that of the fullest stage on each type of GPU', () => {
    const { estimate } = ranked(MIXED, UNEVEN);
    const words = [0, 1].map((group) => {
      const most = Math.max(
        ...estimate.stages.filter((one) => one.group === group).map(({ memory }) => memory.deviceBytes),
      );
      const { gpu } = MIXED.cluster.groups[group]!;
      const limit = (gpu.memoryBytes / GiB) * (1 - MIXED.workload.headroom);
      return `${gpu.id} ${(most / GiB).toFixed(1)}/${limit.toFixed(1)}`;
    });
    expect(memoryWords(MIXED, estimate)).toEqual(words);
    const turned = { ...estimate, stages: [...estimate.stages].reverse() };
    expect(memoryWords(MIXED, turned)).toEqual([...words].reverse());
  });
});

it('a schedule says how many chunks a stage has where it has several', () => {
  expect(scheduleWords(planned(MIXED, UNEVEN))).toBe('1f1b');
  expect(scheduleWords(planned(MIXED, 'tp=4,pp=4,dp=4,vpp=2'))).toBe('interleaved-1f1b ×2');
});

it('text is clipped where it would not fit, and says so', () => {
  expect(clip('12345', 5)).toBe('12345');
  expect(clip('123456', 5)).toBe('1234…');
});

describe('counts of GPUs', () => {
  const groups = (n: number) =>
    Array.from({ length: n }, (_, i) => ({ gpus: 8, type: i % 2 === 0 ? 'l40s' : 'h100-sxm' }));

  it('are told for each of a few groups', () => {
    expect(gpuCountWords(groups(3))).toEqual(['8 × l40s', '8 × h100-sxm', '8 × l40s']);
  });

  it('are added up by type over many', () => {
    expect(gpuCountWords(groups(301))).toEqual([
      '1,208 × l40s in 151 groups',
      '1,200 × h100-sxm in 150 groups',
    ]);
  });
});
