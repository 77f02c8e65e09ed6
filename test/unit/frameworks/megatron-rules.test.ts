import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { run } from '../../fixtures/run.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { moe } from './megatron-arguments.ts';
import { SPLIT_CASES } from './megatron-split-cases.ts';
import { TECHNIQUE_CASES } from './megatron-technique-cases.ts';

const RULES = [...SPLIT_CASES, ...TECHNIQUE_CASES];
const read = (text: string) => megatronReader.read(sourceOf(text));

describe('rules', () => {
  it.each(RULES)('%s', (rule, refused) => {
    const broken = read(refused).violations(64);
    expect(broken.map((found) => found.rule)).toContain(rule);
    for (const { fix, line } of broken) {
      expect(fix).toMatch(/\.$/);
      expect(line).toBeGreaterThan(0);
    }
  });

  it.each(RULES)('%s is kept', (_, __, accepted) => expect(read(accepted).violations(64)).toEqual([]));

  it('are all tried above', () => {
    const rules = megatronReader.rules.map(({ rule }) => rule);
    expect([...new Set(RULES.map(([rule]) => rule))].sort()).toEqual([...rules].sort());
  });

  it('sees what the parser accepts and the process groups refuse: no data parallelism for experts', () => {
    expect(
      read(moe())
        .violations(16)
        .map((found) => found.rule),
    ).toContain('expert-grid');
  });

  it('leaves to the shell what a script does not say', () => {
    const script = (last: string) => `ARGS="--micro-batch-size 1 ${last}"\ntorchrun pretrain_gpt.py $ARGS`;
    const broken = (text: string) =>
      read(text)
        .violations(null)
        .map((found) => found.rule);
    expect(broken(script(''))).toEqual(['required-flags']);
    expect(broken(`${script('')} "$@"`)).toEqual([]);
    expect(broken(`${script('')} $MODEL_ARGS`)).toEqual([]);
    // The value of a flag is no flag.
    expect(broken(script('--lr $LR'))).toEqual(['required-flags']);
    expect(broken(script('--bf16 $MORE'))).toEqual([]);
  });

  it('the command names line and fix and exits 4', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'launch-')), 'arguments.txt');
    writeFileSync(path, moe({ 'num-experts': '6' }));
    const ran = await run(['validate', path, '--for', 'megatron']);
    expect(ran.code).toBe(4);
    expect(ran.out).toMatch(
      /arguments.txt:\d+: experts-divisible-by-ep: experts 6\n {2}expected: a multiple of ep 8/,
    );
  });
});
