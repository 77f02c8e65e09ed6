import { expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const ON = ['llama-3.2-1b', 'dgx-h100-8', '--seq-length', '2048', '--global-batch', '16'] as const;
const WIDE = { columns: 300 };
const PLAN = ['plan', ...ON, '--top', '1', '--no-cache'] as const;

it.each([
  [
    ['estimate', ...ON, '--launcher', 'deepspeed', '--config', 'dp=8,loss=cut'],
    /Assumed: the program has cut cross/,
  ],
  [
    [...PLAN, '--launcher', 'deepspeed', '--fix', 'loss=chunked:8'],
    /Assumed: the program has cross entropy in 8/,
  ],
  // Of the frameworks only DeepSpeed runs it.
  [[...PLAN, '--optimizer', 'adamw-8bit'], /Assumed: the program builds 8-bit AdamW/],
  [[...PLAN, '--optimizer', 'adamw-8bit', '--json'], /"the program builds 8-bit AdamW/],
])('%j says what it rests on', async (argv, said) => {
  const { code, out } = await run(argv, WIDE);
  expect(code).toBe(0);
  expect(out).toMatch(said);
});

it.each([[[...PLAN, '--launcher', 'deepspeed']], [[...PLAN, '--fix', 'loss=fused-native']]])(
  '%j rests on no program',
  async (argv) => {
    const { code, out } = await run(argv, WIDE);
    expect(code).toBe(0);
    expect(out).not.toContain('the program');
  },
);
