import { describe, expect, it } from 'vitest';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { rankMap } from '../../../src/launch-folder/rank-map.ts';
import { hostRuns, placesOf, seatsOf } from '../../../src/launch-folder/ranks.ts';
import { seating } from '../../../src/launch-folder/seating.ts';
import { DENSE, MIXED, ORIGIN, planned } from '../frameworks/fixture.ts';

describe('a host with two types of GPU', () => {
  const twoTypes = {
    ...MIXED.cluster,
    groups: MIXED.cluster.groups.map((group, i) => ({
      ...group,
      hosts: MIXED.cluster.groups[0]!.hosts,
      shared: { firstGpus: group.hosts.map(() => 8 * i), gpus: 16, bus: group.intraNode },
    })),
  };

  it('numbers the second type after the first, and reads the rank map back', () => {
    const plan = planned(MIXED, 'tp=8,pp=4,dp=2,sharding=1,layers=28/28/12/12');
    const seats = seatsOf(twoTypes, plan);
    expect(new Set(seats.map(({ host, gpu }) => `${host}/${gpu}`)).size).toBe(64);
    expect(seats.filter(({ group }) => group === 1).map(({ gpu }) => gpu)).toEqual(
      Array.from({ length: 32 }, (_, i) => 8 + (i % 8)),
    );
    const text = rankMap({ ...MIXED, cluster: twoTypes }, plan);
    expect(seating(twoTypes, text, 'rank-map.csv').devices).toEqual(
      placesOf(plan).map(({ device }) => device),
    );
  });
});

describe('ranks', () => {
  it('stand pipeline outermost, copies next', () => {
    const plan = planned(DENSE, 'tp=8,pp=4,dp=2');
    expect(placesOf(plan).map(({ device }) => device)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    expect(hostRuns(DENSE.cluster, plan).map(({ gpus }) => gpus.length)).toEqual(new Array(8).fill(8));
  });

  it('take part of a host, which the script then pins', () => {
    const plan = planned(DENSE, 'tp=4,pp=1,dp=1');
    expect(hostRuns(DENSE.cluster, plan)).toMatchObject([{ gpus: [0, 1, 2, 3] }]);
    const stage = plan.pipelines[0]!.stages[0]!;
    const upper = {
      ...plan,
      pipelines: [
        {
          ...plan.pipelines[0]!,
          stages: [{ ...stage, replicas: [{ ...stage.replicas[0]!, firstDevice: 4 }] }],
        },
      ],
    };
    expect(hostRuns(DENSE.cluster, upper)).toMatchObject([{ gpus: [4, 5, 6, 7] }]);
    const script = megatron.render(DENSE, upper, ORIGIN).find(({ path }) => path === 'launch.sh')?.content;
    expect(script).toContain('DEVICES=(4,5,6,7)');
  });

  it('refuse hosts with unequal numbers of GPUs, and a host whose ranks lie apart', () => {
    const uneven = planned(DENSE, 'tp=4,pp=1,dp=4,sharding=3');
    const [stage] = uneven.pipelines[0]!.stages;
    const replicas = (starts: readonly number[]) =>
      starts.map((firstDevice) => ({ ...stage!.replicas[0]!, count: 1, firstDevice }));
    const placed = (starts: readonly number[]) => ({
      ...uneven,
      pipelines: [{ ...uneven.pipelines[0]!, stages: [{ ...stage!, replicas: replicas(starts) }] }],
    });
    expect(torchtitan.reject(DENSE, placed([0, 4, 8, 12]))).toBeNull();
    expect(torchtitan.reject(DENSE, placed([0, 4, 8, 16]))?.rule).toBe('equal-gpus-per-host');
    expect(torchtitan.reject(DENSE, placed([0, 8, 4, 12]))?.rule).toBe('consecutive-ranks-per-host');
  });
});
