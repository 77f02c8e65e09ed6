import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { communicatorsOf } from '../../../src/frameworks/megatron/communicators.ts';
import { DENSE, planned, problemOf } from './fixture.ts';

/** Dumped by RankGenerator (megatron/core/parallel_state.py@d98e8a6) for tp 4, cp 2, dp 4, pp 2, ep 4, etp 2, two sets of states. */
const GROUPS: Readonly<Record<string, number[][]>> = JSON.parse(
  readFileSync('test/fixtures/megatron-groups.json', 'utf8'),
);

const sorted = (groups: readonly (readonly number[])[] | undefined) =>
  groups?.map((ranks) => [...ranks].sort((a, b) => a - b)).sort(([a], [b]) => a! - b!);

it('has the process groups that Megatron-LM makes', () => {
  const problem = problemOf('mixtral-8x7b', 'dgx-h100-64');
  const plan = planned(problem, 'tp=4,cp=2,dp=4,pp=2,ep=4,etp=2,sharding=1,dp-replicate=2');
  const found = communicatorsOf(problem, plan);
  for (const [name, groups] of Object.entries(GROUPS))
    expect([name, sorted(found.get(name))]).toEqual([name, sorted(groups)]);
});

it('takes the tensor parallelism of a dense model for that of its experts', () => {
  const found = communicatorsOf(DENSE, planned(DENSE, 'tp=8,pp=4,dp=2'));
  expect(found.get('ep_tp')).toEqual(found.get('tp'));
  expect(found.get('tp_ep_pp')).toEqual(found.get('mp'));
  expect(found.get('ep_dp')).toEqual(found.get('dp'));
});
