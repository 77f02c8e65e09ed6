import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cycles, moduleOf, modulesOf } from './fixtures/module-graph.ts';

/** Each room of src, a folder or one inside it: what it may import besides itself, and what for. What is not listed fails. */
const MAY_IMPORT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  units: {},
  domain: {},
  document: { units: 'spelling: the key or value that was meant' },
  schema: {
    domain: 'enums: what a document may say is what the program knows',
    document: 'shapes, and the type of what conforms',
    layers: 'what a model file says of each kind of layer',
  },
  catalogue: {
    units: 'quantities of files to SI; spelling of names',
    domain: 'what it builds from files',
    document: 'checks what it reads',
    layers: 'parts of models, completed',
    schema: 'validates and types the documents it reads',
  },
  hardware: { domain: 'GPUs, links and stacks that it prices' },
  layers: {
    domain: 'the model that it turns into operators',
    document: 'what a model file says of a part',
    hardware: 'coefficients, and the shape of attention',
  },
  techniques: {
    domain: 'the choices of a plan that it carries out',
    hardware: 'what exposed communication costs',
    layers: 'the operators that it changes',
  },
  schedules: { domain: 'the choice of schedule, and reasons against it' },
  memory: {
    domain: 'what is held, and where',
    layers: 'what operators save and hold',
    techniques: 'what sharding and recomputation leave of it',
  },
  cost: {
    domain: 'problem and plan in, estimate out',
    hardware: 'seconds of kernels and collectives',
    layers: 'operators of each layer',
    techniques: 'what hides, what is recomputed, what is sharded',
    schedules: 'the order of a pipeline and its simulation',
    memory: 'the walk over a step',
  },
  partition: { domain: 'reasons, and what an integer program said' },
  search: {
    units: 'spelling of configuration keys',
    domain: 'problems in, ranked plans out',
    hardware: 'bounds that need no whole estimate',
    layers: 'the law of each kind of layer',
    memory: 'layers dealt over chunks',
    schedules: 'which schedules a shape allows',
    cost: 'costs candidates',
    partition: 'cuts layers into stages',
  },
  placement: {
    domain: 'clusters, and plans that it reorders',
    hardware: 'what a link costs',
    techniques: 'which ranks talk with each other',
    cost: 'costs an order',
  },
  importers: {},
  'importers/facts': {},
  'importers/formats': {
    domain: 'host lists and bad input',
    catalogue: 'which words are the name of a GPU',
    'importers/facts': 'what they read',
  },
  'importers/inventory': {
    domain: 'bad input',
    catalogue: 'GPUs by name, and what their hosts are usually built with',
    'importers/facts': 'what files say',
  },
  'importers/draft': {
    domain: 'links and collectives',
    catalogue: 'which GPU a measurement ran on',
    'importers/facts': 'what was measured',
    'importers/inventory': 'the groups that measurements belong to',
  },
  'foreign/bash': { domain: 'places in files, and bad input' },
  'foreign/python': {},
  'launch-folder': {
    domain: 'plans and clusters that it seats on hosts',
    search: 'degrees of a plan for people',
  },
  'frameworks/port': {
    domain: 'plans in, launch files out, and back',
    search: 'the port by which a search asks for legality',
    'foreign/bash': 'what a reader is given of a shell script',
    'foreign/python': 'what a reader is given of a recipe',
    'launch-folder': 'the port by which a folder is rendered',
  },
  'frameworks/laws': {
    domain: 'plans, and reasons against them',
    layers: 'the law of each kind of layer',
    search: 'degrees and laws of a split',
    'launch-folder': 'which hosts a plan uses',
    'frameworks/port': 'what a framework can express',
  },
  'frameworks/reading': {
    units: 'spelling of keys',
    domain: 'places in files, and bad input',
    'frameworks/port': 'what a reader returns',
  },
  'frameworks/writing': {},
  frameworks: {
    units: 'spelling of flags and keys',
    domain: 'plans in, launch files out, and back',
    document: 'checks the launch document',
    layers: 'parts of models, told as flags',
    schema: 'the launch document, written and read',
    search: 'the plan as text',
    'foreign/bash': 'words of a launch script',
    'foreign/python': 'statements of a recipe',
    'launch-folder': 'hosts, ranks, scripts',
    'frameworks/port': 'the port that each implements',
    'frameworks/laws': 'laws that several share',
    'frameworks/reading': 'keys and rules of files',
    'frameworks/writing': 'YAML and Python text',
  },
  reporters: {
    units: 'SI to figures for people',
    domain: 'what it prints',
    schema: 'the documents it writes',
    layers: 'parameter counts of a model',
    memory: 'the error band of memory figures',
    search: 'the plan as text; sweeps and why-not',
  },
  cli: {
    units: 'shares among flags; spelling',
    domain: 'the problem that flags make',
    schema: 'documents it prints, and plan files',
    catalogue: 'files that arguments name',
    cost: 'one estimate',
    search: 'runs it',
    placement: 'orders the nodes of its plans',
    importers: 'the script that collects what import reads',
    'importers/formats': 'cluster import: files to facts',
    'importers/draft': 'cluster import: facts to a cluster file',
    'foreign/bash': 'parses the launch files that are opened',
    'foreign/python': 'parses the recipes that are opened',
    'launch-folder': 'folders, written and read',
    frameworks: 'launch files, written and read',
    'frameworks/port': 'the port of what it opens',
    'frameworks/laws': 'a plan that was read is sound',
    reporters: 'prints',
  },
};

/** Libraries and built-in modules that only some folders may touch. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  ajv: ['document'],
  'json-schema-to-ts': ['document'],
  leven: ['units'],
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

/** Files that import each other, types included. To be emptied, never to grow. */
const CYCLES: readonly (readonly string[])[] = [
  ['src/cli/cluster-choice.ts', 'src/cli/problem.ts'],
  ['src/placement/anneal.ts', 'src/placement/place.ts'],
  ['src/search/expand.ts', 'src/search/nearest-miss.ts'],
  ['src/search/layouts.ts', 'src/search/objective.ts', 'src/search/options.ts'],
];

const sources = modulesOf('src').map((module) => ({ ...module, folder: folderOf(module.path) }));
/** The library's front door imports from everywhere. */
const inside = sources.filter(({ path }) => path !== 'src/index.ts');

function folderOf(path: string): string {
  const [, folder, inner] = path.split('/');
  return `${folder}/${inner}` in MAY_IMPORT ? `${folder}/${inner}` : folder!;
}

const imports = inside.flatMap(({ path, folder, files }) =>
  files.map((target) => ({ path, folder, target, to: folderOf(target) })),
);

/** Whether an import is of a library or of a part of it. */
function of(library: string): (name: string) => boolean {
  return (name) => name === library || name.startsWith(`${library}/`);
}

/** The folders through which one file imports another, where they stand side by side; null: one stands in the other. */
function sideBySide(from: string, to: string): readonly [string, string] | null {
  const [a, b] = [from.split('/'), to.split('/')];
  const fork = a.findIndex((part, i) => part !== b[i]);
  const folders = fork < a.length - 1 && fork < b.length - 1;
  return folders ? [a.slice(0, fork + 1).join('/'), b.slice(0, fork + 1).join('/')] : null;
}

function graph(edges: Iterable<readonly [string, string]>): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const [from, to] of edges) all.set(from, (all.get(from) ?? new Set()).add(to));
  return all;
}

describe('architecture', () => {
  it('imports point down', () => {
    const wrong = imports
      .filter(({ folder, to }) => to !== folder && MAY_IMPORT[folder]?.[to] === undefined)
      .map(({ path, target }) => `${path} imports ${target}`);
    const unlisted = inside
      .filter(({ folder }) => MAY_IMPORT[folder] === undefined)
      .map(({ folder }) => `${folder} is not in MAY_IMPORT`);
    expect([...wrong, ...unlisted]).toEqual([]);
  });

  it('no permission stands unused', () => {
    const unused = Object.entries(MAY_IMPORT).flatMap(([folder, others]) =>
      Object.keys(others)
        .filter((other) => !imports.some((one) => one.folder === folder && one.to === other))
        .map((other) => `${folder} never imports ${other}`),
    );
    const untouched = Object.entries(ONLY_IN).flatMap(([library, folders]) =>
      folders
        .filter((folder) => !sources.some((one) => one.folder === folder && one.libraries.some(of(library))))
        .map((folder) => `${folder} never imports ${library}`),
    );
    expect([...unused, ...untouched]).toEqual([]);
  });

  it('files import each other only where it is known', () => {
    expect(cycles(graph(imports.map(({ path, target }) => [path, target])))).toEqual(CYCLES);
  });

  it('folders side by side do not import each other', () => {
    const edges = imports.map(({ path, target }) => sideBySide(path, target));
    expect(cycles(graph(edges.filter((edge) => edge !== null)))).toEqual([]);
  });

  it('libraries stay in their folders', () => {
    const wrong: string[] = [];
    for (const { path, folder, libraries } of sources) {
      for (const name of libraries) {
        const library = Object.keys(ONLY_IN).find((known) => of(known)(name));
        if (library === undefined) wrong.push(`${path} imports ${name}, which no folder may`);
        else if (!ONLY_IN[library]!.includes(folder)) wrong.push(`${path} imports ${library}`);
      }
    }
    expect(wrong).toEqual([]);
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

describe('what a file imports', () => {
  const files = (text: string) => moduleOf('src/domain/a.ts', text).files;

  it.each([
    ["import { b } from './b.ts';"],
    ["import './b.ts';"],
    ["import type {\n  B,\n  C,\n} from './b.ts';"],
    ["export * from './b.ts';"],
    ["export type { B } from './b.ts';"],
    ["type B = Pick<import('./b.ts').B, 'c'>;"],
    ["type B = typeof import('./b.ts');"],
    ["const b = await import('./b.ts');"],
    ["import b = require('./b.ts');"],
  ])('is seen in %j', (text) => {
    expect(files(text)).toEqual(['src/domain/b.ts']);
  });

  it('is no word of a comment or a string', () => {
    expect(files(`// import './b.ts'\nconst text = "import './b.ts'";`)).toEqual([]);
  });

  it('may not be computed', () => {
    expect(() => files('await import(name);')).toThrow(/what only a run can tell/);
  });

  it('makes a circle when it leads back', () => {
    const edges = graph([
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'b'],
      ['d', 'a'],
      ['e', 'f'],
      ['f', 'e'],
    ]);
    expect(cycles(edges)).toEqual([
      ['b', 'c'],
      ['e', 'f'],
    ]);
  });
});
