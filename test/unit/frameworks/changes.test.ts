import { describe, expect, it } from 'vitest';
import { changes } from '../../../src/frameworks/changes.ts';
import { LAUNCHERS, launcherOf } from '../../../src/frameworks/index.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { DENSE, MIXED, planned } from './fixture.ts';

const ONE = planned(DENSE, 'tp=4,pp=4,dp=4,sharding=1');
const OTHER = planned(DENSE, 'tp=8,pp=4,dp=2,sharding=1,recompute=full');

describe('what a plan changes in a launch file', () => {
  it('is nothing where it is the same', () => {
    for (const framework of LAUNCHERS.filter((one) => one.reject(DENSE, ONE) === null))
      expect(changes(framework, DENSE, ONE, ONE)).toEqual([]);
  });

  it('stands in the framework’s words, what goes before what comes in its place', () => {
    expect(changes(megatron, DENSE, ONE, OTHER)).toEqual([
      '- --tensor-model-parallel-size 4',
      '+ --tensor-model-parallel-size 8',
      '+ --recompute-granularity full',
      '+ --recompute-method uniform',
      '+ --recompute-num-layers 1',
    ]);
  });

  it('is as long one way as the other', () => {
    const json = launcherOf('json')!;
    const two = planned(DENSE, 'tp=8,pp=2,dp=4,sharding=1');
    const one = planned(DENSE, 'tp=8,pp=1,dp=8,sharding=1');
    const added = changes(json, DENSE, one, two).filter((line) => line.startsWith('+')).length;
    const removed = changes(json, DENSE, two, one).filter((line) => line.startsWith('-')).length;
    expect(added).toBe(removed);
  });

  it('names the hosts where their order changes', () => {
    const [a, b] = ['tp=8,pp=4,dp=2,layers=28/28/12/12', 'tp=8,pp=4,dp=1,groups=h100:32,layers=20/20/20/20'];
    expect(changes(megatron, MIXED, planned(MIXED, a), planned(MIXED, b)).slice(-2)).toEqual([
      '- hosts: 4 × h100, 4 × a100-40',
      '+ hosts: 4 × h100',
    ]);
  });
});
