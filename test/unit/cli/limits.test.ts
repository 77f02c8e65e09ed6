import { mkdtempSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'limits-'));
const file = (name: string, text = '') => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
/** Large and empty: nothing is on the disk. */
const sized = (name: string, mebibytes: number) => {
  const path = file(name);
  truncateSync(path, mebibytes * 2 ** 20);
  return path;
};

describe('what a command reads is bounded before it is read', () => {
  const logs = Array.from({ length: 9 }, (_, i) => sized(`${i}.log`, 60));

  it.each([
    ['cluster import', ['cluster', 'import', ...logs]],
    ['accuracy', ['accuracy', ...logs]],
    [
      'calibrate',
      [
        ...['calibrate', ...logs, '--model', 'llama-3.2-1b', '--cluster', 'dgx-h100-8'],
        ...['--config', 'dp=8', '--seq-length', '4k', '--global-batch', '8'],
      ],
    ],
  ])('files of %s together', async (_, words) => {
    const { code, err } = await run(words);
    expect(code).toBe(2);
    expect(err).toMatch(/^9 files have 540 MiB\n {2}expected: at most 512 MiB together/);
  });

  it('one file', async () => {
    expect((await run(['cluster', 'import', sized('long.txt', 65)])).err).toMatch(
      /65 MiB\n {2}expected: at most 64 MiB/,
    );
    expect((await run(['model', 'show', sized('long.json', 9)])).err).toMatch(
      /9 MiB\n {2}expected: at most 8 MiB/,
    );
  });

  it('how many files', async () => {
    const { code, err } = await run(['cluster', 'import', ...Array<string>(4097).fill(file('one.txt'))]);
    expect(code).toBe(2);
    expect(err).toMatch(/^4097 files\n {2}expected: at most 4096/);
  });

  it.each(['json', 'yaml'])('how deep %s goes', async (kind) => {
    const deep = file(
      `deep.${kind}`,
      `${kind === 'json' ? '' : 'a: '}${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    );
    const { code, err } = await run(['model', 'show', deep]);
    expect(code).toBe(2);
    expect(err).toMatch(/nested too deeply to be read\n {2}expected: a few hundred levels at most/);
  });
});
