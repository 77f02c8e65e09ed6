import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cycles, moduleOf, modulesOf } from './fixtures/module-graph.ts';

/**
 * Each room of src, a folder or one inside it, in the order of the house: what it may import besides itself, all of it from
 * rooms that stand before it, and what for. What is not listed fails.
 */
const MAY_IMPORT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  units: {},
  domain: {},
  document: { units: 'spelling: the key or value that was meant' },
  hardware: { units: 'work remembered', domain: 'GPUs, links and stacks that it prices' },
  layers: {
    units: 'work remembered',
    domain: 'the model that it turns into operators',
    document: 'what a model file says of a part',
    hardware: 'coefficients, and the shape of attention',
  },
  optimizers: {
    domain: 'bytes of a state, as a stack keeps them',
    hardware: 'the bytes that a step moves',
    layers: 'the weights that it updates',
  },
  techniques: {
    units: 'work remembered',
    domain: 'the choices of a plan that it carries out',
    document: 'the schema of a value',
    hardware: 'what communication costs',
    layers: 'the operators and weights that it changes',
  },
  schedules: { units: 'work remembered, random numbers', domain: 'reasons against a shape' },
  schema: {
    domain: 'enums: what a document may say is what the program knows',
    document: 'shapes, and the type of what conforms',
    layers: 'what a model file says of each kind of layer',
    optimizers: 'the ids of optimizers',
    techniques: 'what each value of a plan looks like',
    schedules: 'the ids of schedules',
  },
  catalogue: {
    units: 'quantities of files to SI; spelling of names',
    domain: 'what it builds from files',
    document: 'checks what it reads',
    hardware: 'how groups are joined where a file does not say',
    layers: 'parts of models, completed',
    schema: 'validates and types the documents it reads',
  },
  evaluate: {
    units: 'work remembered',
    domain: 'problem and plan in, estimate out',
    hardware: 'seconds of kernels and collectives',
    layers: 'operators of each layer',
    optimizers: 'what a weight keeps, and its step',
    techniques: 'what they change of operators, states and traffic',
    schedules: 'the order of a pipeline, its simulation, what is in flight',
  },
  disturbances: {
    domain: 'problems, made worse',
    hardware: 'how uneven experts usually are',
    evaluate: 'by how much memory figures err',
  },
  laws: {
    domain: 'plans, and reasons against them',
    hardware: 'precisions that a GPU computes in',
    layers: 'the law of each kind of layer',
    techniques: 'the law of each value',
    schedules: 'the law of a shape, and where chunks lie',
    evaluate: 'the shape of a pipeline',
  },
  partition: { domain: 'reasons, and what an integer program said' },
  experts: {
    domain: 'the problem whose layer it times',
    layers: 'the operators of experts',
    evaluate: 'seconds of each operator, and where ranks stand',
  },
  'plan-text': {
    units: 'spelling of keys, shares',
    domain: 'plans, written and read',
    layers: 'modules that adapters may stand beside',
    optimizers: 'ids and options of each',
    techniques: 'keys and values of each',
    schedules: 'ids, and where chunks lie',
    laws: 'what was typed must be lawful',
  },
  runs: {
    domain: 'problems and plans that measured runs become',
    layers: 'models by their sizes',
    techniques: 'values of a plan',
    schedules: 'ids, and where chunks lie',
    catalogue: 'GPUs, links, stacks and models that rows name',
    'plan-text': 'what rows have in words of the command line',
  },
  accuracy: {
    domain: 'estimates, problems and plans',
    hardware: 'kernels of single layers',
    layers: 'parts of single layers; experts of a case',
    schedules: 'orders that cases have times of',
    schema: 'files of cases and of layer times',
    catalogue: 'names in those files',
    evaluate: 'the estimates that are held against runs',
    laws: 'a plan of a case is lawful',
    experts: 'times of layers of experts',
    'plan-text': 'configurations of cases',
    runs: 'what a row may have run',
  },
  logs: { domain: 'bad input' },
  calibration: {
    units: 'figures in reasons',
    domain: 'problems with factors, and bad input',
    schema: 'the document that it writes',
    evaluate: 'the estimates that runs are held against',
    runs: 'what a row may have run',
    accuracy: 'medians',
    logs: 'what logs say of steps',
  },
  'search/space': {
    units: 'work remembered',
    domain: 'problems in, what there is to choose out',
    hardware: 'which GPUs are fast',
    layers: 'experts of a model',
    techniques: 'the values that each would try',
    schedules: 'how chunks lie',
    evaluate: 'a stage as the evaluator takes it',
    laws: 'chains that no choice makes lawful',
    'plan-text': 'the names of counts that a user holds',
  },
  'search/bound': {
    units: 'work remembered',
    domain: 'problems, and reasons',
    hardware: 'bounds that need no whole estimate',
    techniques: 'keys of what is known; the values that cost least time',
    schedules: 'the usual one, which costs least; how a pipeline fills and drains',
    evaluate: 'what a layer costs, what a stage has room for, where the ends stand',
    partition: 'the least that a batch dealt to unlike copies takes',
    'search/space': 'the candidates that it bounds',
  },
  'search/cut': {
    units: 'cuts remembered',
    domain: 'plans, and reasons where there is none',
    techniques: 'the one that covers only some layers',
    evaluate: 'what a layer costs',
    partition: 'cuts layers into stages',
    'plan-text': 'the chunks of each stage',
    'search/space': 'the candidates that it cuts',
    'search/bound': 'costs and rooms of stages',
  },
  'search/run': {
    units: 'work remembered',
    domain: 'what it keeps and counts',
    techniques: 'the law of a choice; plans that differ in one',
    schedules: 'the law of a shape',
    evaluate: 'costs candidates',
    laws: 'rejects what no cut can mend',
    partition: 'shares of unlike pipelines',
    'search/space': 'what it opens',
    'search/bound': 'what it leaves aside',
    'search/cut': 'what it makes of a candidate',
  },
  'search/result': {
    units: 'the best bound first',
    domain: 'what a search says',
    techniques: 'what the nearest miss could change',
    evaluate: 'costs what stands beside the plans',
    laws: 'the even split is lawful',
    partition: 'the integer program that checks a cut',
    'plan-text': 'layers spread evenly',
    'search/space': 'candidates',
    'search/bound': 'costs and rooms of stages',
    'search/cut': 'cuts, made again',
    'search/run': 'plans kept, and near misses',
  },
  search: {
    domain: 'problems in, ranked plans out',
    hardware: 'precisions that every GPU computes in',
    evaluate: 'which groups a profile has measured',
    'search/space': 'what there is to choose',
    'search/bound': 'costs that one search shares',
    'search/run': 'opens entry after entry',
    'search/result': 'what it ends with',
  },
  placement: {
    units: 'random numbers',
    domain: 'clusters, and plans that it reorders',
    hardware: 'what a link costs',
    evaluate: 'costs an order',
  },
  'foreign/bash': { domain: 'places in files, and bad input' },
  'foreign/python': {},
  'launch-folder': {
    units: 'hosts remembered',
    domain: 'plans and clusters that it seats on hosts',
    'plan-text': 'degrees of a plan for people',
  },
  reliability: {
    domain: 'problem, plan and estimate in, an outlook out',
    hardware: 'copies from GPUs to their hosts',
    layers: 'the weights that a checkpoint saves',
    optimizers: 'and their states',
    techniques: 'whether copies share states',
    schedules: 'what a schedule keeps beside them',
    evaluate: 'steps on a slower network; where the ends of a model stand',
    'launch-folder': 'which copies stand on which host',
  },
  'frameworks/port': {
    domain: 'plans in, launch files out, and back',
    'foreign/bash': 'what a reader is given of a shell script',
    'foreign/python': 'what a reader is given of a recipe',
    'plan-text': 'what is trained, as flags have it',
    'launch-folder': 'the port by which a folder is rendered',
  },
  'frameworks/laws': {
    units: 'laws remembered',
    domain: 'plans, and reasons against them',
    hardware: 'what carries the groups of a plan',
    layers: 'kinds of layer that a framework lists',
    optimizers: 'what is usual where nothing is said',
    techniques: 'techniques that it lists',
    schedules: 'the chunks of a plan in layer order',
    'plan-text': 'what is trained, in words of the command line',
    laws: 'the laws of any plan come first',
    'launch-folder': 'which hosts a plan uses',
    'frameworks/port': 'what a framework can express',
  },
  'frameworks/reading': {
    units: 'spelling of keys',
    domain: 'places in files, and bad input',
    'foreign/bash': 'ways in which a script starts a program',
    'frameworks/port': 'what a reader returns',
  },
  'frameworks/writing': {},
  frameworks: {
    units: 'spelling of flags and keys',
    domain: 'plans in, launch files out, and back',
    document: 'checks the launch document',
    hardware: 'what carries the groups of a plan',
    layers: 'parts of models, told as flags',
    optimizers: 'all, for what only describes a plan',
    techniques: 'values of a plan, told as flags',
    schedules: 'all, for what only describes a plan',
    schema: 'the launch document, written and read',
    evaluate: 'stages as a plan that deals them is priced',
    laws: 'a plan in a document is lawful',
    'plan-text': 'degrees of a plan',
    'foreign/bash': 'words of a launch script',
    'foreign/python': 'statements of a recipe',
    'launch-folder': 'hosts, ranks, scripts',
    'frameworks/port': 'the port that each implements',
    'frameworks/laws': 'laws that several share',
    'frameworks/reading': 'keys and rules of files',
    'frameworks/writing': 'YAML and Python text',
  },
  session: {
    domain: 'problems in, answers out',
    hardware: 'what lies between two GPUs',
    layers: 'the experts of a model',
    partition: 'places experts',
    experts: 'times of layers of experts',
    techniques: 'what every node of a skipping pipeline does',
    schedules: 'paths through a part of the stages',
    catalogue: 'plans of an earlier run',
    evaluate: 'one estimate',
    disturbances: 'what may turn out worse',
    laws: 'a plan that a launch file states is lawful',
    'plan-text': 'what a launch file says, as a configuration',
    'search/space': 'options of a search',
    'search/run': 'entries that threads share',
    'search/bound': 'the book that each thread begins',
    search: 'runs it',
    placement: 'orders the nodes of plans',
    'launch-folder': 'ranks of a launch file, seated',
    reliability: 'what moves when hosts are lost, and how a step is carried on',
    'frameworks/port': 'what a launch file answers',
    'frameworks/laws': 'sizes by which models are told apart',
    frameworks: 'those that run a plan, by id',
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
  page: {},
  purchase: { domain: 'what is a tie' },
  reporters: {
    units: 'SI to figures for people',
    domain: 'what it prints',
    hardware: 'how groups of a cluster are joined',
    layers: 'parameter counts of a model',
    techniques: 'values of a plan, in words',
    schema: 'the documents it writes',
    evaluate: 'the error band of memory figures',
    'plan-text': 'the plan as text',
    search: 'sweeps and why-not',
    reliability: 'what failures leave of a plan',
    purchase: 'bills, and which offer is better',
    session: 'what a launch file says now',
    accuracy: 'errors on measured runs',
    page: 'what the charts of a report are drawn from',
  },
  cli: {
    units: 'shares among flags; spelling',
    domain: 'the problem that flags make',
    layers: 'what of a model is trained',
    optimizers: 'the ids that a flag takes',
    techniques: 'those that a flag may bound',
    schema: 'documents it prints, and plan files',
    catalogue: 'files that arguments name',
    evaluate: 'one estimate',
    laws: 'a plan of a file is lawful',
    'plan-text': 'configurations that flags say',
    'search/space': 'options of a search',
    search: 'sweeps and why-not',
    session: 'runs a search, on threads where it is worth it',
    runs: 'files of measured runs',
    accuracy: 'scores them',
    logs: 'logs that are opened',
    calibration: 'learns from them',
    'foreign/bash': 'parses the launch files that are opened',
    'foreign/python': 'parses the recipes that are opened',
    'launch-folder': 'folders, written and read',
    reliability: 'what failures leave of a plan',
    purchase: 'an hour of GPUs that are owned, and their power',
    'frameworks/port': 'the port of what it opens',
    frameworks: 'launch files, written and read',
    importers: 'the script that collects what import reads',
    'importers/formats': 'cluster import: files to facts',
    'importers/draft': 'cluster import: facts to a cluster file',
    reporters: 'prints',
  },
};

const ROOMS = Object.keys(MAY_IMPORT);

/** Libraries and built-in modules that only some folders may touch. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  ajv: ['document'],
  'json-schema-to-ts': ['document'],
  leven: ['units'],
  yaml: ['catalogue', 'frameworks/writing'],
  commander: ['cli'],
  chalk: ['reporters'],
  echarts: ['page'],
  'cli-table3': ['reporters'],
  'javascript-lp-solver': ['partition'],
  'smol-toml': ['catalogue'],
  'node:fs': ['catalogue', 'cli'],
  'node:crypto': ['catalogue', 'cli'],
  'node:os': ['cli', 'session'],
  'node:v8': ['cli'],
  'node:worker_threads': ['session'],
  tinypool: ['session'],
  unbash: ['foreign/bash'],
  diff: ['frameworks'],
  '@lezer/python': ['foreign/python'],
  '@lezer/common': ['foreign/python'],
  'node:path': ['catalogue', 'cli'],
  'node:url': ['catalogue'],
};

/** Files that import each other, types included. To be emptied, never to grow. */
const CYCLES: readonly (readonly string[])[] = [];

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

  it('rooms stand in the order in which they may be imported', () => {
    const upward = Object.entries(MAY_IMPORT).flatMap(([folder, others]) =>
      Object.keys(others)
        .filter((other) => ROOMS.indexOf(other) < 0 || ROOMS.indexOf(other) >= ROOMS.indexOf(folder))
        .map((other) => `${folder} may import ${other}, which does not stand before it`),
    );
    expect(upward).toEqual([]);
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
    const ahead = ['src/cli/bin.ts', 'src/session/search-worker.ts'];
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
