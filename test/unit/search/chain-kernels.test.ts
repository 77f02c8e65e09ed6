import { expect, it } from 'vitest';
import { bookFor } from '../../../src/search/bound/book-for.ts';
import { kernelBounds } from '../../../src/search/bound/chain-kernels.ts';
import { chains } from '../../../src/search/space/chains.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../../../src/search/space/options.ts';
import { problem } from '../../fixtures/problem.ts';

/** Layers of another architecture have other kernels. */
const ALL: SearchOptions = { ...DEFAULT_OPTIONS, allow: ['architecture'] };
const FEWER: SearchOptions = { ...ALL, doing: 'architecture' };

function boundsOf(p: ReturnType<typeof problem>, options: SearchOptions): number[] {
  const bound = kernelBounds(p, options, bookFor(p));
  return [...chains(p, options)].map(bound);
}

it('a search of fewer choices leaves no bound behind for one of all', () => {
  const fresh = () => problem('llama-3.2-1b', 'mixed-4090-3090', { globalBatchSize: 32 }, 'megatron-core');
  const after = fresh();
  const fewer = boundsOf(after, FEWER);
  const all = boundsOf(fresh(), ALL);
  expect(boundsOf(after, ALL)).toEqual(all);
  expect(fewer).not.toEqual(all);
});
