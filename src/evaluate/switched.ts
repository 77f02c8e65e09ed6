import { rankImbalances } from '../domain/routing.ts';
import { switchedAmong } from '../techniques/index.ts';
import type { StageContext } from '../techniques/technique.ts';
import { localShape } from './context.ts';
import type { OperatorMemory } from './memory/operator-memory.ts';
import { PartProfile } from './part-profile.ts';
import { type LayerTime, meanTime } from './time/layer-time.ts';
import { seconds } from './time/pass-time.ts';

/**
 * Layers that take the fastest of several ways whenever they run: by the load of each layer, where a trace tells it. They have room for
 * whichever it is. null: there is one way.
 */
export function switched(
  context: StageContext,
  kindsOf: (context: StageContext) => readonly PartProfile[],
): readonly PartProfile[] | null {
  const ways = switchedAmong(context.techniques);
  if (ways === null) return null;
  const { problem, dims, microBatchSize } = context;
  const { routing } = problem.workload;
  const loads = routing === undefined ? null : rankImbalances(routing, dims.ep);
  const locals = ways.map((techniques) => localShape(problem, { dims, microBatchSize, techniques }));
  const underLoad = (expertImbalance: number | null) =>
    ways.map((techniques, i) =>
      kindsOf({ ...context, techniques, local: { ...locals[i]!, expertImbalance } }),
    );
  const all = (loads ?? [null]).map(underLoad);
  return problem.model.kinds.map((_, kind) => {
    const each = all.map((one) => one.map((kinds) => kinds[kind]!));
    const time = meanTime(each.map((parts) => fastest(parts.map((part) => part.time))));
    return new PartProfile(time, () => largest(each.flat().map(({ memory }) => memory)));
  });
}

function fastest(times: readonly LayerTime[]): LayerTime {
  const secondsOf = ({ forward, backward, recompute }: LayerTime) =>
    seconds(forward) + seconds(backward) + seconds(recompute);
  return times.reduce((best, one) => (secondsOf(one) < secondsOf(best) ? one : best));
}

/** Weights are the same whichever way they are used. */
function largest(all: readonly OperatorMemory[]): OperatorMemory {
  const most = (of: (one: OperatorMemory) => number) => Math.max(...all.map(of));
  const { owned, ownedUntied, largest: weight } = all[0]!;
  return {
    saved: most(({ saved }) => saved),
    offloaded: most(({ offloaded }) => offloaded),
    restored: most(({ restored }) => restored),
    casts: most(({ casts }) => casts),
    transient: most(({ transient }) => transient),
    logits: {
      saved: most(({ logits }) => logits.saved),
      transient: most(({ logits }) => logits.transient),
    },
    ...{ owned, ownedUntied, largest: weight },
  };
}
