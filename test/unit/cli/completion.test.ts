import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const here = mkdtempSync(join(tmpdir(), 'shardwright-'));
const SHELLS = ['bash', 'zsh', 'fish'] as const;
const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

async function written(shell: string): Promise<string> {
  const { out, code } = await run(['completion', shell]);
  expect(code).toBe(0);
  const path = join(here, `completion.${shell}`);
  writeFileSync(path, out);
  return path;
}

/** What bash would offer after these words. */
async function inBash(...words: string[]): Promise<string[]> {
  const path = await written('bash');
  const script = `source ${path}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shardwright; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['-c', script, 'bash', 'shardwright', ...words], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line !== '');
}

describe.each(SHELLS)('%s', (shell) => {
  it('knows every command and every flag of plan', async () => {
    const { out } = await run(['completion', shell]);
    const { out: help } = await run(['plan', '--help']);
    const flags = [...help.matchAll(/^ {2}--([a-z-]+)/gm)].map((match) => match[1]!);
    expect(flags.length).toBeGreaterThan(30);
    for (const word of ['plan', 'explain', 'completion', 'probe-script', 'dgx-h100-8', ...flags])
      expect(out).toContain(word);
  });

  it.skipIf(!has(shell))('reads it without complaint', async () => {
    const { status, stderr } = spawnSync(shell, ['-n', await written(shell)], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('bash completes', () => {
  it.each([
    [['expl'], ['explain']],
    [['cluster', 'sh'], ['show']],
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', '--glob'], ['--global-batch']],
    [['plan', 'llama-3.1-40'], ['llama-3.1-405b']],
    [['plan', 'llama-3.1-8b', 'dgx-a100-6'], ['dgx-a100-64']],
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', '--launcher', 'megatron-b'], ['megatron-bridge']],
    [['compare', 'llama-3.1-8b', 'dgx-a100-64', 'dgx-h100-10'], ['dgx-h100-1024']],
    [['schema', 'layer-p'], ['layer-profile']],
    [['completion', 'f'], ['fish']],
  ])('%j to %j', async (words, offered) => {
    expect(await inBash(...words)).toEqual(offered);
  });
});

it.skipIf(!has('fish'))('fish completes flags with what they mean', async () => {
  const script = `source ${await written('fish')}; complete -C "shardwright plan llama-3.1-8b dgx-h100-8 --seq-l"`;
  const out = execFileSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
  expect(out).toMatch(/^--seq-length\ttokens per sequence/);
});

it('refuses other shells', async () => {
  const { code, err } = await run(['completion', 'bahs']);
  expect(code).toBe(2);
  expect(err).toMatch(/no completion for "bahs"\n.*bash, zsh, fish\n {2}Maybe "bash"/);
});
