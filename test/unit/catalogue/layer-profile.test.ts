import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadLayerProfile } from '../../../src/catalogue/layer-profiles.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { problem } from '../../fixtures/problem.ts';

const base = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 16 });

const text = (points: string) => `schema: shardwright.layer-profile/1
name: mine
entries:
  - gpu: h100-sxm
    tensorParallel: 2
    sequenceLength: 4096
    points:
${points}`;
const POINTS = `      - { microBatch: 1, forward: 10 ms, backward: 20 ms, saved: 500 MiB }
      - { microBatch: 4, forward: 34 ms, backward: 68 ms, saved: 2000 MiB }
`;

function written(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'profile-')), 'profile.yaml');
  writeFileSync(path, content);
  return path;
}

function planFor(config: string) {
  const outcome = planOf(base, parseConfiguration(config));
  if ('rule' in outcome) throw new Error(outcome.rule);
  return outcome.plan;
}

describe('a layer profile', () => {
  const given = { ...base, layerProfile: loadLayerProfile(written(text(POINTS)), base.model) };

  it('stands in for the estimate, interpolated between points', () => {
    const compute = (config: string) =>
      estimate(given, planFor(config)).stages[0]!.compute['layers as measured'];
    expect(compute('tp=2,dp=4,micro-batch=1')).toBeCloseTo(32 * 0.03, 9);
    expect(compute('tp=2,dp=4,micro-batch=2')).toBeCloseTo(32 * (0.018 + 0.036), 9);
    expect(compute('tp=2,dp=4,micro-batch=4')).toBeCloseTo(32 * 0.102, 9);
  });

  it('gives the bytes it measured', () => {
    const { memory } = estimate(given, planFor('tp=2,dp=4,micro-batch=1')).stages[0]!;
    const plain = estimate(base, planFor('tp=2,dp=4,micro-batch=1')).stages[0]!.memory;
    expect(memory.allocated.activations! - plain.allocated.activations!).not.toBe(0);
    expect(memory.allocated.activations!).toBeGreaterThanOrEqual(32 * 500 * 2 ** 20);
  });

  it('is not stretched beyond its points, and says so', () => {
    const plan = planFor('tp=4,dp=2,micro-batch=1');
    const e = estimate(given, plan);
    expect(e.stepSeconds).toBe(estimate(base, plan).stepSeconds);
    expect(e.assumptions.join()).toMatch(/mine does not reach \S+ layers on h100-sxm at tp=4, micro-batch 1/);
    expect(estimate(given, planFor('tp=2,dp=4,micro-batch=1')).assumptions.join()).not.toMatch(
      /does not reach/,
    );
  });

  it.each([
    ['zero time', text('      - { microBatch: 1, forward: 0 ms, backward: 2 ms }\n'), /forward is "0 ms"/],
    [
      'falling order',
      text(
        '      - { microBatch: 2, forward: 1 ms, backward: 2 ms }\n      - { microBatch: 1, forward: 1 ms, backward: 2 ms }\n',
      ),
      /micro-batch 1 follows 2/,
    ],
    ['an unknown GPU', text(POINTS).replace('h100-sxm', 'h100-smx'), /h100-smx/],
    [
      'an unknown kind',
      text(POINTS).replace('    points', '    layerKind: moe\n    points'),
      /layerKind is "moe"/,
    ],
  ])('refuses %s', (_, content, message) => {
    const load = () => loadLayerProfile(written(content), base.model);
    expect(load).toThrow(InputError);
    expect(load).toThrow(message);
  });
});
