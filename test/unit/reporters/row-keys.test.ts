import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { planOf } from '../../../src/plan-text/plan-of.ts';
import { planText } from '../../../src/plan-text/text.ts';
import { planTable } from '../../../src/reporters/plan-table.ts';
import { keyText, rowKeys } from '../../../src/reporters/row-keys.ts';
import { search } from '../../../src/search/search.ts';
import { TECHNIQUES } from '../../../src/techniques/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { ALONE } from './fixture.ts';

const DENSE = problem('llama-3.1-8b', 'dgx-h100-64');

function planned(text: string, p: Problem = DENSE): Plan {
  const outcome = planOf(p, parseConfiguration(text));
  if ('rule' in outcome) throw new Error(`${text}: ${outcome.actual}, ${outcome.limit}`);
  return outcome.plan;
}

/** Degrees, and which groups serve them: what a row says in its own column, or not at all. */
function degrees(text: string): string[] {
  return text.split(',').filter((token) => /^(tp|pp|dp|cp|ep|etp|dp-replicate|groups)=/.test(token));
}

const FOUND = [
  ['dense', problem('llama-3.1-8b', 'dgx-h100-64')],
  ['sparse', problem('mixtral-8x7b', 'dgx-h100-64')],
  ['mixed', problem('llama-3.1-8b', 'mixed-a100-v100', { precision: 'fp16' }, 'generic')],
] as const;

describe.each(FOUND)('keys of a row, %s', (_, p) => {
  const result = search(p, { top: 6, allow: ['offload'], maxEvaluations: 40, plansAlone: true });

  it('typed back after the degrees give the plan again', () => {
    expect(result.plans.length).toBeGreaterThan(2);
    for (const { plan } of result.plans) {
      const text = planText(p, plan);
      if (text.startsWith('pipelines=')) continue;
      const typed = [
        ...degrees(text),
        ...rowKeys(p, plan)
          .filter((one) => one.typed)
          .map(keyText),
      ];
      expect(planText(p, planned(typed.join(), p))).toBe(text);
    }
  });

  it('head the columns of the table, under names that --config knows', () => {
    const wide = planTable(p, result, ALONE, { columns: 200, color: false });
    const heads = wide.split('\n').find((line) => line.startsWith('#'))!;
    for (const { key, value, typed } of result.plans.flatMap(({ plan }) => rowKeys(p, plan))) {
      expect(heads).toMatch(new RegExp(`\\b${key}\\b`));
      if (typed) expect(() => parseConfiguration(`${key}=${value}`)).not.toThrow();
    }
  });
});

describe.each(TECHNIQUES)('$id', (technique) => {
  const { id, choices, off, of, set, schema, format } = technique;
  const listed = (schema as { enum?: readonly unknown[] }).enum ?? [];
  const dims = { tp: 2, cp: 1, pp: 4, dpReplicate: 1, dpShard: 8, ep: 1, etp: 1, vpp: 1 };
  const values = [off, ...listed, ...(choices?.(DENSE, dims) ?? [])] as Parameters<typeof format>[0][];
  const base = planned('tp=2,pp=4,dp=8,micro-batch=1');

  it('is printed as it is typed, whatever its value', () => {
    for (const value of values) {
      const plan = { ...base, techniques: set(base.techniques, value as never) };
      const row = rowKeys(DENSE, plan).find(({ key }) => key === id);
      if (row === undefined) continue;
      const { techniques } = parseConfiguration(keyText(row));
      expect(format(of(techniques) as never)).toBe(format(value as never));
    }
  });
});

it('folds equal layers as they may be typed, and says what cannot be typed in words', () => {
  const plan = planned('tp=2,pp=4,dp=8,micro-batch=1,layers=9/9/9/5');
  const [text] = rowKeys(DENSE, plan)
    .filter(({ key }) => key === 'layers')
    .map(keyText);
  expect(text).toBe('layers=9×3/5');
  expect(parseConfiguration(text!).layers).toEqual([9, 9, 9, 5]);
  expect(keyText({ key: 'mbs', value: '3/2', typed: false })).toBe('mbs 3/2');
});
