import { zero } from '../../techniques/zero.ts';
import { leastAfter } from '../bound/bounds.ts';
import { type Around, chainPace } from '../bound/bundle-bound.ts';
import { LayerRoom } from '../bound/layer-room.ts';
import { CutChain } from '../cut/cut-bundle.ts';
import type { Choice } from '../space/choices.ts';
import { copiesOf, type Layout } from '../space/frame.ts';
import type { Run } from './run.ts';

/** Chains that a class of a bundle may be with a choice, fastest first. */
export function chainsFor(
  { problem, book }: Run,
  layouts: readonly Layout[],
  choice: Choice,
  around: (layout: Layout) => Around,
): CutChain[] {
  return layouts
    .map((layout) => {
      const candidate = { layout, choice };
      const shards = zero.of(choice.techniques) > 0 && layout.runs.every((run) => copiesOf(layout, run) > 1);
      const after = leastAfter(problem, candidate, book.seconds(candidate), shards);
      const room = new LayerRoom(problem, book, layout);
      const pace = chainPace(problem, book, candidate, { after, shards, room });
      const { seconds, joins } = around(layout);
      const left = joins === null ? seconds - after.rest : seconds;
      return new CutChain(problem, book, candidate, {
        ...{ pace, after },
        most: pace.mostWithin({ seconds: left, joins }),
      });
    })
    .sort((a, b) => b.rate - a.rate);
}
