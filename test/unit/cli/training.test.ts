import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAUNCHERS } from '../../../src/frameworks/index.ts';
import { run } from '../../fixtures/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'training-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const WORK = ['--seq-length', '2048', '--global-batch', '16'] as const;
const ON = ['llama-3.1-8b', 'dgx-h100-8', ...WORK] as const;
const CONFIG = ['--config', 'tp=2,dp=4'] as const;

describe('--train', () => {
  it('is said by estimate, explain and plan, with how many parameters', async () => {
    const words = 'LoRA of rank 8 on q, v (3.41M of 8.03B parameters)';
    const flags = ['--train', 'lora', '--lora-rank', '8', '--lora-modules', 'q_proj,v_proj'];
    const wide = { columns: 200 };
    for (const command of ['estimate', 'explain'])
      expect((await run([command, ...ON, ...CONFIG, ...flags], wide)).out).toContain(`Trained: ${words}.`);
    const plan = await run(['plan', ...ON, ...flags, '--top', '1'], wide);
    expect(plan.out).toContain(`on 8 × h100-sxm, ${words}, sequence 2048`);
    expect(plan.out).toContain('--train lora --lora-rank 8 --lora-modules q_proj,v_proj');
    expect(plan.out).toContain('Assumed: no dropout in adapters (--lora-dropout).');
    expect(plan.out).not.toContain('Assumed: LoRA rank');
  });

  it('stands in JSON, all of it too', async () => {
    const json = async (...flags: string[]) =>
      JSON.parse((await run(['estimate', ...ON, ...CONFIG, '--json', ...flags])).out).problem.training;
    expect(await json()).toEqual({
      decoder: 'full',
      embedding: 'full',
      head: 'full',
      frozenLayers: 0,
      towers: {},
      lora: null,
      parameters: 8_030_261_248,
      trainableParameters: 8_030_261_248,
    });
    expect(await json('--train', 'lora,head=full,first-layers=4', '--lora-modules', 'mlp')).toMatchObject({
      decoder: 'lora',
      embedding: 'frozen',
      head: 'full',
      frozenLayers: 4,
      lora: { rank: 16, modules: ['gate', 'up', 'down'], dropout: 0 },
    });
  });

  it('full gives what is given without it, to the last digit', async () => {
    const without = await run(['estimate', ...ON, ...CONFIG, '--json']);
    const full = await run(['estimate', ...ON, ...CONFIG, '--json', '--train', 'full']);
    expect(full.out).toBe(without.out);
  });

  it('is read from shardwright.yaml, part by part', async () => {
    const text = 'train: { decoder: lora, head: full }\nlora-modules: [q, v]\nlora-rank: 4\n';
    writeFileSync(join(scratch, 'shardwright.yaml'), text);
    const { out } = await run(['estimate', ...ON, ...CONFIG, '--json'], { cwd: scratch });
    expect(JSON.parse(out).problem.training).toMatchObject({
      decoder: 'lora',
      head: 'full',
      lora: { rank: 4, modules: ['q', 'v'] },
    });
  });

  it.each([
    [['--train', 'lroa'], '--train is "lroa"', 'Maybe "lora".'],
    [['--train', 'frozen'], 'which trains nothing', 'Maybe --train lora.'],
    [['--train', 'lora,first-layers=32'], 'which trains nothing', 'first-layers=8'],
    [['--train', 'lora,embeding=full'], '--train is "lora,embeding=full"', 'Maybe "embedding".'],
    [['--train', 'head=qlora'], '--train has head=qlora', 'one of full, lora, frozen'],
    [['--train', 'full,first-layers=99'], 'first-layers of --train is "99"', 'from 0 to 32'],
    [['--lora-rank', '8'], '--lora-rank is "8", but --train is "full"', '--train lora or qlora'],
    [['--train', 'lora', '--lora-modules', 'q,x'], '--lora-modules has "x"', 'some of q, k, v, o'],
    [['--train', 'lora', '--lora-rank', '0'], '--lora-rank is "0"', 'from 1 to 4096'],
    [['--train', 'lora', '--lora-dropout', '1'], '--lora-dropout is "1"', 'a share from 0 to 1'],
    [['--train', 'lora', '--layer-profile', 'x.yaml'], '--train is "lora"', '--train full'],
  ])('%j is refused', async (flags, message, expected) => {
    const { code, err } = await run(['estimate', ...ON, ...CONFIG, ...flags]);
    expect(code).toBe(2);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(err.replaceAll(/\s+/g, ' ')).toContain(expected);
  });

  it('refuses to part a matrix that is both ends', async () => {
    const { code, err } = await run([
      ...['estimate', 'llama-3.2-1b', 'dgx-h100-8', ...WORK, ...CONFIG],
      ...['--train', 'embedding=frozen,head=full'],
    ]);
    expect(code).toBe(2);
    expect(err).toContain('are one matrix');
  });
});

describe('a plan of adapters', () => {
  const file = join(scratch, 'plan.json');
  const modules: Readonly<Record<string, string>> = {
    'megatron-bridge': 'qkv,o,fc1,down',
    torchtitan: 'qkv,o,gate,up,down',
  };
  // torchtitan holds frozen weights in the type of trained ones, and has no ZeRO-1.
  const besides: Readonly<Record<string, readonly string[]>> = {
    torchtitan: ['--optimizer', 'adamw,master=none', '--fix', 'tp=1,pp=1,zero=3'],
    // Its only schedule.
    roundpipe: ['--allow', 'offload', '--fix', 'tp=1,pp=1,dispatch=sync'],
  };

  it.each(LAUNCHERS)(
    '$id runs it and reads it back, or refuses it by name',
    async ({ id, express, reader }) => {
      const on = modules[id] ?? 'q,k,v,o';
      const flags = ['--train', 'lora', '--lora-rank', '8', '--lora-modules', on];
      const shape = besides[id] ?? ['--fix', 'tp=1,pp=1'];
      const plan = await run([
        'plan',
        ...ON,
        ...flags,
        ...shape,
        '--top',
        '1',
        '--stack',
        'generic',
        '--json',
      ]);
      writeFileSync(file, plan.out);
      const folder = join(scratch, id);
      const emitted = await run(['emit', file, '--to', id, '--out', folder]);
      if (!(express.trains ?? ['full']).includes('lora')) {
        expect(emitted.code).toBe(2);
        expect(emitted.err.replaceAll(/\s+/g, ' ')).toMatch(
          // torchgpipe runs no decoder at all, and says that first.
          id === 'torchgpipe'
            ? /cannot run this plan: softmax in dense layers/
            : /cannot run this plan: --train lora expected: --train full in/,
        );
        return;
      }
      expect(emitted.code, emitted.err).toBe(0);
      if (reader === undefined) return;
      const read = await run([
        ...['estimate', 'llama-3.1-8b', 'dgx-h100-8', ...WORK],
        ...['--from', folder, '--for', id, '--stack', 'generic', '--json'],
      ]);
      expect(read.code, read.err).toBe(0);
      const { plans, problem } = JSON.parse(plan.out);
      const again = JSON.parse(read.out);
      expect(again.problem.training).toEqual(problem.training);
      expect(again.stepTimeSeconds).toBe(plans[0].stepTimeSeconds);
    },
  );
});

describe('a newcomer with two cards of 24 GB', () => {
  it('fits adapters of a quantised 70B', async () => {
    const plan = (...flags: string[]) =>
      run([
        ...['plan', 'llama-3.1-70b', '4090-2', '--seq-length', '512', '--global-batch', '16', '--json'],
        ...[
          '--headroom',
          '2%',
          '--launcher',
          'any',
          '--lora-rank',
          '8',
          '--lora-modules',
          'attention',
          ...flags,
        ],
      ]);
    expect((await plan('--train', 'qlora')).code).toBe(0);
    expect((await plan('--train', 'lora')).code).toBe(3);
  });
});
