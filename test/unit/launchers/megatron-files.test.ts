import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { launchFolder } from '../../../src/launchers/folder.ts';
import { MEGATRON_FILE_RULES } from '../../../src/launchers/megatron/file-rules.ts';
import { megatron } from '../../../src/launchers/megatron/index.ts';
import { layoutChunks } from '../../../src/launchers/megatron/layout.ts';
import { megatronReader } from '../../../src/launchers/megatron/reader.ts';
import { run } from '../../fixtures/run.ts';
import { DENSE, MIXED, ORIGIN, planned } from './fixture.ts';

const FOLDER = 'test/fixtures/launch';
const read = (text: string, path = 'f') =>
  megatronReader.read({ path, text, value: () => expect.fail('this is no YAML') });
const sample = (name: string) => read(readFileSync(join(FOLDER, name), 'utf8'), name);
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
  ])('%s keeps every rule', (name) => expect(sample(name).violations(64)).toEqual([]));

  it('are read as they are meant', () => {
    expect(sample('megatron_llama3_70b_64h100.sbatch').asked()).toEqual({
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
      layers: 80,
      hiddenSize: 8192,
    });
    expect(sample('megatron_gpt3_175b_64h100.args').asked().configuration).toMatchObject({
      tp: '8',
      pp: '8',
    });
  });

  it('layouts with groups, repeats and commas', () => {
    expect(layoutChunks('Et*18|t*22|t*22|t*18,L')).toEqual([18, 22, 22, 18]);
    expect(layoutChunks('Et*9|(t*10|)*6,t*11,L')).toEqual([9, 10, 10, 10, 10, 10, 10, 11]);
    expect(layoutChunks('Et*4|(t*4|)*14tmL')).toEqual([4, ...new Array<number>(14).fill(4), 1]);
  });

  it('keep the brackets of a layout in a bash array', () => {
    const text = `ARGS=(--pipeline-model-parallel-size 4 --num-layers 80\n--pipeline-model-parallel-layout "Et*9|(t*10|)*6,t*11,L")\ntorchrun --nnodes 8 pretrain_gpt.py "\${ARGS[@]}"`;
    expect(read(text).asked().configuration).toMatchObject({ vpp: '2', layers: '9/10/10/10/10/10/10/11' });
    expect(read(text).violations(8)).toEqual([]);
  });

  it('variables, defaults, quotes, comments, the last of two', () => {
    const text = `TP=8\n# --tensor-model-parallel-size 99\nARGS=(\n  --tensor-model-parallel-size \${TP}\n  --pipeline-model-parallel-size "\${PP:-4}"\n)\ntorchrun pretrain_gpt.py "\${ARGS[@]}" --micro-batch-size 1 \\\n  --micro-batch-size=2`;
    expect(read(text).asked().configuration).toMatchObject({
      tp: '8',
      pp: '4',
      'micro-batch': '2',
    });
  });
});

describe('rules', () => {
  const RULES = [
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
    ['one-way-to-interleave', GOOD.replace('--bf16', '--bf16 --num-layers-per-virtual-pipeline-stage 4')],
    ['virtual-stages-need-pp', `--num-virtual-stages-per-pipeline-rank 2`],
    ['layout', `${MOE} --pipeline-model-parallel-layout "Et*8|t*8|t*8|t*7L"`],
    ['recompute-selective', `${MOE} --recompute-granularity selective --recompute-method uniform`],
    ['recompute-full', `${MOE} --recompute-granularity full`],
    ['overlap-param-gather', `${MOE} --overlap-param-gather`],
    ['tp-comm-overlap', `${MOE} --tp-comm-overlap`],
    ['one-precision', `${MOE} --fp16`],
    ['latent-attention', `${MOE} --multi-latent-attention --group-query-attention`],
    ['overlap-optimizer-step', `${MOE} --overlap-param-gather-with-optimizer-step`],
    ['optimizer-instances', `${MOE} --num-distributed-optimizer-instances 3`],
    ['torch-fsdp2', `${MOE} --use-torch-fsdp2`],
    ['megatron-fsdp-checkpoint', `${MOE} --use-megatron-fsdp`],
    ['moe-overlap', `${MOE} --overlap-moe-expert-parallel-comm`],
    ['expert-bias', MOE.replace('--expert-tensor-parallel-size 1', '--expert-tensor-parallel-size 2')],
    ['saved-activations', `${MOE} --distribute-saved-activations --sequence-parallel`],
    ['batch-schedule', `${MOE} --step-batch-size-schedule 0:8`],
    ['cpu-offload', `${MOE} --cpu-offloading-num-layers 4`],
    ['known-flags', `${MOE} --tensor-model-paralel-size 2`],
    [
      'layout-alone',
      `${MOE} --pipeline-model-parallel-layout Et*8|t*8|t*8|t*8L --account-for-loss-in-pipeline-split`,
    ],
    ['evaluation-batch-divisible', `${MOE} --eval-global-batch-size 7`],
    ['hierarchical-context', GOOD.replace('--bf16', '--bf16 --hierarchical-context-parallel-sizes 2 2')],
    ['virtual-layers', `${MOE} --num-layers-per-virtual-pipeline-stage 3`],
    ['interleaved-micro-batches', `${MOE} --num-virtual-stages-per-pipeline-rank 2 --global-batch-size 24`],
    ['first-last-alone', `${MOE} --decoder-first-pipeline-num-layers 8 --account-for-loss-in-pipeline-split`],
    [
      'first-last-virtual',
      `${MOE} --decoder-first-pipeline-num-layers 5 --num-virtual-stages-per-pipeline-rank 2`,
    ],
    [
      'one-connection',
      `CUDA_DEVICE_MAX_CONNECTIONS=1\n${MOE} --use-megatron-fsdp --ckpt-format fsdp_dtensor`,
    ],
    ['layout-predictors', `${MOE} --pipeline-model-parallel-layout Et*8|t*8|t*8|t*8mL`],
  ] as const;

  it.each(RULES)('%s', (rule, text) => {
    const broken = read(text).violations(64);
    expect(broken.map((one) => one.rule)).toContain(rule);
    for (const { fix, line } of broken) {
      expect(fix).toMatch(/\.$/);
      expect(line).toBeGreaterThan(0);
    }
  });

  it('every rule is tried above, and the mixture of experts keeps them all', () => {
    expect(RULES.map(([rule]) => rule).sort()).toEqual(MEGATRON_FILE_RULES.map(({ rule }) => rule).sort());
    expect(read(MOE).violations(64)).toEqual([]);
    // Data parallelism of experts would be zero: Megatron's parser accepts it, its process groups fail.
    expect(
      read(MOE)
        .violations(16)
        .map((one) => one.rule),
    ).toContain('expert-grid');
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
    const file = read(text, 'arguments.txt');
    expect(file.violations(64)).toEqual([]);
    const found = file.asked();
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
      '--launcher',
      'megatron',
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
    const read_ = () => read(text).asked();
    expect(read_).toThrow(InputError);
    expect(read_).toThrow(message);
  });

  it.each([
    [['--from', 'nowhere.txt', '--for', 'megatron'], /no file nowhere.txt/],
    [['--from', join(FOLDER, 'megatron_gpt3_175b_64h100.args')], /--for is missing/],
    [[], /--config is missing/],
  ])('estimate %j', async (flags, message) => {
    const ran = await run(['estimate', 'llama-3.1-8b', 'dgx-h100-64', ...flags]);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(message);
  });
});
