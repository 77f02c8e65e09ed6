import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-edges-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = resolve('bin/shardwright.js');
const PLAN = ['plan', 'llama-3.2-1b', '4090-2', '--seq-length', '2048', '--global-batch', '16', '--top', '1'];

function ran(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdio: 'pipe' | number = 'pipe',
) {
  return spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
    stdio: ['ignore', stdio, 'pipe'],
    encoding: 'utf8',
  });
}

/** Writes to it fail as on a full disk. */
const FULL = '/dev/full';

describe('around the program', () => {
  it.each([
    ['an empty HOME', { HOME: '', XDG_CACHE_HOME: '' }],
    ['paths that are relative', { HOME: '.', XDG_CACHE_HOME: 'cache' }],
    ['a HOME that is not there', { HOME: '/nonexistent/home' }],
  ])('%s: a plan, and nothing written beside it', (_, env) => {
    const { status, stdout } = ran(PLAN, env);
    expect(status).toBe(0);
    expect(stdout).toContain('rtx-4090');
    for (const name of ['.cache', 'cache', 'shardwright'])
      expect(existsSync(join(folder, name)), name).toBe(false);
  });

  it.each([
    ['a pipe', (path: string) => spawnSync('mkfifo', [path])],
    ['a file', (path: string) => writeFileSync(path, '')],
  ])('%s in the place of the cache: a plan', (name, make) => {
    const cache = join(folder, name.replace(' ', '-'));
    mkdirSync(cache);
    make(join(cache, 'shardwright'));
    expect(ran(PLAN, { XDG_CACHE_HOME: cache }).status).toBe(0);
  });

  it.skipIf(!existsSync(FULL))('a full disk under the output is said in one line', () => {
    const { status, stderr } = ran(PLAN, {}, openSync(FULL, 'w'));
    expect(status).toBe(2);
    expect(stderr).toBe('the output cannot be written: ENOSPC\n');
  });

  it('a working directory that is gone is said in one message', () => {
    const gone = `mkdir gone && cd gone && rmdir ../gone && exec "${process.execPath}" "${PROGRAM}" gpu list`;
    const { status, stderr } = spawnSync('sh', ['-c', gone], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toBe(
      'the working directory is gone\n  expected: a directory that is there\n  Maybe cd to another one first.\n',
    );
  });

  it.skipIf(!existsSync('/dev/zero'))('an endless pipe is read no further than a file may be large', () => {
    const endless = `"${process.execPath}" "${PROGRAM}" model show zeros`;
    spawnSync('mkfifo', [join(folder, 'zeros')]);
    const script = `cat /dev/zero > zeros & ${endless.replace('show zeros', 'show ./zeros')}`;
    const { status, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/zeros has more than 8 MiB\n {2}expected: at most 8 MiB/);
  });

  it.skipIf(!existsSync('/dev/zero'))('an endless file is refused before it is read', () => {
    const { status, stderr } = ran(['model', 'show', '/dev/zero']);
    expect(status).toBe(2);
    expect(stderr).toContain('/dev/zero is a device');
  });

  it.each([
    [['--warm-start', 'plan.json', '--gpus', '1..2'], '--warm-start beside --gpus'],
    [['--objective', 'memory', '--pareto'], '--objective memory beside --pareto'],
    [['--threads', '2', '--pareto'], '--threads beside --pareto'],
    [['--for', 'megatron'], '--for megatron without --from'],
  ])('flags that nobody would read are errors: %j', (flags, message) => {
    const { status, stderr } = ran([...PLAN, ...flags]);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
