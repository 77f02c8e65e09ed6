import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote } from '../../../src/launch-folder/quote.ts';
import { commandLines } from '../../../src/reporters/command-lines.ts';

/** The words that bash makes of a command. */
function wordsOf(command: string): string[] {
  const { stdout } = spawnSync('bash', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' });
  return stdout.trimEnd().split('\n');
}

const long = `--config=pipelines=${new Array(20).fill('12@h100:4x8:16@a100-40:2x4:8').join('/')}`;

describe('a command to copy', () => {
  it('stays on one line where it fits', () => {
    expect(commandLines(['a b', '-c d'], 80)).toBe('a b -c d');
  });

  it.each([60, 80])('is no wider than %i columns, and the same words', (columns) => {
    const units = ['shardwright explain', 'some/model.yaml', '--seq-length 8192', long, "--name 'two words'"];
    const text = commandLines(units, columns);
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
    expect(wordsOf(text)).toEqual([
      ...['shardwright', 'explain', 'some/model.yaml', '--seq-length', '8192', long, '--name', 'two words'],
    ]);
  });

  it('means the same whatever the words', () => {
    const word = fc.string({ minLength: 1, maxLength: 90 }).filter((text) => !/[\n\0]/.test(text));
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 60, max: 100 }),
        (all, n) => {
          expect(wordsOf(commandLines(all.map(shellQuote), n))).toEqual(all);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });
});
