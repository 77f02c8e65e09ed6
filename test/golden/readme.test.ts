import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { modelTables } from '../../tools/docs/layer-kinds.ts';
import { moduleTables } from '../../tools/docs/modules.ts';
import { referencePage } from '../../tools/docs/reference.ts';
import { run } from '../fixtures/run.ts';

const text = readFileSync('README.md', 'utf8');
const [, command = ''] = /node bin\/shardwright\.js (plan [^`\n]+)/.exec(text) ?? [];

describe('README', () => {
  it('prints what the README shows', async () => {
    const { out } = await run(command.trim().split(/\s+/));
    expect(text).toContain(out.trim());
  });

  it('names the two commands', () => {
    expect(text).toContain(
      'npm ci && node bin/shardwright.js plan llama-3.1-70b configs/clusters/mixed-32xh100-32xa100-40gb.yaml --seq-length 8192 --global-batch 512',
    );
    expect(text).toContain('npm cit');
  });
});

it('docs/dependencies.md has a row for each library, in its version', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const rows = readFileSync('docs/dependencies.md', 'utf8').match(/^\| .* \|$/gm) ?? [];
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    expect(
      rows.some((row) => row.includes(name) && row.includes(`| ${version} |`)),
      `${name} ${version}`,
    ).toBe(true);
});

describe('pages on modules', () => {
  it('docs/reference.md is what npm run docs writes', async () => {
    expect(readFileSync('docs/reference.md', 'utf8'), 'npm run docs').toBe(await referencePage());
  });

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
