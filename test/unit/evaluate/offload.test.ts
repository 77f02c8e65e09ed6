import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { score } from '../../../src/accuracy/score.ts';
import type { HostFacts } from '../../../src/domain/host.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { hostOf } from '../../../src/hardware/host.ts';
import { plansOf } from '../../../src/runs/plans.ts';
import { problemOf } from '../../../src/runs/problem.ts';
import { readRows } from '../../../src/runs/rows.ts';
import { memoryReason } from '../../../src/search/run/misses.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const path = 'test/accuracy/runs.jsonl';
const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
const study = rows.filter(({ group }) => group === 'deep-optimizer-states');
const GIB = 2 ** 30;

describe('runs of Deep Optimizer States', () => {
  const scored = study.map((row) => score(row));
  const mean = (errors: readonly number[]) => errors.reduce((sum, e) => sum + Math.abs(e), 0) / errors.length;

  it('come within 12 % of a step and 5 % of the memory at it', () => {
    expect(scored.length).toBe(150);
    expect(mean(scored.map(({ stepError }) => stepError!))).toBeLessThan(0.08);
    expect(mean(scored.map(({ memoryError }) => memoryError!))).toBeLessThan(0.03);
  });

  it('come within 12 % of each phase', () => {
    for (const phase of ['forwardSeconds', 'backwardSeconds', 'optimizerSeconds'])
      expect(mean(scored.map(({ phases }) => phases![phase]!.error)), phase).toBeLessThan(0.12);
  });

  /** Highest Max_MA of see_memory_usage in a step, and used CPU virtual memory, GiB, of the same logs. */
  it.each([
    ['13b-scale-dp-13b-tp1-dp1-gbs4-mbs4-sub100m-sync', 30.99, 287],
    ['13b-scale-dp-13b-tp1-dp2-gbs8-mbs4-sub100m-sync', 22.76, 271],
    ['13b-scale-dp-13b-tp1-dp4-gbs16-mbs4-sub100m-sync', 17.38, 282],
    ['13b-scale-gaps-a100-13b-tp1-dp4-gbs4-mbs1-sub100m-stride2', 15.34, 447],
    ['13b-scale-gaps-a100-13b-tp1-dp4-gbs4-mbs1-sub100m-sync', 12.15, 318],
    ['8b-scale-gaps-a100-8b-tp1-dp4-gbs4-mbs1-sub100m-sync', 10.5, 251],
    ['7b-scale-gaps-a100-7b-tp1-dp4-gbs4-mbs1-sub100m-sync', 9.09, 165],
    ['7b-scale-dp-7b-tp1-dp1-gbs4-mbs4-sub100m-sync', 19.34, 158],
    ['30b-scale-gaps-scale-dp-30b-tp1-dp8-gbs32-mbs4-sub100m-sync', 22.51, 339],
    ['30b-scale-gaps-scale-dp-30b-tp4-dp2-gbs8-mbs4-sub100m-sync', 18.19, 297],
    ['30b-scale-gaps-scale-dp-30b-tp1-dp8-gbs32-mbs4-sub100m-stride10', 23.87, 408],
  ])('%s is held whole: never less of a GPU than it took', (id, gpu, host) => {
    const row = study.find((one) => one.id === `dos-${id}`)!;
    const on = problemOf(row, []);
    const { stages, hosts } = estimate(on, plansOf(row, on, [])[0]!);
    const allocated = stages[0]!.memory.allocatedBytes / GIB;
    expect(allocated / gpu).toBeGreaterThan(0.995);
    expect(allocated / gpu).toBeLessThan(1.25);
    expect(hosts[0]!.bytes / GIB / host).toBeGreaterThan(0.78);
    expect(hosts[0]!.bytes / GIB / host).toBeLessThan(1.3);
  });
});

describe('the memory of hosts', () => {
  const with_ = (host: HostFacts): Problem => {
    const on = problem('llama-3.1-8b', '4090-8', { sequenceLength: 2048 }, 'deepspeed');
    const [group] = on.cluster.groups;
    return { ...on, cluster: { ...on.cluster, groups: [{ ...group!, host }] } };
  };
  const text = 'tp=1,pp=1,dp=8,micro-batch=1,zero=3,recompute=full,offload=optimizer:1+parameters:host';

  it('has a verdict of its own', () => {
    const fits = estimate(with_({ memoryBytes: 800e9 }), planned(with_({}), text));
    expect(fits.verdict).toBe('fits');
    expect(fits.hosts).toMatchObject([{ device: 'host', verdict: 'fits', limitBytes: 800e9 }]);
    const small = estimate(with_({ memoryBytes: 128 * GIB }), planned(with_({}), text));
    expect(small.verdict).toBe('does-not-fit');
    expect(small.stages[0]!.memory.verdict).toBe('fits');
    expect(memoryReason(with_({ memoryBytes: 128 * GIB }), small)).toMatchObject({
      rule: 'host-memory',
      limit: '128 GiB',
    });
  });

  it('has what goes to drives there', () => {
    const nvme = text.replace('optimizer:1', 'optimizer:1:nvme');
    const { hosts } = estimate(with_({}), planned(with_({}), nvme));
    expect(hosts.map(({ device }) => device).sort()).toEqual(['disk', 'host']);
    const slow = estimate(
      with_({ disk: { bytes: 4e12, readBandwidth: 1e9, writeBandwidth: 1e9 } }),
      planned(with_({}), nvme),
    );
    // 12 B of 8.03 G parameters, read and written at 1 GB/s.
    expect(slow.time.optimizer).toBeGreaterThan(2 * 96);
  });

  it('is told where it is assumed, and widens the band', () => {
    const { assumptions, weakestProvenance } = estimate(with_({}), planned(with_({}), text));
    expect(assumptions.some((line) => /of memory a host/.test(line))).toBe(true);
    expect(weakestProvenance).toBe('assumed');
  });

  it('is filled in by the class of the GPU', () => {
    const [group] = problem('llama-3.1-8b', 'dgx-h100-8').cluster.groups;
    expect(hostOf(group!)).toMatchObject({ memoryBytes: 2048 * GIB, pcieBandwidth: 64e9, gpus: 8 });
  });
});
