import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Each folder of src and what it may import besides itself. A folder that is not listed fails. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  units: [],
  domain: [],
  schema: ['units', 'domain'],
  catalogue: ['units', 'domain', 'schema'],
  hardware: ['domain'],
  layers: ['domain', 'hardware'],
  techniques: ['domain', 'hardware', 'layers'],
  schedules: ['domain'],
  memory: ['domain', 'hardware', 'layers', 'techniques'],
  cost: ['domain', 'hardware', 'layers', 'techniques', 'schedules', 'memory'],
  partition: ['domain'],
  search: ['units', 'domain', 'hardware', 'layers', 'schedules', 'cost', 'partition'],
  placement: ['domain', 'hardware', 'techniques', 'cost'],
  importers: ['domain', 'hardware'],
  launchers: ['units', 'domain', 'schema', 'layers', 'search'],
  reporters: ['units', 'domain', 'schema', 'layers', 'memory', 'search', 'partition'],
  cli: [
    'units',
    'domain',
    'schema',
    'catalogue',
    'cost',
    'search',
    'placement',
    'importers',
    'launchers',
    'reporters',
  ],
};

/** Libraries and built-in modules that only some folders may touch. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  ajv: ['schema'],
  'json-schema-to-ts': ['schema'],
  leven: ['units'],
  yaml: ['catalogue'],
  commander: ['cli'],
  chalk: ['reporters'],
  'cli-table3': ['reporters'],
  'javascript-lp-solver': ['partition'],
  'node:fs': ['catalogue', 'cli'],
  'node:crypto': ['catalogue', 'cli'],
  'node:os': ['cli'],
  'node:worker_threads': ['cli'],
  tinypool: ['cli'],
  unbash: ['launchers'],
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
  folder: relative('src', path).split('/')[0]!,
  text: readFileSync(path, 'utf8'),
}));

function imports(text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'/gm)].map((match) => match[1]!);
}

describe('architecture', () => {
  it('imports point down', () => {
    const wrong: string[] = [];
    for (const { path, folder, text } of sources) {
      if (path === 'src/index.ts') continue;
      const allowed = MAY_IMPORT[folder];
      if (allowed === undefined) wrong.push(`${folder} is not in MAY_IMPORT`);
      for (const target of imports(text).filter((name) => name.startsWith('.'))) {
        const to = relative('src', join(path, '..', target)).split('/')[0]!;
        if (to !== folder && !(allowed ?? []).includes(to)) wrong.push(`${path} imports ${to}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('libraries stay in their folders', () => {
    const wrong: string[] = [];
    for (const { path, folder, text } of sources) {
      for (const name of imports(text).filter((target) => !target.startsWith('.'))) {
        const library = Object.keys(ONLY_IN).find((known) => name === known || name.startsWith(`${known}/`));
        if (library === undefined) wrong.push(`${path} imports ${name}, which no folder may`);
        else if (!ONLY_IN[library]!.includes(folder)) wrong.push(`${path} imports ${library}`);
      }
    }
    expect(wrong).toEqual([]);
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
