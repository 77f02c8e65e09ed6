import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { megatron } from '../../src/frameworks/megatron/index.ts';
import { torchtitan } from '../../src/frameworks/torchtitan/index.ts';
import type { LaunchFile } from '../../src/launch-folder/launch-file.ts';
import { shellQuote } from '../../src/launch-folder/quote.ts';
import { MIXED, planned } from '../unit/frameworks/fixture.ts';

const has = (program: string) => spawnSync(program, ['--version']).status === 0;
const ORIGIN = { origin: 'shardwright test, odd $(name)\n#1', inputs: { model: 'x', cluster: 'y' } };
const MEGATRON_PLAN = planned(MIXED, 'tp=8,pp=4,dp=2,sharding=1,layers=28/28/12/12');
const TITAN_PLAN = planned(MIXED, 'tp=8,pp=4,dp=2,sharding=3,layers=28/28/12/12');
const folders: string[] = [];

function written(files: readonly LaunchFile[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'));
  folders.push(folder);
  for (const { path, content } of files) writeFileSync(join(folder, path), content);
  return folder;
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Runs launch.sh with a torchrun that prints its arguments, one a line. */
function started(folder: string, host: string, args: readonly string[] = []) {
  const fake = join(folder, 'torchrun');
  writeFileSync(fake, '#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n');
  chmodSync(fake, 0o755);
  const run = spawnSync('bash', [join(folder, 'launch.sh'), ...args], {
    env: { PATH: `${folder}:${process.env.PATH}`, SHARDWRIGHT_HOST: host },
    encoding: 'utf8',
  });
  return { status: run.status, words: run.stdout.trimEnd().split('\n'), errors: run.stderr };
}

describe.runIf(has('bash'))('launch.sh', () => {
  it('starts Megatron-LM with the rank of its host, the arguments whole, mock data by default', () => {
    const folder = written(megatron.render(MIXED, MEGATRON_PLAN, ORIGIN));
    const { status, words } = started(folder, 'a100-40-1');
    expect(status).toBe(0);
    expect(words[words.indexOf('--node-rank') + 1]).toBe('5');
    expect(words[words.indexOf('--master-addr') + 1]).toBe('h100-0');
    expect(words).toContain('Et*28|t*28|t*12|t*12,L');
    expect(words).toContain('--mock-data');
  });

  it('passes arguments on instead of mock data', () => {
    const folder = written(megatron.render(MIXED, MEGATRON_PLAN, ORIGIN));
    const { words } = started(folder, 'h100-0', ['--data-path', 'a b']);
    expect(words.slice(-2)).toEqual(['--data-path', 'a b']);
    expect(words).not.toContain('--mock-data');
  });

  it('stops on a host that is not in the plan', () => {
    const folder = written(torchtitan.render(MIXED, TITAN_PLAN, ORIGIN));
    const { status, errors } = started(folder, 'stranger');
    expect(status).not.toBe(0);
    expect(errors).toContain('stranger is not in the plan');
  });

  it('quotes any word so that bash gives it back', () => {
    for (const word of ['plain', "it's", '$(id) `id` "x" \\', 'Et*28|t', '', 'a\nb', '-n']) {
      const run = spawnSync('bash', ['-c', `printf %s ${shellQuote(word)}`], { encoding: 'utf8' });
      expect(run.stdout).toBe(word === '-n' ? '-n' : word);
    }
  });
});

describe.runIf(has('python3'))('plan.py', () => {
  it('runs, against stand-ins for the framework, and lists every module once', () => {
    const folder = written(torchtitan.render(MIXED, TITAN_PLAN, ORIGIN));
    const check = `
import sys, types, json
class Any_:
    pass
registry = types.ModuleType('torchtitan.models.llama3.config_registry')
def base():
    c = Any_(); c.parallelism = Any_(); c.training = Any_(); return c
registry.llama3_70b = base
for name in ('torchtitan', 'torchtitan.models', 'torchtitan.models.llama3'):
    sys.modules[name] = types.ModuleType(name)
sys.modules[registry.__name__] = registry
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import plan
p = plan.recipe().parallelism
print(json.dumps([[len(part) for part in p.module_fqns_per_model_part], sorted(sum(p.module_fqns_per_model_part, []))]))
`;
    const run = spawnSync('python3', ['-c', check, folder], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const [sizes, modules] = JSON.parse(run.stdout) as [number[], string[]];
    expect(sizes).toEqual([29, 28, 12, 14]);
    const layers = Array.from({ length: 80 }, (_, i) => `layers.${i}`);
    expect(modules).toEqual([...layers, 'tok_embeddings', 'norm', 'lm_head'].sort());
  });
});
