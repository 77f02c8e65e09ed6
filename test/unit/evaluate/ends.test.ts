import { describe, expect, it } from 'vitest';
import { endStages, endsOf } from '../../../src/evaluate/ends.ts';
import { DENSE, planned } from '../frameworks/fixture.ts';

/** By stage: the chunk of the embedding, the chunk of the head. */
const ends = (text: string) => {
  const plan = planned(DENSE, `tp=8,micro-batch=1,${text}`);
  return endsOf(plan, plan.pipelines[0]!).map(({ embedding, head }) => [embedding, head]);
};

describe('the ends of the model', () => {
  const none = [null, null];
  it.each([
    ['on the first stage and on the last', 'dp=2,pp=4,vpp=1', [[0, null], none, none, [null, 0]]],
    [
      'in the first chunk of one and the last of the other',
      'dp=2,pp=4,vpp=5',
      [[0, null], none, none, [null, 4]],
    ],
    [
      'both on the first where the pipeline is folded',
      'dp=2,pp=4,vpp=2,schedule=zb-v',
      [[0, 1], none, none, none],
    ],
    ['both on the only one', 'dp=8,pp=1,vpp=1', [[0, 0]]],
    [
      'on all where the vocabulary is spread',
      'dp=2,pp=4,vpp=2,vocabulary=vocab-2',
      [
        [0, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
    ],
  ])('are %s', (_, text, known) => {
    expect(ends(text)).toEqual(known);
  });

  it('are where a search expects them, before there is a plan', () => {
    const at = (schedule: string, vpp: number) => endStages({ schedule, dims: { vpp }, techniques: {} }, 8);
    expect(at('1f1b', 1)).toEqual({ embedding: 0, head: 7, all: false });
    expect(at('v-half', 2)).toEqual({ embedding: 0, head: 0, all: false });
  });
});
