import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { megatron } from '../../../src/frameworks/megatron/index.ts';
import { layoutChunks } from '../../../src/frameworks/megatron/layout.ts';
import { megatronReader } from '../../../src/frameworks/megatron/reader.ts';
import { launchFolder } from '../../../src/launch-folder/folder.ts';
import { run } from '../../fixtures/run.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { DENSE, MIXED, ORIGIN, planned } from './fixture.ts';

const FOLDER = 'test/fixtures/launch';
const read = (text: string, path = 'f') => megatronReader.read(sourceOf(text, path));
const sample = (name: string) => read(readFileSync(join(FOLDER, name), 'utf8'), name);

describe('files that Megatron accepts', () => {
  it.each([
    'megatron_gpt3_175b_64h100.args',
    'megatron_llama3_70b_64h100.sbatch',
    'megatron_llama3_70b_hetero_2x.args',
  ])('%s keeps every rule', (name) => expect(sample(name).violations(64)).toEqual([]));

  it('are read as they are meant', () => {
    expect(sample('megatron_llama3_70b_64h100.sbatch').asked()).toEqual({
      model: {
        heads: 64,
        queryGroups: 8,
        headDim: 128,
        ffnHiddenSize: 28672,
        experts: 0,
        gated: true,
        vocabulary: 128256,
        tiedEmbeddings: false,
      },
      configuration: {
        tp: '4',
        pp: '4',
        cp: '2',
        vpp: '5',
        'micro-batch': '1',
        loss: 'unfused',
        recompute: 'none',
        zero: '1',
        sp: 'true',
      },
      sequenceLength: 8192,
      globalBatchSize: 512,
      precision: 'bf16',
      layers: 80,
      hiddenSize: 8192,
      notes: [],
    });
    expect(sample('megatron_gpt3_175b_64h100.args').asked().configuration).toMatchObject({
      tp: '8',
      pp: '8',
    });
  });

  it('say what they ask for and nothing estimates', () => {
    const text = `--bf16 --num-layers 8 --optimizer sgd --optimizer-cpu-offload --cpu-offloading-num-layers 0`;
    expect(read(text).asked().notes).toEqual([]);
    expect(read(text).asked().configuration['offload-optimizer']).toBe('1');
    const half = `${text} --optimizer-offload-fraction 0.5 --no-pin-cpu-grads`;
    expect(read(half).asked().configuration['offload-optimizer']).toBe('0.5:sync');
  });

  it.each([
    ['', undefined],
    ['--optimizer adam', undefined],
    ['--optimizer sgd', 'sgd'],
    ['--optimizer sgd --sgd-momentum 0.0', 'sgd,momentum=off'],
    ['--grad-reduce-in-bf16', 'adamw,gradients=bf16'],
    [
      '--use-precision-aware-optimizer --main-params-dtype fp16 --exp-avg-dtype fp8 --exp-avg-sq-dtype bf16',
      'adamw,master=fp16,moments=fp8/bf16',
    ],
    ['--use-precision-aware-optimizer --main-grads-dtype bf16', 'adamw,gradients=bf16'],
    ['--optimizer muon --muon-tp-mode blockwise --muon-num-ns-steps 6', 'muon,tp=blockwise,steps=6'],
    ['--optimizer dist_muon', 'muon,layout=aligned'],
    ['--optimizer dist_muon --no-use-layer-wise-param-layout', 'muon'],
    ['--optimizer muon --use-distributed-optimizer', 'muon,layout=aligned'],
    ['--optimizer lion', 'lion,rest=adamw'],
  ])('read the optimizer of %s', (flags, optimizer) => {
    expect(read(`--num-layers 8 ${flags}`).asked().optimizer).toBe(optimizer);
  });

  it('layouts with groups, repeats and commas', () => {
    expect(layoutChunks('Et*18|t*22|t*22|t*18,L')).toEqual([18, 22, 22, 18]);
    expect(layoutChunks('Et*9|(t*10|)*6,t*11,L')).toEqual([9, 10, 10, 10, 10, 10, 10, 11]);
    expect(layoutChunks('Et*4|(t*4|)*14tmL')).toEqual([4, ...new Array<number>(14).fill(4), 1]);
  });

  it('keep the brackets of a layout in a bash array', () => {
    const text = `ARGS=(--pipeline-model-parallel-size 4 --num-layers 80 --hidden-size 64\n--num-attention-heads 8 --seq-length 64 --max-position-embeddings 64 --micro-batch-size 1\n--pipeline-model-parallel-layout "Et*9|(t*10|)*6,t*11,L")\ntorchrun --nnodes 8 pretrain_gpt.py "\${ARGS[@]}"`;
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
      'tp=4,pp=4,cp=2,vpp=5,micro-batch=1,recompute=none,sharding=1,sp=true,loss=unfused',
    ]);
    const asRead = /Read in .*?\.\n\n/s;
    const read_ = (await run(from)).out;
    expect(read_).toMatch(asRead);
    expect(read_.replace(asRead, '')).toBe(same.out);
    const other = await run([
      ...config,
      'tp=4,pp=4,cp=2,vpp=5,micro-batch=1,recompute=full,sharding=1,sp=true,loss=unfused',
    ]);
    expect((await run([...from, '--config', 'recompute=full'])).out.replace(asRead, '')).toBe(other.out);
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
