import { expect, it } from 'vitest';
import { FRAMEWORKS } from '../../../src/frameworks/index.ts';
import { closestFramework } from '../../../src/session/freedoms.ts';
import { DENSE, MIXED, planned, problemOf } from '../frameworks/fixture.ts';

const UNLIKE = planned(
  MIXED,
  'tp=8/4,pp=2,layers=50/30,groups=h100/a100-40:16,dp=4,micro-batch=1,schedule=1f1b,sp=true,zero=1',
);

it('the closest framework is the one whose rules a plan passes furthest', () => {
  const plan = planned(DENSE, 'tp=8,pp=4,vpp=2,micro-batch=1,schedule=zb-v,sp=true,zero=1');
  const passed = FRAMEWORKS.map((one) => one.passes!(DENSE, plan));
  const closest = closestFramework(DENSE, plan);
  expect(FRAMEWORKS.every((one) => one.reject(DENSE, plan) !== null)).toBe(true);
  expect(closest.passes!(DENSE, plan)).toBe(Math.max(...passed));
  expect(closest.reject(DENSE, plan)!.rule).toBe('schedule');
});

it('a plan of several tensor-parallel sizes is closest to what has them', () => {
  expect(closestFramework(MIXED, UNLIKE).capabilities.tensorParallelPerStage).toBe(true);
});

it('a plan that a framework runs passes all kinds of its rules, one for a foreign model none', () => {
  const plan = planned(DENSE, 'tp=8,pp=4,micro-batch=1,zero=1,sp=true');
  const of = (id: string, problem = DENSE) => FRAMEWORKS.find((one) => one.id === id)!.passes!(problem, plan);
  expect(of('megatron')).toBe(6);
  expect(of('hexiscale', problemOf('deepseek-v3', 'dgx-h100-64'))).toBe(0);
});
