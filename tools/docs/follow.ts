import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Pages with commands are followed as a reader would: by the test that holds them, and by `npm run docs`, which writes what they print. */
export const PAGES = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...readdirSync('docs', { withFileTypes: true })
    .filter((one) => one.isFile())
    .map(({ name }) => `docs/${name}`),
];

/** What a page's reader has besides a clone: files that other tools write. */
const BROUGHT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/importing.md': {
    'shardwright-probe/gpu01.nvidia-smi.csv': 'test/fixtures/discovery/nvidia_smi_query_nounits.csv',
    'shardwright-probe/gpu01.topo.txt': 'test/fixtures/discovery/nvidia_smi_topo_hgx_h100_8nic.txt',
  },
  'docs/systems.md': { 'routing.json': 'test/fixtures/routing.json' },
};

/**
 * A fenced block: `sh` is run; `text` has what the `sh` before it prints, `text 12` the first lines of it; `yaml NAME` (or json, ts) is a
 * file of that name; `diff NAME` changes one, which has the lines that begin with a space or a minus.
 */
export interface Block {
  readonly language: string;
  readonly word: string | undefined;
  readonly text: string;
}

const FENCED = /^( *)```(\w+)(?: (\S+))?\n([\s\S]*?)^ *```$/gm;

export function blocksOf(page: string): readonly Block[] {
  return [...readFileSync(page, 'utf8').matchAll(FENCED)].map(([, , language = '', word, text = '']) => ({
    language,
    word,
    text,
  }));
}

/** What a page needs of a clone. */
const CLONE = [
  ...['bin', 'configs', 'dist', 'hardware-profiles', 'node_modules', 'package.json', 'src', 'test', 'tools'],
  ...['tsconfig.build.json', 'tsconfig.json'],
];

/** A clone as it is after `npm ci`, in which a page may write: what its files stand in is copied, the rest is linked. */
export function sandbox(page: string, inside: string): string {
  const folder = join(inside, page.replaceAll('/', '-'));
  const changed = new Set(blocksOf(page).map(({ word = '' }) => word.split('/')[0]));
  mkdirSync(folder);
  for (const name of CLONE) {
    if (changed.has(name)) cpSync(name, join(folder, name), { recursive: true });
    else symlinkSync(resolve(name), join(folder, name));
  }
  for (const [name, from] of Object.entries(BROUGHT[page] ?? {})) cpSync(from, join(folder, name));
  return folder;
}

export interface Followed {
  readonly block: Block;
  /** Of a block that is run: how it ended, and what it printed. */
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  /** What the next block should have, where that is `text`. */
  readonly shown: string | null;
}

/** Follows a page from its first block to its last in a sandbox. */
export function* followed(page: string, folder: string): Iterable<Followed> {
  const blocks = blocksOf(page);
  for (const [i, block] of blocks.entries()) {
    write(block, folder);
    if (block.language !== 'sh') continue;
    const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', runnable(block.text)], {
      cwd: folder,
      env: {
        PATH: process.env.PATH ?? '',
        HOME: folder,
        XDG_CACHE_HOME: join(folder, 'cache'),
        COLUMNS: '100',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    const next = blocks[i + 1];
    const shown = next?.language === 'text' ? head(stdout, next.word) : null;
    yield { block, status, out: stdout, err: stderr, shown };
  }
}

/** All lines, or the first few and a mark that there are more. */
function head(text: string, lines: string | undefined): string {
  const all = `${text.trimEnd()}\n`;
  if (lines === undefined) return all;
  return `${all.split('\n').slice(0, Number(lines)).join('\n')}\n…\n`;
}

/** The same page with what its commands print now. */
export function withShown(page: string, shown: readonly (string | null)[]): string {
  const of = shown.filter((one) => one !== null)[Symbol.iterator]();
  return readFileSync(page, 'utf8').replace(
    FENCED,
    (whole, indent: string, language: string, word, text: string) =>
      language === 'text'
        ? `${indent}\`\`\`text${word === undefined ? '' : ` ${word}`}\n${of.next().value ?? text}${indent}\`\`\``
        : whole,
  );
}

/** Pictures of a page, as they stand beside it and as its commands made them. */
export function picturesOf(page: string, folder: string): { readonly path: string; readonly made: string }[] {
  return [...readFileSync(page, 'utf8').matchAll(/\]\((pictures\/([^)]+))\)/g)].map(
    ([, path = '', name = '']) => ({
      path: join(dirname(page), path),
      made: join(folder, name),
    }),
  );
}

function write({ language, word, text }: Block, folder: string): void {
  if (word === undefined || language === 'text') return;
  const path = join(folder, word);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, language === 'diff' ? changed(readFileSync(path, 'utf8'), word, text) : text);
}

function changed(was: string, name: string, text: string): string {
  const lines = text.trimEnd().split('\n');
  const without = (mark: string) =>
    lines
      .filter((line) => !line.startsWith(mark))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const before = without('+');
  if (was.split(before).length !== 2) throw new Error(`not once in ${name}:\n${before}`);
  return was.replace(before, () => without('-'));
}

/** What is run of a block: all but what installs, tests and writes the project itself. */
function runnable(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^npm ci && /, '').replace(/^npm .*$/, ''))
    .join('\n');
}
