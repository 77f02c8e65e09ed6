import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { total } from '../../src/domain/estimate.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { problem } from '../fixtures/problem.ts';
import { planned } from '../unit/frameworks/fixture.ts';

const CASES = fc.record({
  model: fc.constantFrom('llama-3.2-1b', 'llama-3.1-8b', 'mixtral-8x7b', 'deepseek-v2-lite'),
  stack: fc.constantFrom(
    'megatron-core',
    'torch-fsdp2',
    'torch-fsdp',
    'torchtune',
    'deepspeed',
    'megatron-deepspeed',
    'generic',
  ),
  degrees: fc.constantFrom('tp=1,pp=1,dp=8', 'tp=2,pp=2,dp=2', 'tp=1,pp=4,dp=2', 'tp=1,pp=2,dp=4,vpp=2'),
  recompute: fc.constantFrom('none', 'full'),
  zero: fc.constantFrom(0, 1, 2, 3),
  parameters: fc.constantFrom('none', 'host'),
  form: fc.constantFrom('', ':stride2', ':stride4', ':sync', ':nvme'),
});

const FRACTIONS = [0.1, 0.5, 0.9, 1];

describe('a larger share off the GPU', () => {
  const costed = (one: typeof CASES extends fc.Arbitrary<infer T> ? T : never, offload: string) => {
    const on = problem(one.model, 'dgx-h100-8', { sequenceLength: 2048 }, one.stack);
    const text = `${one.degrees},micro-batch=1,recompute=${one.recompute},zero=${one.zero},offload=${offload}`;
    return estimate(on, planned(on, text));
  };
  const bytes = ({ stages, hosts }: ReturnType<typeof costed>) => ({
    gpus: stages.map(({ memory }) => memory.allocatedBytes),
    hosts: total(Object.fromEntries(hosts.map((one) => [one.device, one.bytes]))),
  });

  it.each([
    ['of the optimizer', (f: number, form: string) => `optimizer:${f}${form}`],
    ['of activations', (f: number) => `activations:${f}`],
  ])('%s never takes more of a GPU nor less of a host', (_, text) => {
    fc.assert(
      fc.property(CASES, (one) => {
        const all = FRACTIONS.map((f) =>
          bytes(costed(one, `parameters:${one.parameters}+${text(f, one.form)}`)),
        );
        for (const [i, now] of all.entries()) {
          const before = all[i - 1] ?? now;
          for (const [s, gpu] of now.gpus.entries())
            expect(gpu).toBeLessThanOrEqual(before.gpus[s]! * (1 + 1e-9));
          expect(now.hosts).toBeGreaterThanOrEqual(before.hosts * (1 - 1e-9));
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([2, 3])('has the gradients of its own shards on the host with ZeRO 1 as with ZeRO %i', (zero) => {
    const on = problem('llama-3.1-8b', 'dgx-h100-8', { sequenceLength: 2048 }, 'deepspeed');
    const hostOf = (stage: number) =>
      estimate(on, planned(on, `tp=1,pp=1,dp=8,micro-batch=1,zero=${stage},offload=optimizer:1`)).hosts[0]!;
    expect(hostOf(1).bytes).toBeCloseTo(hostOf(zero).bytes, 0);
    // 16-bit gradients as they arrive, and widened: 6 B a parameter, all ranks of the host together.
    expect(hostOf(1).parts.gradients).toBeCloseTo(6 * 8_030_261_248, -7);
  });

  it('leaves wholes the sum of their parts', () => {
    fc.assert(
      fc.property(CASES, fc.double({ min: 0.01, max: 1, noNaN: true }), (one, f) => {
        const share = f.toFixed(3);
        const { stepSeconds, time, stages, hosts } = costed(
          one,
          `optimizer:${share}${one.form}+activations:${share}+parameters:${one.parameters}`,
        );
        expect(stepSeconds).toBeCloseTo(total(time), 6);
        for (const { memory } of stages)
          expect(memory.allocatedBytes).toBeCloseTo(total(memory.allocated), 0);
        expect(hosts.length).toBeGreaterThan(0);
        for (const host of hosts) expect(host.bytes).toBeCloseTo(total(host.parts), 0);
      }),
      { numRuns: 40 },
    );
  });

  it('is slower on a slower host, never faster', () => {
    const on = problem('llama-3.1-8b', 'dgx-h100-8', {}, 'deepspeed');
    const plan = planned(
      on,
      'tp=1,pp=1,dp=8,micro-batch=1,zero=3,recompute=full,offload=optimizer:1+parameters:host',
    );
    const seconds = (memoryBandwidth: number) => {
      const [group] = on.cluster.groups;
      const host = { memoryBandwidth, pcieBandwidth: memoryBandwidth / 10 };
      return estimate({ ...on, cluster: { ...on.cluster, groups: [{ ...group!, host }] } }, plan).stepSeconds;
    };
    const all = [100e9, 200e9, 400e9, 800e9].map(seconds);
    for (const [i, now] of all.entries()) if (i > 0) expect(now).toBeLessThan(all[i - 1]!);
  });
});
