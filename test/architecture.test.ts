import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Each room of src, a folder or one inside it, and what it may import besides itself. What is not listed fails. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  units: [],
  domain: [],
  schema: ['domain'],
  catalogue: ['units', 'domain', 'schema'],
  hardware: ['domain'],
  layers: ['domain', 'hardware'],
  techniques: ['domain', 'hardware', 'layers'],
  schedules: ['domain'],
  memory: ['domain', 'hardware', 'layers', 'techniques'],
  cost: ['domain', 'hardware', 'layers', 'techniques', 'schedules', 'memory'],
  partition: ['domain'],
  search: ['domain', 'schema', 'hardware', 'layers', 'schedules', 'cost', 'partition'],
  placement: ['domain', 'hardware', 'techniques', 'cost'],
  importers: ['domain', 'hardware'],
  'foreign/bash': ['domain'],
  'foreign/python': ['domain'],
  'launch-folder': ['domain', 'search'],
  'frameworks/port': ['domain', 'search', 'foreign/bash', 'foreign/python', 'launch-folder'],
  'frameworks/laws': ['domain', 'search', 'launch-folder', 'frameworks/port'],
  'frameworks/reading': ['domain', 'schema', 'frameworks/port'],
  'frameworks/writing': [],
  frameworks: [
    'domain',
    'schema',
    'search',
    'foreign/bash',
    'foreign/python',
    'launch-folder',
    'frameworks/port',
    'frameworks/laws',
    'frameworks/reading',
    'frameworks/writing',
  ],
  reporters: ['units', 'domain', 'layers', 'memory', 'search', 'partition'],
  cli: [
    'units',
    'domain',
    'schema',
    'catalogue',
    'cost',
    'search',
    'placement',
    'importers',
    'foreign/bash',
    'foreign/python',
    'launch-folder',
    'frameworks',
    'frameworks/port',
    'frameworks/laws',
    'reporters',
  ],
};

/** Libraries and built-in modules that only some folders may touch. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  ajv: ['schema'],
  yaml: ['catalogue', 'frameworks/writing'],
  commander: ['cli'],
  chalk: ['reporters'],
  'cli-table3': ['reporters'],
  'javascript-lp-solver': ['partition'],
  'node:fs': ['catalogue', 'cli'],
  'node:crypto': ['catalogue', 'cli'],
  'node:os': ['cli'],
  'node:worker_threads': ['cli'],
  tinypool: ['cli'],
  unbash: ['foreign/bash'],
  diff: ['frameworks'],
  '@lezer/python': ['foreign/python'],
  '@lezer/common': ['foreign/python'],
  'node:path': ['catalogue', 'cli'],
  'node:url': ['catalogue'],
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : path.endsWith('.ts') ? [path] : [];
  });
}

const sources = files('src').map((path) => ({
  path,
  room: roomOf(path),
  text: readFileSync(path, 'utf8'),
}));

function roomOf(path: string): string {
  const [folder, inner] = relative('src', path).split('/');
  return `${folder}/${inner}` in MAY_IMPORT ? `${folder}/${inner}` : folder!;
}

function imports(text: string): string[] {
  const found = text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm);
  return [...found].map(([, first, later]) => (first ?? later)!);
}

/** Rooms whose circles are still to be cut. */
const CIRCULAR_YET = ['search', 'placement', 'cli'];

/** What lies on a circle: each that leads back to itself. */
function circular(graph: ReadonlyMap<string, readonly string[]>): string[] {
  return [...graph.keys()].filter((start) => {
    const seen = new Set<string>();
    const ahead = [...graph.get(start)!];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (next === start) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      ahead.push(...(graph.get(next) ?? []));
    }
    return false;
  });
}

describe('architecture', () => {
  it('imports point down', () => {
    const wrong: string[] = [];
    for (const { path, room, text } of sources) {
      if (path === 'src/index.ts') continue;
      const allowed = MAY_IMPORT[room];
      if (allowed === undefined) wrong.push(`${room} is not in MAY_IMPORT`);
      for (const target of imports(text).filter((name) => name.startsWith('.'))) {
        const to = roomOf(join(path, '..', target));
        if (to !== room && !(allowed ?? []).includes(to)) wrong.push(`${path} imports ${to}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('libraries stay in their folders', () => {
    const wrong: string[] = [];
    for (const { path, room, text } of sources) {
      for (const name of imports(text).filter((target) => !target.startsWith('.'))) {
        const library = Object.keys(ONLY_IN).find((known) => name === known || name.startsWith(`${known}/`));
        if (library === undefined) wrong.push(`${path} imports ${name}, which no folder may`);
        else if (!ONLY_IN[library]!.includes(room)) wrong.push(`${path} imports ${library}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('imports run in no circles, of files or of folders', () => {
    const files = new Map(
      sources.map(({ path, text }) => [
        path,
        imports(text).flatMap((target) => (target.startsWith('.') ? [join(path, '..', target)] : [])),
      ]),
    );
    const folders = new Map<string, string[]>();
    for (const [path, targets] of files) {
      const others = targets.map((target) => dirname(target)).filter((target) => target !== dirname(path));
      folders.set(dirname(path), [...(folders.get(dirname(path)) ?? []), ...others]);
    }
    const circles = [...circular(files), ...circular(folders)];
    expect(circles.filter((path) => !CIRCULAR_YET.some((room) => path.startsWith(`src/${room}`)))).toEqual(
      [],
    );
  });

  it('a start loads no parser of a foreign language', () => {
    const loaded = new Set<string>();
    const ahead = ['src/cli/bin.ts', 'src/cli/search-worker.ts'];
    for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
      if (loaded.has(path)) continue;
      loaded.add(path);
      const text = sources.find((one) => one.path === path)?.text ?? '';
      for (const [, target] of text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '([^']+)'/gm))
        ahead.push(target!.startsWith('.') ? join(path, '..', target!) : target!);
    }
    expect(loaded).toContain('yaml');
    for (const parser of ['unbash', '@lezer/python']) expect(loaded).not.toContain(parser);
  });

  it('keeps one idea a file', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 260).map(({ path }) => path)).toEqual([]);
  });

  it('only the command line touches the process', () => {
    const wrong = sources
      .filter(
        ({ path, text }) =>
          /\bprocess\.(env|std|argv|cwd|exit|on|hrtime)/.test(text) && path !== 'src/cli/bin.ts',
      )
      .map(({ path }) => path);
    expect(wrong).toEqual([]);
  });
});
