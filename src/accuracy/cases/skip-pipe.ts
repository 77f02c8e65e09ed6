import { validateDocument } from '../../catalogue/document.ts';
import { type PathNetwork, playPaths, sentThroughAll } from '../../schedules/partial/play.ts';
import { searchPaths, secondsOf } from '../../schedules/partial/search-paths.ts';
import { skipPipeCaseSchema } from '../../schema/skip-pipe-case.ts';
import type { CaseKind } from './case-kind.ts';
import { entry } from './entry.ts';

/** What the search is given: changes that it tries, and the start of its random numbers. */
const EFFORT = { seed: 1, moves: 3000 };

/** The full pipeline under its published name, each stored list of paths, and beside the best of them our own. */
export const skipPipeCase: CaseKind = {
  keys: ['stages', 'delay_seconds', 'published_seconds'],
  entries(document) {
    const one = validateDocument(document, skipPipeCaseSchema);
    const nodes = one.delay_seconds.length;
    const network: PathNetwork = {
      stages: one.stages,
      memory: one.memory,
      delay: one.delay_seconds,
      forward:
        typeof one.forward_seconds === 'number'
          ? new Array<number>(nodes).fill(one.forward_seconds)
          : one.forward_seconds,
    };
    const stored = one.paths ?? {};
    const published = Object.entries(one.published_seconds);
    const played = published.flatMap(([name, value]) => {
      const paths = stored[name];
      if (paths === undefined && name !== 'full') return [];
      const sent = playPaths(network, sentThroughAll(network));
      return entry(name, paths === undefined ? sent : secondsOf(network, paths), value);
    });
    const skipping = published.filter(([name]) => stored[name] !== undefined);
    if (skipping.length === 0) return played;
    const [best, value] = skipping.reduce((least, other) => (other[1] < least[1] ? other : least));
    const found = searchPaths(network, { length: stored[best]![0]!.length, ...EFFORT });
    return found === null ? played : [...played, entry(`own path search (${best})`, found.seconds, value)];
  },
};
