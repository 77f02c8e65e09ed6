import { expect, it } from 'vitest';
import { spanOfRuns } from '../../../src/hardware/span.ts';
import { clusterOf } from '../../fixtures/random-cluster.ts';

const CLUSTER = clusterOf([{ type: 0, nodes: 2, gpusPerNode: 4 }]);
const places = (...devices: number[]) => {
  const runs = devices.map((firstDevice) => ({ firstDevice, stride: 1, size: 1 }));
  const { size, perDomain, domains } = spanOfRuns(CLUSTER, runs);
  return { size, perDomain, domains };
};

it('members on one node stand together, however they are listed', () => {
  expect(places(0, 2)).toEqual({ size: 2, perDomain: 2, domains: 1 });
  expect(places(0, 2, 4, 6)).toEqual({ size: 4, perDomain: 2, domains: 2 });
  expect(places(0, 4)).toEqual({ size: 2, perDomain: 1, domains: 2 });
});
