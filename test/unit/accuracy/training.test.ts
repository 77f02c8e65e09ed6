import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { score } from '../../../src/accuracy/score.ts';
import type { Row } from '../../../src/runs/row.ts';
import { readRows } from '../../../src/runs/rows.ts';

const path = 'test/accuracy/runs.jsonl';
const { rows } = readRows([{ path, text: readFileSync(path, 'utf8') }]);
const adapters = rows.find(({ id }) => id === 'mbridge-26.06-lora-llama3_70b-dgx-h100-8g-fp8')!;

function scored(over: Partial<Row['config']>, more: Partial<Row> = {}) {
  return score({ ...adapters, ...more, config: { ...adapters.config, ...over } });
}

describe('rows of adapters', () => {
  it('are scored, apart from those of all weights', () => {
    const row = score(adapters);
    expect(row).toMatchObject({ status: 'scored', group: 'megatron-bridge, adapters' });
    expect(row.stepError).toBeDefined();
    const { status, reason } = scored({ train: null, lora: null });
    expect([status, reason]).toEqual(['unscored', 'incomplete row (tier C)']);
  });

  it('are known by their tag', () => {
    const row = scored({ train: null, lora: null }, { tags: ['lora'] });
    expect(row.status).toBe('scored');
    expect(row.assumptions).toContain('LoRA, by its tag');
    expect(row.assumptions).toContain('LoRA rank 16 (--lora-rank)');
  });

  it('take less time with fewer of them, and less than training all', () => {
    const seconds = (over: Partial<Row['config']>) => scored(over).predictedStepSeconds!;
    const few = seconds({ lora: { rank: 16, modules: ['linear_qkv'] } });
    const all = seconds({ lora: { rank: 16, modules: 'all linear' } });
    expect(few).toBeLessThan(all);
    expect(all).toBeLessThan(seconds({ train: 'full', lora: null }));
    expect(few).toBeLessThan(seconds({ train: { decoder: 'lora', head: 'full' } }));
  });

  it('are left out with what nobody knows', () => {
    expect(scored({ lora: { modules: ['linear_x'] } })).toMatchObject({
      status: 'inexpressible',
      reason: expect.stringContaining('linear_x'),
    });
    expect(scored({ offload: { parameters: 'somewhere' } })).toMatchObject({ status: 'inexpressible' });
  });

  it('of which all is stated come within 15 % on average', () => {
    const whole = rows.filter(
      ({ config, hardware: { gpu, intraNode } }) =>
        // A bus of "slow lanes" is one whose rate nobody states.
        config.lora && gpu !== 'l40s' && !/slow lanes/.test(intraNode ?? ''),
    );
    const errors = whole.flatMap((row) => score(row).stepError ?? []).map(Math.abs);
    expect(errors.length).toBeGreaterThan(7);
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(0.15);
  });
});
