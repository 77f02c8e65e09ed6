import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { modelTables } from '../../tools/docs/layer-kinds.ts';
import { moduleTables } from '../../tools/docs/modules.ts';
import { run } from '../fixtures/run.ts';

const text = readFileSync('README.md', 'utf8');
const commands = [...text.matchAll(/node bin\/shardwright\.js ([^`\n]+)/g)].map((match) =>
  match[1]!.trim().split(/\s+/),
);

describe('README', () => {
  it.each(commands.map((argv) => [argv.join(' '), argv] as const))('%s', async (_, argv) => {
    expect((await run(argv)).code).toBe(0);
  });

  it('prints what the README shows', async () => {
    const { out } = await run(commands[0]!);
    expect(text).toContain(out.trim());
  });

  it('names the two commands', () => {
    expect(text).toContain(
      'npm ci && node bin/shardwright.js plan llama-3.1-70b configs/clusters/mixed-32xh100-32xa100-40gb.yaml --seq-length 8192 --global-batch 512',
    );
    expect(text).toContain('npm cit');
  });
});

describe('pages on modules', () => {
  it('docs/commands.md has what npm run docs writes', () => {
    expect(readFileSync('docs/commands.md', 'utf8')).toContain(`\n${moduleTables()}\n<!-- end -->`);
  });

  it('docs/models.md has what npm run docs writes', () => {
    expect(readFileSync('docs/models.md', 'utf8')).toContain(`\n${modelTables()}\n<!-- end -->`);
  });

  it.each(LAUNCHERS)('docs/launchers.md has a row for $id', ({ id }) => {
    expect(readFileSync('docs/launchers.md', 'utf8')).toContain(`\n| \`${id}\` `);
  });
});
