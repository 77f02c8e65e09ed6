import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type PathNetwork,
  playPaths,
  sentAlong,
  sentThroughAll,
} from '../../../src/schedules/partial/play.ts';
import { searchPaths, secondsOf } from '../../../src/schedules/partial/search-paths.ts';

/** Two nodes a stage, all links alike. */
function network(stages: number, delay = 0.5, memory = 2): PathNetwork {
  const nodes = 2 * stages;
  return {
    stages: Array.from({ length: stages }, (_, s) => [2 * s, 2 * s + 1]),
    forward: new Array<number>(nodes).fill(1),
    delay: Array.from({ length: nodes }, (_, x) =>
      Array.from({ length: nodes }, (_, y) => (x === y ? 0 : delay)),
    ),
    memory,
  };
}

describe('paths through a part of the stages', () => {
  it('takes one micro-batch forward, to its loss, and back', () => {
    const one = playPaths(network(3), [{ path: [0, 2, 4], at: 0, slot: 0 }]);
    // Three forwards, the loss, three backwards, and six ways between.
    expect(one).toBeCloseTo(3 + 0.25 + 4.5 + 6 * 0.5, 9);
  });

  it('makes the later of two that meet at a node wait', () => {
    const alone = playPaths(network(3), [{ path: [0, 2], at: 0, slot: 0 }]);
    const both = playPaths(network(3), [
      { path: [0, 2], at: 0, slot: 0 },
      { path: [1, 2], at: 0, slot: 1 },
    ]);
    expect(both).toBeGreaterThan(alone + 0.5);
  });

  it('is never slower over fewer stages of like nodes', () => {
    const net = network(4);
    const time = (length: number) => searchPaths(net, { length, seed: 1, moves: 100 })!.seconds;
    expect(time(2)).toBeLessThan(time(3));
    expect(time(3)).toBeLessThan(time(4));
    expect(playPaths(net, sentThroughAll(net))).toBeGreaterThan(time(2));
  });

  it('keeps to the laws of paths, whatever the network', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 5 }),
        fc.integer({ min: 2, max: 5 }),
        fc.nat(1000),
        (stages, length, seed) => {
          const net = network(stages);
          const found = searchPaths(net, { length, seed, moves: 60 });
          if (length > stages) {
            expect(found).toBeNull();
            return;
          }
          const { paths, seconds } = found!;
          const stageOf = (node: number) => Math.floor(node / 2);
          const visits = new Array<number>(stages).fill(0);
          for (const path of paths) {
            expect(path).toHaveLength(length);
            expect(stageOf(path[0]!)).toBe(0);
            expect(new Set(path.map(stageOf)).size).toBe(length);
            for (const node of path) visits[stageOf(node)]! += 1;
          }
          // Trained alike: no stage is passed by more paths than its share.
          const most = Math.max(Math.ceil((paths.length * (length - 1)) / (stages - 1)), paths.length);
          for (const count of visits.slice(1)) expect(count).toBeLessThanOrEqual(most);
          expect(seconds).toBe(secondsOf(net, paths));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('says so where micro-batches block one another', () => {
    const net = network(3, 0.5, 1);
    const crossed = [
      { path: [0, 2, 4], at: 0, slot: 0 },
      { path: [1, 4, 2], at: 0, slot: 1 },
    ];
    expect(playPaths(net, crossed)).toBe(Number.POSITIVE_INFINITY);
  });

  it('sends as many micro-batches as nodes hold, twice', () => {
    const net = network(3, 0.5, 2);
    const sent = sentAlong(net, [
      [0, 2],
      [1, 3],
    ]);
    expect(sent).toHaveLength(8);
    expect(new Set(sent.map(({ slot }) => slot)).size).toBe(4);
  });
});
