import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lengths-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const ON = ['llama-3.1-8b', 'dgx-h100-8'] as const;
const CONFIG = ['--config', 'tp=2,dp=4', '--json'] as const;

async function workload(length: string, batch: string, cwd?: string) {
  const flags = cwd === undefined ? ['--seq-length', length, '--global-batch', batch] : [];
  const { out } = await run(['estimate', ...ON, ...flags, ...CONFIG], cwd === undefined ? {} : { cwd });
  const { sequenceLength, globalBatchSize } = JSON.parse(out).problem;
  return [sequenceLength, globalBatchSize];
}

describe('--seq-length and --global-batch', () => {
  it.each([
    ['8k', '512', 8192, 512],
    ['8192', '4Mtok', 8192, 512],
    ['8k', '4M tokens', 8192, 512],
    ['2K', '0.5Mtok', 2048, 256],
    ['1.5k', '24k tok', 1536, 16],
    ['4096', '65536 tokens', 4096, 16],
    ['8ki tokens', '16 sequences', 8192, 16],
  ])('%s and %s are %i tokens and %i sequences', async (length, batch, tokens, sequences) => {
    expect(await workload(length, batch)).toEqual([tokens, sequences]);
  });

  it('are read alike from shardwright.yaml', async () => {
    writeFileSync(join(scratch, 'shardwright.yaml'), 'seq-length: 128k\nglobal-batch: 1M tokens\n');
    expect(await workload('', '', scratch)).toEqual([131_072, 8]);
  });

  it.each([
    ['8k', '4M', /which may mean tokens or sequences/, /Maybe "4Mtok": 512 sequences of 8192/],
    ['6000', '4Mtok', /4,194,304 tokens \(M is 1,048,576\): 699\.05 sequences of 6000/, /699 or 700/],
    ['8k', '512x', /--global-batch is "512x"/, /such as 4Mtok/],
    ['8q', '512', /--seq-length is "8q"/, /such as 8192 or 8k \(k is 1,024\)/],
    ['1.0001k', '512', /1024\.1024 tokens \(k is 1,024\)/, /a whole number of tokens/],
    ['0', '512', /--seq-length is "0"/, /from 1 to/],
  ])('%s and %s: what was understood is said', async (length, batch, message, rest) => {
    const flags = ['--seq-length', length, '--global-batch', batch];
    const { code, err } = await run(['estimate', ...ON, ...flags, '--config', 'tp=2,dp=4']);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).toMatch(rest);
  });
});
