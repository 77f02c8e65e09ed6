import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const BIG = [
  'plan',
  'llama-3.1-70b',
  'four-types-1024',
  '--seq-length',
  '8192',
  '--global-batch',
  '1024',
  '--no-cache',
];
const SMALL = [
  'plan',
  'llama-3.2-1b',
  'dgx-h100-8',
  '--seq-length',
  '2048',
  '--global-batch',
  '16',
  '--json',
];

/** Loaded before the program: says on file descriptor 3 when it begins to listen for Ctrl-C, and when it starts threads, all being listed. */
const TELL_STATE = `data:text/javascript,${encodeURIComponent(
  "import { writeSync } from 'node:fs'; import { isMainThread } from 'node:worker_threads';" +
    "if (isMainThread) process.on('newListener', (event) => { if (event === 'SIGINT') writeSync(3, 'l'); });" +
    "if (isMainThread) process.on('worker', () => writeSync(3, 'w'));",
)}`;

function start(args: readonly string[], cache: string): Started {
  const child = spawn(process.execPath, ['--import', TELL_STATE, 'bin/shardwright.js', ...args], {
    env: { ...process.env, XDG_CACHE_HOME: cache },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout!.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr!.on('data', (data: Buffer) => {
    err += data.toString();
  });
  const told = (letter: string) =>
    new Promise<void>((resolve) =>
      child.stdio[3]!.on('data', (data: Buffer) => data.includes(letter) && resolve()),
    );
  const [listening, threading] = [told('l'), told('w')];
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  return { child, listening, threading, ended };
}

interface Started {
  readonly child: ChildProcess;
  readonly listening: Promise<void>;
  readonly threading: Promise<void>;
  readonly ended: Promise<Ended>;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const folder = () => mkdtempSync(join(tmpdir(), 'cache-'));

describe('the real process', () => {
  it('Ctrl-C prints the best so far with its gap and exits 130', async () => {
    const { child, threading, ended } = start([...BIG, '--threads', '2'], folder());
    await threading;
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(130);
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(/cut by interrupt; at most .* better is possible/);
  });

  it('Ctrl-C before all is listed says so', async () => {
    const { child, listening, ended } = start(BIG, folder());
    await listening;
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(130);
    expect(out.replaceAll(/\s+/g, ' ')).toContain('cut by interrupt before all configurations were listed.');
  });

  it('Ctrl-C ends a sweep: what it did not search is said', async () => {
    const { child, listening, ended } = start([...BIG, '--gpus', '512'], folder());
    await listening;
    child.kill('SIGINT');
    const { code, out } = await ended;
    expect(code).toBe(130);
    expect(out).toContain('Interrupted: not searched to the end: at most 512 GPUs.');
  });

  it('a second Ctrl-C exits at once', async () => {
    const { child, listening, ended } = start(BIG, folder());
    await listening;
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('answers from the cache with the same bytes, and mends a corrupt one', async () => {
    const cache = folder();
    const first = await start(SMALL, cache).ended;
    const [name] = readdirSync(join(cache, 'shardwright'));
    const path = join(cache, 'shardwright', name!);
    const kept = readFileSync(path, 'utf8');
    const second = await start(SMALL, cache).ended;
    expect(second).toEqual(first);
    for (const broken of [
      '',
      'no json',
      kept.replace('"stepSeconds":0', '"stepSeconds":1').replace('"rank":1', '"rank":7'),
    ]) {
      writeFileSync(path, broken);
      const again = await start(SMALL, cache).ended;
      expect(again.out).toBe(first.out);
      expect(again.err).toMatch(/is corrupt: ignored and written anew/);
      expect(readFileSync(path, 'utf8')).toBe(kept);
    }
    const without = await start([...SMALL, '--no-cache'], cache).ended;
    expect(without.out).toBe(first.out);
  });

  it.each([
    'llama-3.1-8b mixed-consumer-datacentre --fix cp=1,micro-batch=1',
    'llama-3.1-8b 4090-8 --fix cp=1,micro-batch=1 --allow offload',
  ])('%s prints the same bytes with any number of threads', async (text) => {
    const cache = folder();
    const args = ['plan', ...text.split(' '), '--seq-length', '4096', '--global-batch', '64'];
    const outputs = await Promise.all(
      ['1', '2', '4'].map((n) => start([...args, '--no-cache', '--json', '--threads', n], cache).ended),
    );
    for (const { code, out, err } of outputs) {
      expect(err).toBe('');
      expect(code).toBe(0);
      expect(out).toBe(outputs[0]!.out);
    }
  });
});
