import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blocksOf, followed, PAGES, picturesOf, sandbox, withShown } from '../../tools/docs/follow.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-docs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

describe('a page that is followed', () => {
  it.each(PAGES.filter((page) => blocksOf(page).some(({ language }) => language === 'sh')))('%s', (page) => {
    const own = sandbox(page, folder);
    const shown: (string | null)[] = [];
    for (const one of followed(page, own)) {
      expect(one.status, `${one.block.text}\n${one.err}`).toBe(0);
      shown.push(one.shown);
    }
    expect(readFileSync(page, 'utf8'), 'npm run docs').toBe(withShown(page, shown));
    for (const { path, made } of picturesOf(page, own))
      expect(readFileSync(path, 'utf8'), 'npm run docs').toBe(readFileSync(made, 'utf8'));
  });
});

const slug = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('names npm scripts that there are', () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('links to files and headings that there are', () => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(file), `${target} of ${page}`).toBe(true);
      if (heading === undefined) continue;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, words]) =>
        slug(words!),
      );
      expect(headings, `${target} of ${page}`).toContain(heading);
    }
  });
});
