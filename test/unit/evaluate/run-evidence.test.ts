import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { runKind } from '../../../src/evaluate/error-band.ts';
import { lackingEvidence, MEASURED_RUNS } from '../../../src/evaluate/run-evidence.ts';
import { problemOf } from '../../../src/runs/problem.ts';
import type { Row } from '../../../src/runs/row.ts';
import { readRows } from '../../../src/runs/rows.ts';
import { search } from '../../../src/search/search.ts';
import { problem } from '../../fixtures/problem.ts';

const PATH = 'test/accuracy/runs.jsonl';

/** null: it states too little. */
function posed(row: Row): Problem | null {
  try {
    return problemOf(row, []);
  } catch {
    return null;
  }
}

describe('what was measured', () => {
  it('is counted from the runs', () => {
    const { rows } = readRows([{ path: PATH, text: readFileSync(PATH, 'utf8') }]);
    const counts: Record<string, Record<string, number>> = {};
    for (const row of rows) {
      const of = row.measured.stepSeconds === undefined || row.outcome !== 'ran' ? null : posed(row);
      if (of === null) continue;
      const known = counts[row.hardware.gpu] ?? {};
      known[runKind(of)] = (known[runKind(of)] ?? 0) + 1;
      counts[row.hardware.gpu] = known;
    }
    expect(MEASURED_RUNS).toEqual(counts);
  });

  it.each([
    ['deepseek-v2-lite', 'dgx-a100-64', 'bf16', ['no measured MoE run on a100-80-sxm']],
    ['llama-3.2-1b', 'dgx-a100-8', 'bf16', []],
    ['llama-3.2-1b', 'dgx-h100-8', 'fp8', []],
    ['llama-3.2-1b', 't4-cloud-16', 'fp16', ['no measured run on t4']],
  ] as const)('%s on %s in %s', (model, cluster, precision, words) => {
    const p = problem(model, cluster, { precision, sequenceLength: 1024 });
    const [best] = search(p, { top: 1, plansAlone: true, maxEvaluations: 20 }).plans;
    expect(lackingEvidence(p, best!.plan)).toEqual(words);
  });
});
