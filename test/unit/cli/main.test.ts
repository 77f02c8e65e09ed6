import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'shardwright-'));
const PLAN = ['plan', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL] as const;

describe('exit codes', () => {
  it.each([
    [0, [...PLAN]],
    [2, ['plan', 'llama-3.2-1b', 'dgx-h100-8', '--seq-length', '8q', '--global-batch', '64']],
    [2, ['plan', 'llama-3.2-1', 'dgx-h100-8', ...SMALL]],
    [2, ['frobnicate']],
    [2, ['schema', 'constructor']],
    [2, ['plan', 'llama-3.2-1b', 'dgx-h100-8', '--seq-lenght', '1']],
    [2, []],
    [3, ['plan', 'llama-3.1-405b', '4090-1', ...SMALL]],
    [4, ['estimate', 'llama-3.1-405b', 'dgx-h100-8', ...SMALL, '--config', 'tp=8', '--check']],
    [0, ['estimate', 'llama-3.1-405b', 'dgx-h100-8', ...SMALL, '--config', 'tp=8']],
    [2, ['estimate', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--config', 'tp=16']],
    [0, ['--help']],
    [0, ['--version']],
  ])('%i for %j', async (code, argv) => {
    const ran = await run(argv);
    expect(ran.code).toBe(code);
    if (code === 2) {
      expect(ran.out).toBe('');
      expect(ran.err).toMatch(/expected|Maybe/);
      expect(ran.err).not.toMatch(/ at .*\.ts:/);
    }
  });

  it('3 with advice when --fix leaves nothing', async () => {
    const ran = await run([...PLAN, '--fix', 'pp=99']);
    expect(ran.code).toBe(3);
    expect(ran.out).toMatch(/pp=99 cannot be: .* one stage for each of 16 layers,[\s\S]*Maybe pp=8\./);
  });

  it('5 where no split could help: a launcher does not run the model, and who does is named', async () => {
    const argv = ['plan', 'gemma-2-9b', 'dgx-h100-8', ...SMALL, '--launcher', 'megatron'];
    const ran = await run(argv);
    expect(ran.code).toBe(5);
    expect(ran.out).toContain('megatron does not run this, however it is split.');
    const [, other] = /--launcher ([a-z-]+)/.exec(ran.out)!;
    const typed = await run([...argv.slice(0, -1), other!, '--top', '1']);
    expect(typed.code).not.toBe(5);
  });

  it('130 when interrupted, with what was found', async () => {
    const ran = await run([...PLAN, '--json'], { interrupted: () => true });
    expect(ran.code).toBe(130);
    expect(JSON.parse(ran.out).certificate.cutBy).toBe('interrupt');
    const swept = await run([...PLAN, '--pareto', '--json'], { interrupted: () => true });
    expect(swept.code).toBe(130);
    const { sweeps } = JSON.parse(swept.out);
    const compared = await run(['compare', ...PLAN.slice(1), '--json'], { interrupted: () => true });
    expect(compared.code).toBe(130);
    expect(JSON.parse(compared.out).clusters[0].cut.by).toBe('interrupt');
    expect(sweeps.map(({ cut }: { cut: { by: string } }) => cut.by)).toEqual(['interrupt', 'interrupt']);
  });
});

describe('an error', () => {
  const WRONG = ['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--launcher', 'foo'];

  it('is wrapped where standard error has a width, and has the same bytes everywhere else', async () => {
    const whole = (await run(WRONG)).err;
    expect(whole.split('\n')[1]!.length).toBeGreaterThan(80);
    const { err } = await run(WRONG, { errorColumns: 80 });
    for (const line of err.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(err.replaceAll(/\s+/g, ' ')).toBe(whole.replaceAll(/\s+/g, ' '));
  });

  it.each([
    [['plan', 'dgx-h100-8', 'llama-3.1-8b', ...SMALL], /Maybe dgx-h100-8 as the cluster/],
    [['plan', 'llama-3.1-8b', 'v100-8', ...SMALL], /Maybe "v100-cloud-32"/],
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--gpus', '0..8'], /Maybe --gpus 1\.\.8\./],
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--gpus', '4-64'], /Maybe --gpus 4\.\.8\./],
    [
      ['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--gpus', '4..8', '--max-gpus', '2'],
      /--gpus is "4\.\.8" beside --max-gpus 2\n.*the 2 GPUs that --max-gpus allows\n.*Maybe --gpus alone/,
    ],
    [
      ['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--gpus', '4..64', '--max-gpus', '2'],
      /the 2 GPUs that --max-gpus allows\n.*Maybe --gpus 1\.\.2\./,
    ],
    ...(['plan', 'compare'] as const).map((command): [string[], RegExp] => [
      [command, 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--what-if', 'group=h100,nodes=1..100000'],
      /--what-if group=h100,nodes=\d+ is [\d,]+ GPUs\n.*at most 131,072 GPUs\n.*Maybe nodes up to 16384/,
    ]),
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--objective', 'cost'], /Maybe "tokens-per-dollar"/],
    [['plan', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--precision', 'bfloat16'], /Maybe "bf16"/],
    [['compare', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--price', 'h10=2'], /Maybe "h100"/],
  ])('%j says what may be meant', async (argv, hint) => {
    const { code, err } = await run(argv);
    expect(code).toBe(2);
    expect(err).toMatch(hint);
  });

  it('a folder of Hugging Face is its model', async () => {
    const home = folder();
    const config = { model_type: 'llama', hidden_size: 64, intermediate_size: 256, num_hidden_layers: 2 };
    writeFileSync(
      join(home, 'config.json'),
      JSON.stringify({ ...config, num_attention_heads: 4, vocab_size: 100, rms_norm_eps: 1e-5 }),
    );
    expect((await run(['model', 'show', home])).out).toBe(
      (await run(['model', 'show', join(home, 'config.json')])).out,
    );
  });
});

describe('documents', () => {
  const check = (name: string, text: string) =>
    expect(violations(SCHEMAS[name]!, JSON.parse(text))).toEqual([]);

  it('match their published schemas', async () => {
    check('plan', (await run([...PLAN, '--json'])).out);
    check('plan', (await run(['plan', 'llama-3.1-405b', '4090-1', ...SMALL, '--json'])).out);
    check('plan', (await run([...PLAN, '--why-not', 'tp=4', '--json'])).out);
    check('sweep', (await run([...PLAN, '--gpus', '4..8', '--json'])).out);
    check(
      'estimate',
      (
        await run([
          'estimate',
          'mixtral-8x7b',
          'dgx-h100-64',
          ...SMALL,
          '--config',
          'tp=2,pp=2,ep=4,dp=16',
          '--json',
        ])
      ).out,
    );
    check(
      'compare',
      (await run(['compare', 'llama-3.2-1b', 'dgx-h100-8', '4090-32', ...SMALL, '--json'])).out,
    );
    check('model-report', (await run(['model', 'show', 'deepseek-v3', '--json'])).out);
    check('cluster-report', (await run(['cluster', 'show', 'two-regions', '--json'])).out);
    check('list', (await run(['model', 'list', '--json'])).out);
    const job = 'test/fixtures/launch/megatron_llama3_70b_64h100.sbatch';
    check('validation', (await run(['validate', job, '--for', 'megatron', '--gpus', '60', '--json'])).out);
    check('error', (await run(['plan', 'nothing', 'dgx-h100-8', ...SMALL, '--json'])).out);
  });

  it('have parts that sum to their totals', async () => {
    const { plans } = JSON.parse((await run([...PLAN, '--json'])).out);
    const sum = (parts: Record<string, number>) => Object.values(parts).reduce((a, b) => a + b, 0);
    for (const plan of plans) {
      expect(sum(plan.time)).toBeCloseTo(plan.stepTimeSeconds, 9);
      for (const stage of plan.stages) expect(sum(stage.memory) / stage.peakMemoryBytes).toBeCloseTo(1, 9);
    }
  });

  it('are the same bytes every time', async () => {
    expect((await run([...PLAN, '--json'])).out).toBe((await run([...PLAN, '--json'])).out);
  });
});

describe('settings', () => {
  it('flags over environment over file', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'shardwright.yaml'), 'seq-length: 2048\nglobal-batch: 32\nprecision: fp16\n');
    const base = ['estimate', 'llama-3.2-1b', 'dgx-h100-8', '--config', 'dp=8', '--json'];
    const problem = async (argv: readonly string[], env = {}) =>
      JSON.parse((await run(argv, { cwd, env })).out).problem;
    expect(await problem(base)).toMatchObject({
      sequenceLength: 2048,
      globalBatchSize: 32,
      precision: 'fp16',
    });
    expect(await problem(base, { SHARDWRIGHT_SEQ_LENGTH: '1024' })).toMatchObject({ sequenceLength: 1024 });
    expect(await problem([...base, '--seq-length', '512'], { SHARDWRIGHT_SEQ_LENGTH: '1024' })).toMatchObject(
      { sequenceLength: 512 },
    );
  });

  it('an unknown key of the file is an error with its line', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'shardwright.yaml'), 'seq-length: 2048\nseq-lenght: 1\n');
    const ran = await run([...PLAN], { cwd });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/shardwright\.yaml:2:\d+: unknown key "seq-lenght"[\s\S]*Maybe "seq-length"/);
  });

  it('colour only on a terminal without NO_COLOR', async () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for colour codes.
    const colour = /\u001b\[/;
    expect((await run([...PLAN])).out).not.toMatch(colour);
    expect((await run([...PLAN, '--quiet'], { terminal: true })).out).toMatch(colour);
    expect((await run([...PLAN, '--quiet'], { terminal: true, env: { NO_COLOR: '1' } })).out).not.toMatch(
      colour,
    );
  });
});

describe('explain row 1', () => {
  /** The command under a table, as words. */
  const commandOf = (text: string) => {
    const [, command] = /Explain row 1:\n(shardwright (?:.*\\\n)*.*)\n/.exec(text) ?? [];
    return command?.replaceAll('\\\n', '').split(/\s+/).slice(1);
  };

  it.each([
    [['llama-3.2-1b', 'dgx-h100-8', ...SMALL]],
    [['llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--launcher', 'megatron', '--headroom', '20%']],
    [['llama-3.1-8b', 'mixed-a100-v100', ...SMALL, '--precision', 'fp16', '--top', '2']],
  ])('is a command that gives its figures: %j', async (argv) => {
    const planned = await run(['plan', ...argv]);
    const words = commandOf(planned.out)!;
    const [{ stepTimeSeconds }] = JSON.parse((await run(['plan', ...argv, '--json'])).out).plans;
    const explained = await run([...words, '--json']);
    expect(explained.err).toBe('');
    expect(JSON.parse(explained.out).stepTimeSeconds).toBe(stepTimeSeconds);
  });

  it('is left out where explain cannot be told the same', async () => {
    const { out } = await run([
      'plan',
      'llama-3.1-8b',
      'mixed-a100-v100',
      ...SMALL,
      '--gpu-types',
      'a100-80-sxm',
    ]);
    expect(commandOf(out)).toBeUndefined();
  });
});

describe('emit', () => {
  const planFile = async (launcher: string) => {
    const path = join(folder(), 'plan.json');
    writeFileSync(path, (await run([...PLAN, '--launcher', launcher, '--json'])).out);
    return path;
  };

  it('writes what the launcher needs, and never over something without being told', async () => {
    const path = await planFile('megatron');
    const out = join(folder(), 'launch');
    expect((await run(['emit', `${path}#1`, '--to', 'megatron', '--out', out])).code).toBe(0);
    expect(readFileSync(join(out, 'launch.sh'), 'utf8')).toMatch(/torchrun/);
    writeFileSync(join(out, 'mine.txt'), 'mine');
    const again = await run(['emit', path, '--to', 'megatron', '--out', out]);
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/exists/);
    expect((await run(['emit', path, '--to', 'megatron', '--out', out, '--force'])).code).toBe(0);
    expect((await run(['emit', path, '--to', 'json', '--out', out, '--force'])).code).toBe(0);
    const launch = JSON.parse(readFileSync(join(out, 'plan.json'), 'utf8'));
    expect(violations(SCHEMAS.launch!, launch)).toEqual([]);
    expect(readFileSync(join(out, 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('prints what is one file, and asks for a folder for more', async () => {
    const path = await planFile('megatron');
    const env = await run(['emit', path, '--to', 'env']);
    expect(env.code).toBe(0);
    expect(env.out).toMatch(/^MODEL=llama-3\.2-1b\n(?:[A-Z][A-Z0-9_]*=.*\n)+$/);
    const script = await run(['emit', path, '--to', 'megatron']);
    expect(script.code).toBe(2);
    expect(script.err).toMatch(/--out is missing\n {2}expected: a folder for arguments\.txt, launch\.sh/);
  });

  it('looks at the folder before plan searches, and refuses it beside a sweep', async () => {
    const there = folder();
    const ran = await run([...PLAN, '--emit', there]);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/exists/);
    const sweep = await run([...PLAN, '--gpus', '8..64', '--emit', join(there, 'new')]);
    expect(sweep.err).toMatch(/--emit beside --gpus/);
  });

  it('finds the files of a plan beside it, and writes a folder that others may read', async () => {
    const here = folder();
    const yaml = readFileSync('configs/clusters/dgx-h100-8.yaml', 'utf8');
    writeFileSync(join(here, 'ours.yaml'), yaml);
    const flags = ['--seq-length', '4096', '--global-batch', '64', '--launcher', 'megatron', '--json'];
    const planned = await run(['plan', 'llama-3.2-1b', join(here, 'ours.yaml'), ...flags]);
    const path = join(here, 'plan.json');
    writeFileSync(path, planned.out.replaceAll(`"${join(here, 'ours.yaml')}"`, '"ours.yaml"'));
    const out = join(here, 'launch');
    const emitted = await run(['emit', path, '--to', 'megatron', '--out', out]);
    expect(emitted).toMatchObject({ code: 0 });
    expect(statSync(out).mode & 0o777).toBe(0o777 & ~process.umask());
  });

  it('takes a cluster file in which only what no figure depends on has changed since', async () => {
    const ours = join(folder(), 'ours.yaml');
    const yaml = readFileSync('configs/clusters/dgx-h100-8.yaml', 'utf8');
    writeFileSync(ours, yaml);
    const flags = ['--seq-length', '4096', '--global-batch', '64', '--launcher', 'megatron', '--json'];
    const path = join(folder(), 'plan.json');
    writeFileSync(path, (await run(['plan', 'llama-3.2-1b', ours, ...flags])).out);
    const emitted = async (text: string) => {
      writeFileSync(ours, text);
      const out = join(folder(), 'launch');
      const ran = await run(['emit', path, '--to', 'megatron', '--out', out]);
      return { ...ran, job: () => readFileSync(join(out, 'job.sbatch'), 'utf8') };
    };
    const site = '    hosts: [gpu7]\n    pricePerGpuHour: 2.5\nslurm: { partition: new }\n# moved\n';
    const moved = await emitted(`${yaml}${site}`);
    expect(moved).toMatchObject({ code: 0 });
    expect(moved.job()).toMatch(/--partition=new[\s\S]*--nodelist=gpu7/);
    for (const other of [yaml.replace('nodes: 1', 'nodes: 2'), `${yaml}    powerCap: 500 W\n`]) {
      const ran = await emitted(other);
      expect(ran.code).toBe(2);
      expect(ran.err).toMatch(
        /the cluster .*ours\.yaml has changed since the plan was made\n {2}expected: the same file, but for hosts/,
      );
    }
  });

  it('asks schedulers for what flags say, and ignores none', async () => {
    const path = await planFile('megatron');
    const emitted = async (...flags: string[]) => {
      const out = join(folder(), 'launch');
      const ran = await run(['emit', path, '--to', 'megatron', '--out', out, ...flags]);
      return { ...ran, read: (name: string) => readFileSync(join(out, name), 'utf8') };
    };
    const job = await emitted('--sbatch', 'time=1-00:00', '--sbatch', 'h100:partition=p', '--sbatch', 'hold');
    expect(job).toMatchObject({ code: 0 });
    expect(job.read('job.sbatch')).toMatch(/#SBATCH --hold\n#SBATCH --time=1-00:00\n#SBATCH --partition=p\n/);
    const both = await emitted('--scheduler', 'dstack,pytorchjob', '--image', 'site/megatron:1');
    expect(both.read('dstack.yml')).toContain('image: "site/megatron:1"');
    expect(both.read('pytorchjob.yaml')).toContain('image: "site/megatron:1"');
    for (const [flags, expected] of [
      [['--sbatch', 'tmie=1'], /Maybe "time"/],
      [['--sbatch', 'nodes=3'], /decides/],
      [['--scheduler', 'slrum'], /--scheduler is "slrum"[\s\S]*Maybe "slurm"/],
      [['--scheduler', 'dstack', '--sbatch', 'time=1'], /--sbatch beside --scheduler dstack/],
      [['--image', 'x'], /--image beside --scheduler slurm/],
      [['--scheduler', 'dstack', '--image', 'a b'], /--image is "a b"/],
      [['--scheduler', 'pytorchjob'], /no --image/],
    ] as const)
      expect(await emitted(...flags)).toMatchObject({ code: 2, err: expect.stringMatching(expected) });
    const json = await run(['emit', path, '--to', 'json', '--sbatch', 'time=1']);
    expect(json).toMatchObject({ code: 2, err: expect.stringMatching(/starts nothing/) });
    const alone = await run([...PLAN, '--sbatch', 'time=1']);
    expect(alone).toMatchObject({ code: 2, err: expect.stringMatching(/--sbatch without --emit/) });
    const out = join(folder(), 'launch');
    const planned = await run([...PLAN, '--launcher', 'megatron', '--emit', out, '--sbatch', 'qos=long']);
    expect(planned).toMatchObject({ code: 0 });
    expect(readFileSync(join(out, 'job.sbatch'), 'utf8')).toContain('#SBATCH --qos=long');
  });

  it('what the file system refuses is no bug of ours', async () => {
    const path = await planFile('megatron');
    const ran = await run(['emit', path, '--to', 'megatron', '--out', '/proc/launch']);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^\/proc\/launch cannot be written: nothing can be made in \/proc\n/);
  });

  it.each([
    ['--emit', '/proc/launch', []],
    ['--report', '/proc/page.html', []],
    ['--report', 'FOLDER/no/page.html', []],
    ['--report', 'FOLDER/no/page.html', ['--gpus', '4..8']],
  ])('where %s %s cannot go is said before the search %j', async (flag, target, more) => {
    const here = folder();
    writeFileSync(join(here, 'no'), '');
    const at = target.replace('FOLDER', here);
    const ran = await run([...PLAN, ...more, flag, at]);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(
      /cannot be written: nothing can be made in |lstat says ENOTDIR\n {2}expected: folders above it: one of them is a file/,
    );
    expect(readdirSync(here)).toEqual(['no']);
  });

  it('folders on the way to a file or a launch folder are made', async () => {
    const path = await planFile('megatron');
    const out = join(folder(), 'on', 'the', 'way');
    expect(await run(['emit', path, '--to', 'megatron', '--out', out])).toMatchObject({ code: 0 });
    expect(readdirSync(out)).toContain('job.sbatch');
    const page = join(folder(), 'to', 'page.html');
    expect(await run([...PLAN, '--report', page])).toMatchObject({ code: 0 });
    expect(readFileSync(page, 'utf8')).toContain('</html>');
  });

  it('follows no link', async () => {
    const path = await planFile('megatron');
    const out = join(folder(), 'link');
    symlinkSync(tmpdir(), out);
    const ran = await run(['emit', path, '--to', 'json', '--out', out, '--force']);
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/is a link/);
  });

  it('refuses a rank that is not there, a broken file, an unknown launcher', async () => {
    const path = await planFile('any');
    const out = join(folder(), 'launch');
    expect((await run(['emit', `${path}#99`, '--to', 'json', '--out', out])).err).toMatch(
      /no plan of rank 99/,
    );
    expect((await run(['emit', path, '--to', 'megatorn', '--out', out])).err).toMatch(/Maybe "megatron"/);
    writeFileSync(path, '{"schema": "shardwright.plan/1"}');
    expect((await run(['emit', path, '--to', 'json', '--out', out])).err).toMatch(/missing key/);
  });
});
