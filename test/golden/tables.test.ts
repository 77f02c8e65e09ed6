import { describe, expect, it } from 'vitest';
import { run, SMALL } from '../fixtures/run.ts';

const MIXED = [
  'llama-3.1-8b',
  'mixed-a100-v100',
  '--seq-length',
  '2048',
  '--global-batch',
  '64',
  '--precision',
  'fp16',
] as const;

const DEALT = [
  '--seq-length',
  '2048',
  '--global-batch',
  '128',
  '--precision',
  'fp16',
  '--allow',
  'offload,stale',
] as const;

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  plan: ['plan', ...MIXED, '--top', '3'],
  'plan-megatron': ['plan', ...MIXED, '--top', '2', '--launcher', 'megatron'],
  'plan-stale': [
    ...[
      'plan',
      'gpt2-xl',
      't4-cloud-16',
      '--seq-length',
      '1024',
      '--global-batch',
      '64',
      '--precision',
      'fp16',
    ],
    ...['--optimizer', 'muon', '--launcher', 'any', '--allow', 'stale', '--top', '2'],
  ],
  'plan-dealt': ['plan', 'qwen3-32b', '4090-8', ...DEALT, '--top', '2', '--launcher', 'roundpipe'],
  'estimate-dualpipe': [
    'estimate',
    'llama-3.1-8b',
    'dgx-h100-8',
    ...SMALL,
    '--config',
    'pp=4,dp=2,micro-batch=1,vpp=2,schedule=dualpipe',
  ],
  'estimate-amd': [
    ...['estimate', 'mixtral-8x7b', 'mi300x-64', '--seq-length', '4096', '--global-batch', '256'],
    ...['--stack', 'megatron-core', '--config', 'tp=1,dp=64,ep=8,micro-batch=1'],
  ],
  experts: [
    ...['experts', 'mixtral-8x7b', 'dgx-h100-64', 'test/fixtures/routing.json', '--ep', '8'],
    ...['--place', 'balance'],
  ],
  'estimate-overlap': [
    ...['estimate', 'llama-3.1-70b', 'dgx-h100-64', '--seq-length', '8192', '--global-batch', '512'],
    ...['--stack', 'megatron-core', '--config'],
    'tp=8,pp=4,dp=2,micro-batch=1,sp=true,tp-overlap=userbuffers',
  ],
  'estimate-ladder': [
    ...['estimate', 'llama-3.1-70b', 'dgx-h100-64', '--seq-length', '8192', '--global-batch', '512'],
    ...['--config', 'tp=8,pp=4,dp=2,micro-batch=1,architecture=ladder'],
  ],
  'estimate-offload': [
    ...['estimate', 'llama-3.1-8b', '4090-8', '--seq-length', '2048', '--global-batch', '256'],
    ...['--precision', 'fp16', '--stack', 'deepspeed', '--config'],
    'dp=8,micro-batch=2,recompute=full,zero=3,offload-optimizer=1:stride2,offload-parameters=host',
  ],
  'estimate-switching': [
    ...['estimate', 'qwen3-30b-a3b', 'dgx-h100-64', '--seq-length', '4096', '--global-batch', '256'],
    ...['--stack', 'generic', '--routing', 'imbalance=2', '--config'],
    'dp=64,ep=32,micro-batch=4,recompute=full,expert-switching=switch,expert-exchange=2dh',
  ],
  'plan-paci': [
    ...['plan', 'gpt2-medium-untied', '4090-8', '--seq-length', '1024', '--global-batch', '128'],
    ...['--launcher', 'paci', '--allow', 'stale', '--top', '2'],
  ],
  'plan-given': [
    ...['plan', 'amoebanet-d-18-256', 'p40-8', '--global-batch', '256', '--precision', 'fp32'],
    ...['--optimizer', 'sgd', '--launcher', 'any', '--fix', 'schedule=gpipe,recompute=full', '--top', '3'],
  ],
  'model-show-given': ['model', 'show', 'clip-vit-l-14'],
  'estimate-islands': [
    ...['estimate', 'llama-3.1-8b', 'two-regions', '--seq-length', '8192', '--global-batch', '512'],
    ...['--stack', 'torch-fsdp2', '--config'],
    'pipelines=32@west:32x1:8+32@east:32x1:8,micro-batch=1,local-steps=100:8bit',
  ],
  'estimate-failures': [
    ...['estimate', 'llama-3.1-405b', 'dgx-h100-16384', '--seq-length', '8192', '--global-batch', '2048'],
    ...['--config', 'tp=8,pp=16,dp=128,micro-batch=1', '--mtbf', 'usual', '--checkpoint', 'async:100GB/s'],
    ...['--spares', '16', '--congestion', '183GB/s,140GB/s'],
  ],
  replan: ['replan', 'configs/examples/llama-3.1-8b-64xh100.json', '--lost', 'h100-7', '--spares', '1'],
  skip: ['skip', 'llama-3.2-1b', 'four-regions', '--seq-length', '2048', '--skip', '25%'],
  'plan-gpus': ['plan', ...MIXED, '--gpus', '8..32'],
  'plan-what-if': ['plan', ...MIXED, '--what-if', 'group=v100,nodes=2,4'],
  'plan-pareto': ['plan', 'llama-3.2-1b', '4090-8', ...SMALL, '--pareto'],
  'plan-nothing': ['plan', 'llama-3.1-405b', '4090-32', ...SMALL],
  estimate: ['estimate', ...MIXED, '--config', 'tp=4,pp=4,dp=2,layers=10/10/6/6'],
  explain: ['explain', ...MIXED, '--config', 'tp=4,pp=4,dp=2,layers=10/10/6/6'],
  compare: ['compare', 'llama-3.2-1b', 'dgx-h100-8', 'dgx-a100-8', ...SMALL, '--price', 'h100=2.5,a100=1.1'],
  'compare-purchase': [
    ...['compare', 'llama-3.2-1b', 'dgx-h100-8', 'dgx-a100-8', '4090-8', ...SMALL],
    ...['--price', 'h100=2.5,a100=1.1', '--tokens', '300B', '--mtbf', 'usual'],
    ...['--deadline', '30d', '--budget', '5k'],
  ],
  calibrate: [
    ...['calibrate', 'test/fixtures/logs/megatron-tp2.log', 'test/fixtures/logs/megatron-tp8.log'],
    ...['test/fixtures/logs/megatron-tp4.log', 'test/fixtures/logs/megatron-pp.log'],
    ...['--model', 'llama-3.1-8b', '--cluster', 'dgx-h100-64', '--seq-length', '8k'],
    ...['--config', 'tp=2,dp=8,micro-batch=1', '--config', 'tp=8,dp=8,micro-batch=2'],
    ...['--config', 'tp=4,pp=2,dp=2,micro-batch=1', '--config', 'tp=2,pp=2,dp=16,micro-batch=1'],
  ],
  'estimate-calibrated': [
    ...['estimate', 'llama-3.1-8b', 'dgx-h100-64', '--seq-length', '8192', '--global-batch', '256'],
    ...['--config', 'tp=2,pp=2,dp=16', '--calibration', 'test/fixtures/calibration.yaml'],
  ],
  accuracy: ['accuracy', 'test/fixtures/runs/korthikanti.jsonl', '--worst', '4'],
  'compare-owned': [
    ...['compare', 'llama-3.2-1b', 'dgx-h100-8', 'dgx-a100-8', ...SMALL, '--tokens', '300B'],
    ...['--own', 'h100=30k,years=4,kwh=0.10,pue=1.3'],
  ],
  'compare-what-if': [
    ...['compare', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--tokens', '300B'],
    ...['--what-if', 'group=h100,nodes=1..4'],
  ],
  'model-show': ['model', 'show', 'deepseek-v3'],
  'cluster-show': ['cluster', 'show', 'two-regions'],
};

describe.each([80, 160])('at %i columns', (columns) => {
  it.each(Object.entries(COMMANDS))('%s', async (name, argv) => {
    const { out } = await run(argv, { columns });
    for (const line of out.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(columns);
    await expect(out).toMatchFileSnapshot(`snapshots/${name}.${columns}.txt`);
  });
});
