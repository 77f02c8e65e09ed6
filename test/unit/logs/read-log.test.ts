import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { median } from '../../../src/accuracy/metrics.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { readLog } from '../../../src/logs/read-log.ts';

const WARM_UP = 10;

function logOf(name: string) {
  const path = `test/fixtures/logs/${name}.log`;
  return readLog(path, readFileSync(path, 'utf8'), undefined, WARM_UP);
}

function refusal(text: string, id?: string): string {
  try {
    readLog('run.log', text, id, WARM_UP);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return 'none';
}

describe('each framework', () => {
  const GiB = 2 ** 30;

  it.each([
    ['megatron-tp2', 'megatron', 'seconds', 8.04, 128, 'allocated'],
    ['torchtitan', 'torchtitan', 'tokens-per-gpu', 7030, undefined, 'reserved'],
    ['deepspeed-pipeline', 'deepspeed', 'seconds', 0.936, undefined, undefined],
    ['deepspeed', 'deepspeed', 'samples', 136.7, undefined, 'allocated'],
    ['nanotron', 'nanotron', 'seconds', 1.24, 128, 'allocated'],
    ['nemo', 'nemo', 'seconds', 2.008, 128, 'reserved'],
  ] as const)('%s is told by its lines', (name, id, of, value, batch, kind) => {
    const { format, steps, globalBatch, memory } = logOf(name);
    expect(format.id).toBe(id);
    expect(new Set(steps.map(({ pace }) => pace.of))).toEqual(new Set([of]));
    expect(median(steps.map(({ pace }) => pace.value))! / value).toBeCloseTo(1, 2);
    expect(globalBatch).toBe(batch);
    expect(memory[0]?.kind).toBe(kind);
  });

  it('says the most memory that each rank held', () => {
    expect(logOf('deepspeed').memory).toEqual([{ bytes: 40.1 * GiB, kind: 'allocated', rank: 0 }]);
    expect(logOf('torchtitan').memory).toEqual([
      { bytes: 53.77 * GiB, kind: 'reserved', rank: 0 },
      { bytes: 53.76 * GiB, kind: 'reserved', rank: 1 },
    ]);
    expect(logOf('nanotron').memory[0]!.bytes).toBe(18787.53 * 2 ** 20);
    expect(logOf('nemo').memory).toEqual([{ bytes: 70833405952, kind: 'reserved' }]);
  });
});

describe('what counts', () => {
  const line = (iteration: number, ms: number | string, batch = 64) =>
    ` iteration ${iteration}/ 500 | consumed samples: 1 | elapsed time per iteration (ms): ${ms} | global batch size: ${batch} | lm loss: 1 |`;
  const read = (lines: readonly string[], warmUp = WARM_UP) =>
    readLog('run.log', lines.join('\n'), undefined, warmUp);
  const times = (lines: readonly string[], warmUp?: number) =>
    read(lines, warmUp).steps.map(({ pace }) => pace.value * 1e3);

  it('is no step of the first ten, by what lines cover', () => {
    const lines = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => line(5 * i, 100 * i));
    expect(times(lines)).toEqual([300, 400, 500, 600, 700, 800]);
    expect(read(lines)).toMatchObject({ counted: 30, dropped: 10 });
    expect(times(lines, 0)).toHaveLength(8);
  });

  it('is warmed up again after each start, wherever that goes on from', () => {
    const first = [101, 102, 103, 104, 105].map((i) => line(i, 100));
    const second = [103, 104, 105, 106, 107, 108].map((i) => line(i, 200));
    expect(times([...first, ...second], 3)).toEqual([100, 100, 200, 200, 200]);
  });

  it('is one step where a log has a line twice', () => {
    const lines = [1, 2, 3, 4, 5].flatMap((i) => [line(i, 100 + i), line(i, 100 + i)]);
    expect(times(lines, 2)).toEqual([103, 104, 105]);
  });

  it('is of the batch that a ramp ends with', () => {
    const lines = [1, 2, 3, 4, 5, 6].map((i) => line(i, 100 * i, i < 4 ? 16 : 64));
    expect(times(lines, 0)).toEqual([400, 500, 600]);
  });

  it('is of the first of several processes', () => {
    const lines = [1, 2, 3].flatMap((i) => [`1: ${line(i, 100)}`, `0: ${line(i, 200)}`]);
    expect(times(lines, 0)).toEqual([100, 100, 100]);
  });

  it('is never a step without a time: line and what was expected are said', () => {
    const text = [line(1, 100), 'anything', line(2, 'nan')].join('\n');
    expect(refusal(text)).toMatch(/^run\.log:3: "iteration 2\/ 500 .*nan[\s\S]*expected: iteration N\/ M/);
  });

  it('is shown as far as what is wrong with it, and no word in part', () => {
    const prefix = `${'[default0]:'.repeat(3)} iteration 2/ 500 | consumed samples: ${'9'.repeat(60)} | `;
    const text = `${prefix}elapsed time per iteration (ms): nan | learning rate: ${'1'.repeat(200)}`;
    const shown = /"(.*)"/.exec(refusal([line(1, 100), text].join('\n')))![1]!;
    expect(shown).toContain('elapsed time per iteration (ms): nan | ');
    expect(shown).toMatch(/^….*…$/);
    expect(shown.length).toBeLessThanOrEqual(240);
  });

  it('has to be enough', () => {
    const lines = [1, 2, 3, 4, 5, 6].map((i) => line(i, 100));
    expect(refusal(lines.join('\n'))).toMatch(
      /^run\.log:6: 0 lines about steps left of 6 after 6 steps[\s\S]*at least 3[\s\S]*--warm-up/,
    );
  });

  it('has to be there', () => {
    expect(refusal('Epoch 1: loss 2.3\n')).toMatch(
      /^run\.log: run\.log has no line about a step[\s\S]*torchtitan: step: N/,
    );
    const megatron = [1, 2, 3].map((i) => line(i, 100)).join('\n');
    expect(refusal(megatron, 'nemo')).toMatch(/no line about a step of nemo/);
  });
});
