import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandPages } from '../../tools/docs/command-line.ts';
import { guarded } from '../fixtures/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-offline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PROGRAM = resolve('bin/shardwright.js');
const PLAN = resolve('configs/examples/llama-3.1-8b-64xh100.json');
const NOTHING = { seen: [] };

/** The program on those words, apart by spaces. */
const ran = (words: string) => guarded([PROGRAM, ...words.split(' ')], folder);

const SMALL = 'llama-3.2-1b dgx-h100-8 --seq-length 2048 --global-batch 16';
/** Each command once, with what reads and writes most. */
const COMMANDS: Readonly<Record<string, string>> = {
  plan: `plan ${SMALL} --threads 2 --report plan.html --emit launch --scheduler all --mtbf usual`,
  estimate: `estimate ${SMALL} --config dp=8 --json`,
  explain: `explain ${PLAN}#1 --report why.html --svg why.svg --trace why.json`,
  compare: `compare ${SMALL.replace('8 ', '8 dgx-a100-8 ')} --report compare.html --tokens 1B`,
  skip: 'skip llama-3.2-1b four-regions --seq-length 2048 --stages 4 --skip 25% --out skip',
  experts: `experts mixtral-8x7b dgx-h100-64 ${resolve('test/fixtures/routing.json')} --ep 8`,
  replan: `replan ${PLAN} --lost h100-7 --spares 1`,
  emit: `emit ${PLAN} --to deepspeed --out emitted`,
  validate: `validate ${resolve('test/fixtures/launch/megatron_llama3_70b_64h100.sbatch')} --for megatron --gpus 64`,
  'model list': 'model list',
  'model show': 'model show deepseek-v3',
  'cluster import': `cluster import ${resolve('test/fixtures/discovery/nvidia_smi_query_nounits.csv')} --out imported.yaml`,
  'cluster probe-script': 'cluster probe-script',
  'cluster list': 'cluster list',
  'cluster show': 'cluster show two-regions',
  'gpu list': 'gpu list',
  'gpu show': 'gpu show h100',
  'link list': 'link list',
  'link show': 'link show ndr',
  'stack list': 'stack list',
  'stack show': 'stack show generic',
  calibrate: `calibrate ${resolve('test/fixtures/runs/korthikanti.jsonl')} --out calibrated.yaml`,
  accuracy: `accuracy ${resolve('test/fixtures/runs/korthikanti.jsonl')}`,
  completion: 'completion bash',
  schema: 'schema cluster',
};

describe('no network', () => {
  it.each([
    "require('node:net').connect(9, '127.0.0.1')",
    "import('node:net').then(({ connect }) => connect('/nowhere'))",
    "require('node:https').get('https://127.0.0.1:8999')",
    "require('node:http').createServer().listen(0)",
    "require('node:dgram').createSocket('udp4').send('x', 9, '127.0.0.1')",
    "require('node:dns').lookup('a.invalid', () => {})",
    "require('node:dns').promises.resolve('a.invalid')",
    "fetch('http://127.0.0.1:8999')",
    "new (require('node:worker_threads').Worker)(\"require('node:net').connect(9)\", { eval: true })",
    "require('node:child_process').spawn('true')",
    "import('node:child_process').then(({ execFileSync }) => execFileSync('true'))",
  ])('the guard sees %s', (code) => {
    expect(guarded(['-e', code], folder).seen).not.toEqual([]);
  });

  it.each(Object.entries(COMMANDS))('%s opens no socket and starts no program', (_, words) => {
    const { code, err, seen } = ran(words);
    expect({ code, err, seen }).toMatchObject({ code: 0, ...NOTHING });
  });

  it('every command is among these', async () => {
    expect(Object.keys(COMMANDS)).toEqual((await commandPages()).map(({ words }) => words));
  });

  it('an error and --help open none either', () => {
    for (const words of ['plan nothing nowhere', 'nonsense', '--help', 'plan --help', '--version'])
      expect(ran(words)).toMatchObject(NOTHING);
  });
});

describe('no code from inputs', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const texts = sources.map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }));

  it('no file reaches the network, another program or an engine for code', () => {
    const may = new Set([
      'assert',
      'crypto',
      'fs',
      'module',
      'os',
      'path',
      'process',
      'url',
      'v8',
      'worker_threads',
      'zlib',
    ]);
    const others = builtinModules.filter((name) => !may.has(name)).join('|');
    const imports = new RegExp(`from '(node:)?(${others})(/[^']*)?'`);
    expect(texts.filter(({ text }) => imports.test(text)).map(({ name }) => name)).toEqual([]);
  });

  it('no text is run', () => {
    const runs = /\beval\(|new Function\(|\bimport\((?!'\.)/;
    expect(texts.filter(({ text }) => runs.test(text)).map(({ name }) => name)).toEqual([]);
  });
});
