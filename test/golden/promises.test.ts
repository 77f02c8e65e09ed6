import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { published, SCHEMAS } from '../../src/schema/index.ts';
import { promises } from '../../tools/docs/promises.ts';

/** What a change of a promise asks for. */
const CHANGED = `others rely on this, and it is not as it was. If that is meant: say it in CHANGELOG.md under "Unreleased",
raise the version or the number of the document as docs/stability.md asks, and record it with \`npm run promises\`.
If not, it is the code that is to be mended`;

describe('what others rely on', () => {
  it('the command line, exit codes, settings and the library are as recorded', async () => {
    await expect(await promises(), CHANGED).toMatchFileSnapshot('snapshots/promises.txt');
  });

  it.each(Object.entries(SCHEMAS))('the document %s is as published', (name, schema) => {
    expect(readFileSync(`schemas/${name}.json`, 'utf8'), CHANGED).toBe(published(schema));
  });

  it('no document is published that is none', () => {
    const files = readdirSync('schemas').sort();
    expect(files, CHANGED).toEqual(
      Object.keys(SCHEMAS)
        .map((name) => `${name}.json`)
        .sort(),
    );
  });

  it('the change log has what is unreleased, and the version of the package', () => {
    const log = readFileSync('CHANGELOG.md', 'utf8');
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(log).toContain('\n## Unreleased\n');
    expect(log).toContain(`\n## ${version}\n`);
  });
});
