import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { configurationOf, layoutChunks, readMegatron } from '../../../src/launch-files/megatron.ts';
import { MEGATRON_FILE_RULES, violationsOf } from '../../../src/launch-files/megatron-rules.ts';
import { launchFolder } from '../../../src/launchers/folder.ts';
import { megatron } from '../../../src/launchers/megatron/index.ts';
import { run } from '../../fixtures/run.ts';
import { DENSE, MIXED, ORIGIN, planned } from '../launchers/fixture.ts';

const FOLDER = 'test/fixtures/launch';
const read = (name: string) => readMegatron(readFileSync(join(FOLDER, name), 'utf8'), name);
const written = (content: string) => {
  const path = join(mkdtempSync(join(tmpdir(), 'launch-')), 'arguments.txt');
  writeFileSync(path, content);
  return path;
};

/** Accepted by Megatron's own parser on 64 GPUs. */
const GOOD = readFileSync(join(FOLDER, 'megatron_llama3_70b_64h100.sbatch'), 'utf8');
const MOE = `--num-layers 32 --hidden-size 4096 --num-attention-heads 32 --num-experts 8 --bf16
--tensor-model-parallel-size 2 --pipeline-model-parallel-size 4 --expert-model-parallel-size 8
--expert-tensor-parallel-size 1 --micro-batch-size 1 --global-batch-size 256 --seq-length 4096`;

describe('files that Megatron accepts', () => {
  it.each([
    'megatron_gpt3_175b_64h100.args',
    'megatron_llama3_70b_64h100.sbatch',
    'megatron_llama3_70b_hetero_2x.args',
  ])('%s keeps every rule', (name) => expect(violationsOf(read(name), 64)).toEqual([]));

  it('are read as they are meant', () => {
    expect(configurationOf(read('megatron_llama3_70b_64h100.sbatch'))).toEqual({
      configuration: {
        tp: '4',
        pp: '4',
        cp: '2',
        vpp: '5',
        'micro-batch': '1',
        recompute: 'none',
        sharding: '1',
        sp: 'true',
      },
      sequenceLength: 8192,
      globalBatchSize: 512,
      precision: 'bf16',
    });
    expect(configurationOf(read('megatron_gpt3_175b_64h100.args')).configuration).toMatchObject({
      tp: '8',
      pp: '8',
    });
  });

  it('layouts with groups, repeats and commas', () => {
    expect(layoutChunks('Et*18|t*22|t*22|t*18,L')).toEqual([18, 22, 22, 18]);
    expect(layoutChunks('Et*9|(t*10|)*6,t*11,L')).toEqual([9, 10, 10, 10, 10, 10, 10, 11]);
    expect(layoutChunks('Et*4|(t*4|)*14tmL')).toEqual([4, ...new Array<number>(14).fill(4), 1]);
  });

  it('variables, defaults, quotes, comments, the last of two', () => {
    const text =
      'TP=8\n# --tensor-model-parallel-size 99\nARGS=(\n  --tensor-model-parallel-size ${TP}\n  --pipeline-model-parallel-size "${PP:-4}" \\\n)\n--micro-batch-size 1\n--micro-batch-size=2';
    expect(configurationOf(readMegatron(text, 'f')).configuration).toMatchObject({
      tp: '8',
      pp: '4',
      'micro-batch': '2',
    });
  });
});

describe('rules', () => {
  it.each([
    ['world-size', GOOD.replace('--context-parallel-size 2', '--context-parallel-size 3')],
    ['expert-grid', MOE.replace('--pipeline-model-parallel-size 4', '--pipeline-model-parallel-size 16')],
    ['heads-divisible-by-tp', GOOD.replace('--num-attention-heads 64', '--num-attention-heads 66')],
    ['query-groups', GOOD.replace('--num-query-groups 8', '--num-query-groups 6')],
    ['hidden-divisible-by-heads', GOOD.replace('--hidden-size 8192', '--hidden-size 8200')],
    ['experts-divisible-by-ep', MOE.replace('--num-experts 8', '--num-experts 6')],
    ['sequence-divisible', GOOD.replace('--seq-length 8192', '--seq-length 8190')],
    ['positions', GOOD.replace('--max-position-embeddings 8192', '--max-position-embeddings 4096')],
    ['batch-divisible', GOOD.replace('--global-batch-size 512', '--global-batch-size 511')],
    ['layers-divisible-by-pp', GOOD.replace('--num-layers 80', '--num-layers 81')],
    ['first-last-layers', `${MOE} --decoder-first-pipeline-num-layers 7`],
    ['one-way-to-interleave', `${GOOD}\n--num-layers-per-virtual-pipeline-stage 4`],
    ['virtual-stages-need-pp', `--num-virtual-stages-per-pipeline-rank 2`],
    ['layout', `${MOE} --pipeline-model-parallel-layout "Et*8|t*8|t*8|t*7L"`],
    ['recompute-selective', `${MOE} --recompute-granularity selective --recompute-method uniform`],
    ['recompute-full', `${MOE} --recompute-granularity full`],
    ['overlap-param-gather', `${MOE} --overlap-param-gather`],
    ['tp-comm-overlap', `${MOE} --tp-comm-overlap`],
    ['one-precision', `${MOE} --fp16`],
    ['latent-attention', `${MOE} --multi-latent-attention --group-query-attention`],
  ])('%s', (rule, text) => {
    const broken = violationsOf(readMegatron(text, 'f'), 64);
    expect(broken.map((one) => one.rule)).toContain(rule);
    for (const { fix, line } of broken) {
      expect(fix).toMatch(/\.$/);
      expect(line).toBeGreaterThan(0);
    }
  });

  it('every rule is tried above, and the mixture of experts keeps them all', () => {
    expect(MEGATRON_FILE_RULES).toHaveLength(20);
    expect(violationsOf(readMegatron(MOE, 'f'), 64)).toEqual([]);
    // Data parallelism of experts would be zero: Megatron's parser accepts it, its process groups fail.
    expect(violationsOf(readMegatron(MOE, 'f'), 16).map((one) => one.rule)).toContain('expert-grid');
  });

  it('the command names line and fix and exits 4', async () => {
    const path = written(MOE.replace('--num-experts 8', '--num-experts 6'));
    const ran = await run(['validate', path, '--for', 'megatron']);
    expect(ran.code).toBe(4);
    expect(ran.out).toMatch(
      /arguments.txt:1: experts-divisible-by-ep: experts 6\n {2}expected: a multiple of ep 8/,
    );
  });
});

describe('round trips', () => {
  it.each([
    [DENSE, 'tp=8,pp=4,dp=2,micro-batch=1,recompute=none,sharding=1'],
    [DENSE, 'tp=4,pp=4,dp=4,vpp=5,micro-batch=1,recompute=core_attn+layernorm,sharding=1'],
    [DENSE, 'tp=8,pp=2,dp=2,cp=2,micro-batch=1,recompute=full,recompute-layers=7,sharding=0'],
    [MIXED, 'tp=8,pp=4,dp=2,sharding=1,layers=28/28/12/12'],
  ] as const)('what is emitted validates, and is estimated as the plan was (%#)', async (problem, config) => {
    const plan = planned(problem, config);
    expect(megatron.reject(problem, plan)).toBeNull();
    const files = launchFolder(megatron, problem, plan, ORIGIN);
    const text = files.find(({ path }) => path === 'arguments.txt')!.content;
    const file = readMegatron(text, 'arguments.txt');
    expect(violationsOf(file, 64)).toEqual([]);
    const found = configurationOf(file);
    const back = planned(
      problem,
      Object.entries(found.configuration)
        .map(([k, v]) => `${k}=${v}`)
        .join(','),
    );
    expect(back).toEqual(plan);
    expect(found.sequenceLength).toBe(problem.workload.sequenceLength);
    expect(found.globalBatchSize).toBe(problem.workload.globalBatchSize);
  });

  it('estimate --from says what estimate --config says, and flags go on top', async () => {
    const from = [
      'estimate',
      'llama-3.1-70b',
      'dgx-h100-64',
      '--from',
      join(FOLDER, 'megatron_llama3_70b_64h100.sbatch'),
      '--for',
      'megatron',
    ];
    const config = [
      'estimate',
      'llama-3.1-70b',
      'dgx-h100-64',
      '--seq-length',
      '8192',
      '--global-batch',
      '512',
      '--config',
    ];
    const same = await run([
      ...config,
      'tp=4,pp=4,cp=2,vpp=5,micro-batch=1,recompute=none,sharding=1,sp=true',
    ]);
    expect((await run(from)).out).toBe(same.out);
    const other = await run([
      ...config,
      'tp=4,pp=4,cp=2,vpp=5,micro-batch=1,recompute=full,sharding=1,sp=true',
    ]);
    expect((await run([...from, '--config', 'recompute=full'])).out).toBe(other.out);
  });
});

describe('bad input', () => {
  it.each([
    ['no flags', 'hello', /has no --flags/],
    [
      'a flag without a value',
      '--tensor-model-parallel-size --bf16',
      /--tensor-model-parallel-size is without a value/,
    ],
    ['a word for a number', '--tensor-model-parallel-size two', /is "two"/],
    ['zero', '--tensor-model-parallel-size 0', /is "0"/],
    ['a binary file', '--bf16\u0000', /binary/],
  ])('%s', (_, text, message) => {
    const read_ = () => configurationOf(readMegatron(text, 'f'));
    expect(read_).toThrow(InputError);
    expect(read_).toThrow(message);
  });

  it.each([
    [['--from', 'nowhere.txt', '--for', 'megatron'], /nowhere.txt cannot be read/],
    [['--from', join(FOLDER, 'megatron_gpt3_175b_64h100.args')], /--for is missing/],
    [[], /--config is missing/],
  ])('estimate %j', async (flags, message) => {
    const ran = await run(['estimate', 'llama-3.1-8b', 'dgx-h100-64', ...flags]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });
});
