import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { score } from '../../../src/accuracy/score.ts';
import { plansOf } from '../../../src/runs/plans.ts';
import { problemOf, problemsOf } from '../../../src/runs/problem.ts';
import type { Row } from '../../../src/runs/row.ts';

const rows = readFileSync('test/accuracy/runs.jsonl', 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);
const row = (id: string) => rows.find((one) => one.id === id)!;

describe('what a row leaves open', () => {
  const silent = row('mbridge-26.08-pretrain-qwen3_235b_a22b-dgx-gb200-256g-mxfp8');
  const told = row('mbridge-26.04-pretrain-deepseekv3-dgx-gb300-256g-mxfp8');

  it('is tried: overlap, and whole iterations with their fp8 attention', () => {
    const assumptions: string[] = [];
    const stacks = problemsOf(silent, assumptions).map(({ stack }) => stack);
    expect(stacks.length).toBeGreaterThan(2);
    expect(
      stacks.some(({ cudaGraphs, attentionFormat }) => cudaGraphs === 'full' && attentionFormat === 'fp8'),
    ).toBe(true);
    expect(assumptions.join()).toMatch(/not stated: best of those there are/);
    expect(problemsOf({ ...silent, year: 2024 }, [])).toHaveLength(1);
  });

  it('is not where a recipe is stated', () => {
    expect(problemsOf(told, [])).toHaveLength(1);
  });

  it('counts as many hosts of each rack', () => {
    expect(problemOf(silent, []).cluster.groups[0]!.fastDomainGpus).toBe(64);
    const eight = { ...silent.hardware, gpus: 8, fastDomainGpus: 72 };
    expect(problemOf({ ...silent, hardware: eight }, []).cluster.groups[0]!.fastDomainGpus).toBe(8);
  });

  it('reads tokens dropped from the words of a row too', () => {
    const noted = { ...told, notes: 'token-drop MoE (capacity) run.' };
    expect(problemOf(noted, []).stack.routing).toBe('token-drop');
    expect(problemOf(told, []).stack.routing).toBe('balanced');
  });

  it('tries a share of the layers of each stage where recomputation is not stated', () => {
    const unstated = row('mbridge-25.11-pretrain-llama3.1_405b-dgx-gb300-256g-fp8-cs');
    const plans = plansOf(unstated, problemOf(unstated, []), []);
    const shares = plans.map(({ techniques }) => JSON.stringify(techniques));
    expect(shares.filter((text) => /"layersPerStage":\d/.test(text)).length).toBeGreaterThanOrEqual(3);
  });

  it('does not hold the memory of a host against a run that does not state it', () => {
    const offloading = row('torchtune-70b-full-8xa100');
    expect(score(offloading).verdict).not.toBe('does-not-fit');
    const small = { ...offloading, hardware: { ...offloading.hardware, host: { memoryGiB: 64 } } };
    expect(score(small).verdict).toBe('does-not-fit');
  });
});
