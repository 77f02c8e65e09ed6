import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { problem } from '../../fixtures/problem.ts';
import { planned } from '../frameworks/fixture.ts';

const on = (over: Partial<Problem['workload']>, stack = 'torchtune', model = 'llama-3.1-8b') =>
  problem(model, 'dgx-h100-8', { sequenceLength: 2048, globalBatchSize: 8, ...over }, stack);
const of = (given: Problem, text: string) => estimate(given, planned(given, text));
const peak = (given: Problem, text: string) =>
  Math.max(...of(given, text).stages.map(({ memory }) => memory.allocatedBytes));

const ONE = 'tp=8,pp=1,dp=1,recompute=full';

describe('a paged optimizer', () => {
  const eight = on({ optimizer: 'adamw-8bit' });

  it('has its states in the host and pays for their way', () => {
    const [kept, paged] = [
      of(eight, `${ONE},micro-batch=8`),
      of(eight, `${ONE},micro-batch=8,paged-optimizer=true`),
    ];
    expect(kept.hosts).toEqual([]);
    const states = 8 * kept.stages[0]!.memory.allocated['optimizer states']!;
    expect(paged.hosts[0]!.parts['optimizer states']! / states).toBeCloseTo(1, 6);
    expect(paged.stages[0]!.memory.allocated['optimizer states'] ?? 0).toBe(0);
    expect(paged.stages[0]!.memory.allocatedBytes).toBeLessThan(kept.stages[0]!.memory.allocatedBytes);
    expect(paged.time.optimizer).toBeGreaterThan(kept.time.optimizer!);
  });

  it('is one that bitsandbytes has', () => {
    expect(() => planned(on({ optimizer: 'muon' }), `${ONE},paged-optimizer=true`)).toThrow(/paged muon/);
  });
});

describe('an 8-bit optimizer', () => {
  it('updates the largest weight from copies in fp32: 12 B a parameter of it', () => {
    const text = 'tp=1,pp=1,dp=1,micro-batch=8,recompute=full,optimizer-in-backward=true,loss=cut';
    const alone = (optimizer: string) => {
      const base = on({ optimizer });
      const [group] = base.cluster.groups;
      const cluster = {
        ...base.cluster,
        groups: [{ ...group!, nodes: 1, gpusPerNode: 1, fastDomainGpus: 1 }],
      };
      return of({ ...base, cluster }, text).stages[0]!.memory;
    };
    const embedding = 128_256 * 4096;
    expect(alone('adamw-8bit').allocated.temporaries! - alone('adamw').allocated.temporaries!).toBeCloseTo(
      (12 - 4) * embedding,
      -6,
    );
  });
});

describe('gradients that torch lets go between steps', () => {
  const kept = on({});
  const freed = { ...kept, stack: { ...kept.stack, freesGradients: true } };
  const held = { ...kept, stack: { ...kept.stack, freesGradients: false } };

  it('are not there in forward of the only micro-batch', () => {
    const text = 'tp=8,pp=1,dp=1,micro-batch=8,recompute=none';
    const gradients = (2 * countParameters(kept.model).total) / 8;
    const saved = peak(held, text) - peak(freed, text);
    expect(saved).toBeGreaterThan(0.5 * gradients);
    expect(saved).toBeLessThanOrEqual(gradients);
  });

  it('are there where micro-batches add to them', () => {
    const text = 'tp=8,pp=1,dp=1,micro-batch=4,recompute=none';
    expect(peak(freed, text)).toBe(peak(held, text));
  });
});

describe('gradients sharded as they come', () => {
  it('are scattered after each micro-batch, not once a step', () => {
    const sent = (zero: number, microBatch: number) => {
      const given = on({ globalBatchSize: 64 }, 'deepspeed');
      const text = `tp=1,pp=1,dp=8,micro-batch=${microBatch},recompute=full,zero=${zero}`;
      const { time } = of(
        { ...given, stack: { ...given.stack, overlap: { ...given.stack.overlap, dataParallel: 0 } } },
        text,
      );
      return time['sharded-parameter communication'] ?? 0;
    };
    expect(sent(1, 1)).toBe(0);
    expect(sent(2, 1) / sent(2, 8)).toBeCloseTo(8, 6);
    expect(sent(2, 8)).toBeGreaterThan(0);
    expect(sent(3, 8)).toBeGreaterThan(sent(2, 8));
  });
});

describe('gradients of 16 bits', () => {
  const text = 'tp=1,pp=1,dp=8,micro-batch=1,recompute=full,zero=1,loss=cut';
  const atStep = (options: Record<string, string>, stack = 'megatron-core') => {
    const given = on({ optimizer: 'adamw', optimizerOptions: options, sequenceLength: 256 }, stack);
    const { memory } = estimate(given, planned(given, text)).stages[0]!;
    const { gradients, 'widened gradients': copies = 0 } = memory.allocated;
    return { point: memory.peakAt, bytes: gradients! + copies };
  };
  const parameters = countParameters(on({}).model).total;

  it('are copied in fp32 for the step of Megatron, as wide as the shard of the masters', () => {
    const { point, bytes } = atStep({ gradients: 'bf16' });
    expect(point).toBe('optimizer-step');
    expect(bytes / ((2 + 4 / 8) * parameters)).toBeCloseTo(1, 6);
  });

  it('are not where states of other formats are updated from them as they are, or another stack does', () => {
    const aware = atStep({ gradients: 'bf16', moments: 'bf16' });
    expect(aware.bytes / (2 * parameters)).toBeCloseTo(1, 6);
    expect(atStep({ gradients: 'bf16' }, 'generic').bytes / (2 * parameters)).toBeCloseTo(1, 6);
  });
});
