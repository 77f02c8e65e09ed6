import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/catalogue/clusters.ts';
import { rankMap } from '../../src/launch-folder/rank-map.ts';
import { placesOf } from '../../src/launch-folder/ranks.ts';
import { seating } from '../../src/launch-folder/seating.ts';
import { run } from '../fixtures/run.ts';
import { MIXED, planned } from '../unit/frameworks/fixture.ts';

const scratch = mkdtempSync(join(tmpdir(), 'from-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const SAMPLE = 'test/fixtures/launch/megatron_llama3_70b_64h100.sbatch';
const PLAN = ['plan', 'llama-3.1-70b', 'dgx-h100-64', '--fix', 'tp=4,pp=4,cp=2', '--top', '1', '--no-cache'];
const FROM = [...PLAN, '--from', SAMPLE, '--for', 'megatron'];

describe('plan --from', () => {
  it('takes the workload from the file and says what it would change, in its own flags', async () => {
    const { out, code } = await run([...FROM, '--fix', 'tp=8,pp=4'], { columns: 120 });
    expect(code).toBe(0);
    expect(out).toMatch(/sequence 8192, batch 512, bf16, megatron-core stack/);
    expect(out).toMatch(/64h100\.sbatch as it is: [\d.]+ s a step, peak GiB h100-sxm/);
    expect(out).toMatch(/\n {2}- --tensor-model-parallel-size 4\n {2}\+ --tensor-model-parallel-size 8\n/);
    expect(out).toMatch(/\n {2}- --context-parallel-size 2\n/);
  });

  it('says the same as data', async () => {
    const { out } = await run([...FROM, '--json']);
    const { from, plans } = JSON.parse(out) as {
      from: { configuration: string; stepTimeSeconds: number; changes: string[] };
      plans: { stepTimeSeconds: number }[];
    };
    expect(from.configuration).toContain('tp=4,pp=4,dp=2,cp=2,vpp=5');
    expect(plans[0]!.stepTimeSeconds).toBeLessThanOrEqual(from.stepTimeSeconds);
    expect(from.changes.every((line) => /^[+-] --/.test(line))).toBe(true);
  });

  it('says which law the file breaks, and plans all the same', async () => {
    const broken = join(scratch, 'broken.txt');
    writeFileSync(
      broken,
      readFileSync(SAMPLE, 'utf8').replace('--global-batch-size 512', '--global-batch-size 511'),
    );
    const { out, code } = await run([
      ...PLAN,
      '--from',
      broken,
      '--for',
      'megatron',
      '--global-batch',
      '511',
      '--fix',
      'tp=8,pp=8',
    ]);
    expect(out).toMatch(/broken\.txt\s+cannot\s+run\s+as\s+it\s+is:\s+batch-divisible/);
    const lawless = join(scratch, 'lawless.txt');
    writeFileSync(lawless, readFileSync(SAMPLE, 'utf8').replace('--bf16', '--bf16 --fp16'));
    const estimated = await run(['estimate', ...PLAN.slice(1, 3), '--from', lawless, '--for', 'megatron']);
    expect(estimated.out).toMatch(
      /it\s+is\s+taken\s+to\s+run,\s+though\s+it\s+breaks\s+1\s+rule\s+of\s+Megatron-LM/,
    );
    expect(code).toBe(0);
  });

  it('needs --for', async () => {
    const { err, code } = await run([...PLAN, '--from', SAMPLE]);
    expect(code).toBe(2);
    expect(err).toMatch(/--for is missing\n {2}expected: one of megatron, megatron-bridge, torchtitan/);
  });
});

describe('plan --emit', () => {
  it('writes the best plan, which validates, and never over a folder without --force', async () => {
    const out = join(scratch, 'emitted');
    const first = await run([...FROM, '--emit', out]);
    expect(first.code).toBe(0);
    expect(existsSync(join(out, 'arguments.txt'))).toBe(true);
    expect((await run(['validate', out, '--for', 'megatron'])).code).toBe(0);
    const second = await run([...FROM, '--emit', out]);
    expect(second.code).toBe(2);
    expect(second.err).toMatch(/exists/);
    expect((await run([...FROM, '--emit', out, '--force'])).code).toBe(0);
  });
});

describe('a launch folder that was changed', () => {
  const folder = join(scratch, 'folder');
  const estimate = [
    'estimate',
    'llama-3.1-70b',
    'mixed-32xh100-32xa100-40gb',
    '--from',
    folder,
    '--for',
    'megatron',
  ];
  const edited = async (file: string, change: (text: string) => string) => {
    await run([
      'emit',
      'configs/examples/llama-3.1-70b-32xh100-32xa100.json',
      '--to',
      'megatron',
      '--out',
      folder,
      '--force',
    ]);
    const path = join(folder, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return run(estimate);
  };

  it.each([
    ['a host the cluster has not', 'rank-map.csv', /a100-40-0,/, 'gpu-x,', /host "gpu-x" is not in mixed/],
    ['another header', 'rank-map.csv', /^rank/, 'ranks', /is no rank map/],
    [
      'a GPU the host has not',
      'rank-map.csv',
      /^0,a100-40-0,0/m,
      '0,a100-40-0,9',
      /GPU 9 of a100-40-0\n {2}expected: GPU 0 to 7/,
    ],
    ['a GPU twice', 'rank-map.csv', /^0,a100-40-0,0/m, '0,a100-40-0,1', /GPU 1 of a100-40-0 again/],
    ['another separator', 'rank-map.csv', /,/g, ';', /is no rank map/],
    [
      'two ranks exchanged',
      'rank-map.csv',
      /^(0,a100-40-0),0(,.*\n1,a100-40-0),1/m,
      '$1,1$2,0',
      /places ranks otherwise/,
    ],
    [
      'another model',
      'arguments.txt',
      /--num-layers\n80/,
      '--num-layers\n32',
      /is for a model with layers 32/,
    ],
  ])('%s', async (_, file, from, to, message) => {
    const { err, code } = await edited(file, (text) => text.replace(from, to));
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('of another cluster', async () => {
    await edited('README.md', (text) => text);
    const elsewhere = await run(estimate.map((word) => (word.startsWith('mixed') ? 'dgx-h100-64' : word)));
    expect(elsewhere.code).toBe(2);
    expect(elsewhere.err).toMatch(/rank-map\.csv:2: host "a100-40-0" is not in dgx-h100-64/);
  });

  it('without its rank map stands for the whole cluster in its order', async () => {
    await edited('README.md', (text) => text);
    const copy = join(scratch, 'copy');
    cpSync(folder, copy, { recursive: true });
    rmSync(join(copy, 'rank-map.csv'));
    const { out, code } = await run(estimate.map((word) => (word === folder ? copy : word)));
    expect(code).toBe(0);
    expect(out).toMatch(/does not fit/);
  });
});

describe('a rank map', () => {
  it('gives back devices and the order of nodes', () => {
    const plan = {
      ...planned(MIXED, 'tp=8,pp=4,dp=2,sharding=1,layers=28/28/12/12'),
      nodeOrder: [3, 0, 1, 2, 4, 5, 7, 6],
    };
    const found = seating(MIXED.cluster, rankMap(MIXED, plan), 'rank-map.csv');
    expect(found.devices).toEqual(placesOf(plan).map(({ device }) => device));
    expect(found.nodeOrder).toEqual(plan.nodeOrder);
    expect(found.groups).toBe('h100:32/a100-40:32');
  });

  it('says which groups are used, and how much of them', () => {
    const plan = planned(MIXED, 'tp=8,pp=2,dp=2,sharding=1,groups=a100-40:16/h100:16');
    const found = seating(
      loadCluster('mixed-32xh100-32xa100-40gb').value,
      rankMap(MIXED, plan),
      'rank-map.csv',
    );
    expect(found.groups).toBe('a100-40:16/h100:16');
    expect(found.nodeOrder).toBeNull();
  });
});

describe('a folder of another launcher', () => {
  it('is told of by its own README', async () => {
    const folder = join(scratch, 'whose');
    const from = 'configs/examples/llama-3.1-8b-64xh100.json';
    expect((await run(['emit', `${from}#1`, '--to', 'deepspeed', '--out', folder])).code).toBe(0);
    const model = ['estimate', 'llama-3.1-8b', 'dgx-h100-64', '--from', folder];
    expect((await run(model)).err).toMatch(/--for is missing\n[\s\S]*Maybe --for deepspeed\./);
    const { err, code } = await run(['validate', folder, '--for', 'nanotron']);
    expect(code).toBe(2);
    expect(err).toMatch(/whose has no config\.yaml\n[\s\S]*Maybe --for deepspeed\./);
  });
});

describe('a file that states no precision', () => {
  it('has that of its framework, where it says all that the program is told', async () => {
    const bare = join(scratch, 'bare.sbatch');
    writeFileSync(bare, readFileSync(SAMPLE, 'utf8').replace('--bf16', ''));
    const estimate = ['estimate', ...PLAN.slice(1, 3), '--for', 'megatron', '--from'];
    const { out } = await run([...estimate, bare], { columns: 300 });
    expect(out).toMatch(/Read in .*, fp32, tp=4/);
    expect(out).toMatch(/neither --bf16 nor --fp16 is said: Megatron-LM computes in fp32 then/);
    const part = join(scratch, 'part.sh');
    writeFileSync(
      part,
      'ARGS="--tensor-model-parallel-size 8 --micro-batch-size 1 --seq-length 8192 --global-batch-size 64"\n',
    );
    const told = await run([...estimate, part], { columns: 300 });
    expect(told.out).toMatch(/Assumed: the file states no precision: bf16, unless --precision says another/);
    const stated = await run([...estimate, SAMPLE], { columns: 300 });
    expect(stated.out).not.toMatch(/no precision|fp32/);
  });
});
