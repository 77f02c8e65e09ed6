import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoomPoint } from '../../../src/domain/memory-term.ts';
import { earliestStarts } from '../../../src/evaluate/memory/earliest.ts';
import { checkCut } from '../../../src/partition/check-cut.ts';
import { cutLayers } from '../../../src/partition/cut-layers.ts';
import { javascriptLpSolver } from '../../../src/partition/ilp/javascript-lp-solver.ts';
import { type Program, verify } from '../../../src/partition/ilp/program.ts';
import {
  type Cut,
  judge,
  type PartitionProblem,
  type PartitionStage,
} from '../../../src/partition/problem.ts';

interface Given {
  readonly seconds: readonly number[];
  readonly fixedSeconds?: number;
  readonly points?: readonly RoomPoint[];
  /** By layer kind, after the last backward. */
  readonly end?: readonly number[];
  readonly endFixed?: number;
}

/** A stage with room by points, as bytes of each kind of layer. */
const stage = (
  layerKinds: readonly number[],
  { seconds, fixedSeconds = 0, points = [], end = seconds.map(() => 0), endFixed = 0 }: Given,
): PartitionStage => {
  const room = { segments: [0], points };
  return {
    secondsPerLayer: seconds,
    fixedSeconds,
    passing: null,
    endPerLayer: end,
    endFixed,
    earliest: earliestStarts(layerKinds, seconds.length, room),
    room,
  };
};

/** Room for so many layers of one kind. */
const most = (layers: number): RoomPoint[] => [{ room: layers, sum: [[1]], widest: [] }];

function bruteForce(problem: PartitionProblem): Cut | null {
  let best: Cut | null = null;
  const place = (counts: number[], left: number): void => {
    if (counts.length === problem.stages.length - 1) {
      const cut = judge(problem, [...counts, left]);
      if (cut !== null && (best === null || cut.objectiveSeconds < best.objectiveSeconds)) best = cut;
      return;
    }
    for (let n = 1; n <= left; n++) place([...counts, n], left - n);
  };
  place([], problem.layerKinds.length);
  return best;
}

const problems = fc
  .record({
    layers: fc.integer({ min: 2, max: 9 }),
    stages: fc.integer({ min: 1, max: 4 }),
    microBatches: fc.integer({ min: 1, max: 30 }),
    seeds: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 40, maxLength: 40 }),
  })
  .map(({ layers, stages, microBatches, seeds }): PartitionProblem => {
    let i = 0;
    const next = () => seeds[i++ % seeds.length]!;
    const layerKinds = Array.from({ length: layers }, () => next() % 2);
    return {
      layerKinds,
      microBatches,
      stages: Array.from({ length: Math.min(stages, layers) }, () =>
        stage(layerKinds, {
          seconds: [next() / 10, next() / 10],
          fixedSeconds: next() / 20,
          end: [next() / 10, next() / 10],
          endFixed: next() / 10,
          points: [1, 2].map(() => ({
            room: 30 + 6 * next(),
            sum: [[next(), next()]],
            widest: next() % 2 === 0 ? [] : [[next(), next() / 2]],
          })),
        }),
      ),
    };
  });

/** The same with cuts that are not alike: what passes takes longer at some of them. */
const unlikeCuts = fc
  .tuple(problems, fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 20, maxLength: 20 }))
  .map(([problem, extras]): PartitionProblem => {
    const layers = problem.layerKinds.length;
    const at = (from: number) =>
      Float64Array.from({ length: layers + 1 }, (_, cut) =>
        cut === 0 || cut === layers ? 0 : extras[(from + cut) % extras.length]! / 10,
      );
    return {
      ...problem,
      stages: problem.stages.map((one, s) => ({
        ...one,
        passing: { entering: at(s), leaving: at(3 * s + 1) },
      })),
    };
  });

describe('cutting where cuts are not alike', () => {
  it('finds what plain enumeration finds', () => {
    fc.assert(
      fc.property(unlikeCuts, (problem) => {
        const best = bruteForce(problem);
        const cut = cutLayers(problem);
        if (best === null) expect('rule' in cut).toBe(true);
        else {
          if ('rule' in cut) throw new Error(`no cut: ${cut.actual}`);
          expect(cut.objectiveSeconds).toBeCloseTo(best.objectiveSeconds, 9);
          // What passes a cut is no sum over layers: no program of these variables has it.
          expect(checkCut(problem, cut).check).toBeNull();
        }
      }),
      { numRuns: 400 },
    );
  });

  it('goes a layer further to pass less', () => {
    const alike = new Array<number>(8).fill(0);
    const passing = { entering: new Float64Array(9), leaving: new Float64Array(9) };
    passing.leaving[4] = 3;
    passing.entering[4] = 3;
    const stages = [{ seconds: [1] }, { seconds: [1] }].map((one) => stage(alike, one));
    const problem = { layerKinds: alike, stages, microBatches: 1 };
    expect(cutLayers({ ...problem, microBatches: 8 })).toMatchObject({ layersPerStage: [4, 4] });
    const [first, last] = stages as [PartitionStage, PartitionStage];
    const unlike = {
      ...problem,
      microBatches: 8,
      stages: [
        { ...first, passing: { ...passing, entering: new Float64Array(9) } },
        { ...last, passing: { ...passing, leaving: new Float64Array(9) } },
      ],
    };
    expect(cutLayers(unlike)).toMatchObject({ bottleneckSeconds: 5, sumSeconds: 8 });
  });
});

describe('cutting layers into stages', () => {
  const alike = (layers: number) => new Array<number>(layers).fill(0);
  const problem = (layers: number, stages: readonly Given[], microBatches = 8): PartitionProblem => ({
    layerKinds: alike(layers),
    stages: stages.map((one) => stage(alike(layers), one)),
    microBatches,
  });

  it('gives a slow stage fewer layers', () => {
    expect(cutLayers(problem(12, [{ seconds: [1] }, { seconds: [2] }], 64))).toMatchObject({
      layersPerStage: [8, 4],
      bottleneckSeconds: 8,
      sumSeconds: 16,
    });
  });

  it('takes layers off the stage that carries the head', () => {
    const stages = [{ seconds: [1] }, { seconds: [1], fixedSeconds: 2 }];
    expect(cutLayers(problem(8, stages))).toMatchObject({ layersPerStage: [5, 3] });
  });

  it('of one micro-batch, where every cut is as fast, levels the end of the step', () => {
    const alike = { seconds: [1], end: [0.2] };
    expect(cutLayers(problem(12, [alike, alike, alike], 1))).toMatchObject({ layersPerStage: [4, 4, 4] });
    const slow = { seconds: [1], end: [0.4] };
    expect(cutLayers(problem(10, [alike, slow, alike], 1))).toMatchObject({
      layersPerStage: [4, 2, 4],
      sumSeconds: 10,
    });
  });

  it('gives up some of the pipeline for an earlier end where micro-batches are few', () => {
    const stages = [{ seconds: [1] }, { seconds: [0.9], end: [1.5] }];
    expect(cutLayers(problem(8, stages, 2))).toMatchObject({ layersPerStage: [7, 1], endSeconds: 1.5 });
    expect(cutLayers(problem(8, stages, 8))).toMatchObject({ layersPerStage: [4, 4], endSeconds: 6 });
  });

  it('respects memory even when it is slower', () => {
    const stages = [{ seconds: [1], points: most(3) }, { seconds: [2] }];
    expect(cutLayers(problem(10, stages))).toMatchObject({ layersPerStage: [3, 7] });
  });

  it('says what is missing when nothing fits', () => {
    const stages = [
      { seconds: [1], points: most(3) },
      { seconds: [1], points: most(4) },
    ];
    expect(cutLayers(problem(10, stages))).toMatchObject({
      rule: 'memory',
      actual: 'room for at most 7 of 10 layers',
    });
  });

  it('equals brute force', () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const oracle = bruteForce(problem);
        const cut = cutLayers(problem);
        if (oracle === null) expect(cut).toHaveProperty('rule');
        else expect((cut as Cut).objectiveSeconds).toBeCloseTo(oracle.objectiveSeconds, 9);
      }),
      { numRuns: 400, seed: 7 },
    );
  });

  it('is confirmed by the integer program', () => {
    let optimal = 0;
    fc.assert(
      fc.property(problems, (problem) => {
        const cut = cutLayers(problem);
        if ('rule' in cut) return;
        const { check } = checkCut(problem, cut);
        if (check?.status !== 'optimal') return;
        optimal += 1;
        expect(check.objectiveSeconds!).toBeCloseTo(cut.objectiveSeconds, 5);
      }),
      { numRuns: 120, seed: 11 },
    );
    expect(optimal).toBeGreaterThan(50);
  });
});

describe('cutting for a pipeline that never drains', () => {
  const flowing = fc.oneof(problems, unlikeCuts).map((one): PartitionProblem => ({ ...one, flows: true }));

  /** m · slowest stage + slowest end, of every cut, by sums of its own. */
  const oracle = ({ layerKinds, stages, microBatches }: PartitionProblem) => {
    const sum = (perKind: readonly number[], first: number, end: number) =>
      layerKinds.slice(first, end).reduce((all, kind) => all + perKind[kind]!, 0);
    let least = Number.POSITIVE_INFINITY;
    const from = (s: number, first: number, slowest: number, last: number): void => {
      if (s === stages.length) {
        if (first === layerKinds.length) least = Math.min(least, microBatches * slowest + last);
        return;
      }
      const { secondsPerLayer, fixedSeconds, endPerLayer, endFixed, earliest, passing } = stages[s]!;
      for (let end = first + 1; end <= layerKinds.length; end++) {
        if (first < earliest[end]!) continue;
        const passed = passing === null ? 0 : passing.entering[first]! + passing.leaving[end]!;
        const seconds = fixedSeconds + passed + sum(secondsPerLayer, first, end);
        const after = endFixed + sum(endPerLayer, first, end);
        from(s + 1, end, Math.max(slowest, seconds), Math.max(last, after));
      }
    };
    from(0, 0, 0, 0);
    return least;
  };

  it('finds the least slowest stage of all cuts', () => {
    fc.assert(
      fc.property(flowing, (problem) => {
        const least = oracle(problem);
        const cut = cutLayers(problem);
        if (least === Number.POSITIVE_INFINITY) expect(cut).toHaveProperty('rule');
        else expect((cut as Cut).objectiveSeconds).toBeCloseTo(least, 9);
      }),
      { numRuns: 400 },
    );
  });

  it('is confirmed by the integer program, which finds none faster', () => {
    let proven = 0;
    fc.assert(
      fc.property(problems, (one) => {
        const problem = { ...one, flows: true } as const;
        const cut = cutLayers(problem);
        if (!('rule' in cut) && checkCut(problem, cut).check?.status === 'optimal') proven += 1;
      }),
      { numRuns: 120, seed: 11 },
    );
    expect(proven).toBeGreaterThan(50);
  });

  it('tells of a cut with a slower stage than there need be', () => {
    const alike = new Array<number>(8).fill(0);
    const stages = [{ seconds: [1] }, { seconds: [1] }].map((one) => stage(alike, one));
    const problem = { layerKinds: alike, stages, microBatches: 8, flows: true } as const;
    expect(cutLayers(problem)).toMatchObject({ layersPerStage: [4, 4], objectiveSeconds: 32 });
    expect(() => checkCut(problem, judge(problem, [5, 3])!)).toThrow('found stages below 5 s');
  });

  it('is not the cut of one that drains: what the first micro-batch passes does not count', () => {
    const stages = [{ seconds: [1] }, { seconds: [4] }].map((one) => stage([0, 0, 0, 0, 0], one));
    const problem = { layerKinds: [0, 0, 0, 0, 0], stages, microBatches: 1 };
    expect(cutLayers(problem)).toMatchObject({ layersPerStage: [4, 1], sumSeconds: 8 });
    expect(cutLayers({ ...problem, flows: true })).toMatchObject({ sumSeconds: 4, objectiveSeconds: 4 });
  });
});

describe('the solver behind the port', () => {
  const knapsack: Program = {
    variables: [
      { name: 'result', cost: -5, lower: 1, upper: 3, integer: true },
      { name: 'b', cost: -4, lower: 0, upper: 10, integer: true },
    ],
    rows: [
      {
        name: 'weight',
        terms: [
          [0, 6],
          [1, 4],
        ],
        lower: Number.NEGATIVE_INFINITY,
        upper: 24,
      },
    ],
  };

  it('recomputes the objective and handles lower bounds and unlucky names', () => {
    const answer = javascriptLpSolver.solve(knapsack, 1e6);
    expect(answer.status).toBe('optimal');
    expect(answer.objective).toBe(-5 * answer.values![0]! - 4 * answer.values![1]!);
    expect(answer.objective).toBe(-22);
  });

  it('says infeasible', () => {
    const impossible = { ...knapsack, rows: [{ ...knapsack.rows[0]!, upper: 5 }] };
    expect(javascriptLpSolver.solve(impossible, 1e6).status).toBe('infeasible');
  });

  it('stops at its limit of work, whatever the solver does', () => {
    expect(javascriptLpSolver.solve(knapsack, 10).status).toBe('unsolved');
  });

  it('rejects fractional and out-of-bounds values', () => {
    expect(verify(knapsack, [1.5, 2])).toBe(false);
    expect(verify(knapsack, [0, 2])).toBe(false);
    expect(verify(knapsack, [3, 3])).toBe(false);
    expect(verify(knapsack, [2, 3])).toBe(true);
  });
});
