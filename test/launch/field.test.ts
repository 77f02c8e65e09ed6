import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../fixtures/run.ts';

const FOLDER = 'test/fixtures/launch/field';
const at = (name: string) => join(FOLDER, name);
const scratch = mkdtempSync(join(tmpdir(), 'field-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Told {
  readonly from: { readonly configuration: string };
  readonly problem: {
    readonly sequenceLength: number;
    readonly globalBatchSize: number;
    readonly precision: string;
  };
  readonly configuration: string;
  readonly assumptions: readonly string[];
  readonly stages: readonly {
    readonly memory: Readonly<Record<string, number>>;
    readonly allocatedBytes: number;
  }[];
}

const LLAMA = ['llama-3.1-8b', 'dgx-h100-8'] as const;
const GPT = [...LLAMA, '--for', 'megatron'] as const;
const TITAN = ['llama-3.1-70b', 'dgx-h100-64', '--for', 'torchtitan'] as const;
const GiB = 2 ** 30;

/** What `estimate --from` says of a file. */
async function told(
  file: string,
  words: readonly string[] = GPT,
  more: readonly string[] = [],
): Promise<Told> {
  const { out, err, code } = await run(['estimate', ...words, '--from', at(file), '--json', ...more]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as Told;
}
const inGiB = (bytes: number) => Math.round((bytes / GiB) * 100) / 100;
const refusal = async (words: readonly string[]) => {
  const { err, code } = await run(words);
  expect(code).toBe(2);
  return err;
};
const validated = (file: string, more: readonly string[] = []) =>
  run(['validate', at(file), '--for', 'megatron', ...more]);

describe('numbers', () => {
  it('PyTorch’s FSDP2 in Megatron-LM shards parameters, gradients and states', async () => {
    const { stages, configuration } = await told('torch_fsdp2.sh');
    expect(configuration).toContain('zero=3');
    expect(inGiB(stages[0]!.memory['optimizer states']!)).toBe(11.22);
  });

  it('gradients reduced in bf16 are of 2 bytes', async () => {
    const { stages } = await told('dep_gradreduceinbf16.sh');
    const { gradients, weights } = stages[0]!.memory;
    expect(gradients).toBe(weights);
  });

  it.each([
    ['nobf16.sh', GPT, []],
    ['ds_noprec_lamb.json', [...LLAMA, '--for', 'deepspeed'], ['--seq-length', '4096']],
  ])('%s computes in fp32, as its framework does unasked', async (file, words, more) => {
    const { problem, stages } = await told(file, words, more);
    expect(problem.precision).toBe('fp32');
    const { weights, gradients } = stages[0]!.memory;
    expect(weights).toBe(gradients);
  });

  it('a batch that is not said is a micro-batch of each data-parallel rank', async () => {
    expect((await told('nobf16.sh')).problem).toMatchObject({ sequenceLength: 8192, globalBatchSize: 2 });
  });

  it.each([
    [
      'llama-2-7b',
      'query groups 8, MLP width 14336, vocabulary 128256',
      'query groups 32, MLP width 11008, vocabulary 32000',
    ],
    ['mistral-7b', 'vocabulary 128256', 'vocabulary 32000'],
    ['mixtral-8x7b', 'experts 0, vocabulary 128256', 'experts 8, vocabulary 32000'],
  ])('a file of Llama-3.1-8B is none of %s', async (model, stated, is) => {
    const err = await refusal([
      'estimate',
      model,
      'dgx-h100-8',
      '--from',
      at('llama3_8b.sh'),
      '--for',
      'megatron',
    ]);
    expect(err).toContain(`is for a model with ${stated}\n  expected: ${is}, as ${model} has`);
  });
});

describe('Primus', () => {
  const cluster = join(scratch, 'mi300x-64.yaml');
  writeFileSync(cluster, readFileSync(at('mi300x-8.yaml'), 'utf8').replace('nodes: 1', 'nodes: 8'));
  const words = ['llama-3.1-70b', cluster, '--for', 'primus'];

  it('has the defaults of its base files', async () => {
    const [defaults, explicit] = [
      await told('primus_defaults.yaml', words),
      await told('primus_explicit.yaml', words),
    ];
    expect(defaults.configuration).toBe(explicit.configuration);
    expect(defaults.from.configuration).toMatch(/^tp=8, pp=4, .*zero=1, sp=true/);
    expect(defaults.stages).toEqual(explicit.stages);
    expect(explicit.stages[0]!.allocatedBytes / GiB).toBeCloseTo(46.6, 1);
  });

  it('puts in variables, their defaults where nobody gives them', async () => {
    const usual = await told('primus_env.yaml', words);
    expect(usual.configuration).toMatch(/^tp=8,/);
    expect(usual.assumptions).toContain('variables that nobody gave have their defaults: PRIMUS_TP=8');
    const given = await told('primus_env.yaml', words, ['--set', 'PRIMUS_TP=4']);
    expect(given.configuration).toMatch(/^tp=4,/);
    expect(given.assumptions.join()).not.toContain('PRIMUS_TP');
  });
});

describe('torchtitan', () => {
  it.each([
    ['tt_fullac_config.py', 'full'],
    ['tt_none.py', 'none'],
    ['tt_selac.py', 'op'],
  ])('%s recomputes %s', async (file, recomputed) => {
    const { configuration, problem } = await told(file, TITAN);
    expect(configuration).toContain(`recompute=${recomputed},`);
    expect(configuration).toMatch(/^tp=8,pp=1,dp=8,/);
    // A micro-batch of each of the 8 data-parallel ranks.
    expect(problem).toMatchObject({ sequenceLength: 8192, globalBatchSize: 8, precision: 'bf16' });
  });

  it('asks which of two recipes, and takes it by name', async () => {
    const two = at('tt_two_recipes.py');
    expect(await refusal(['estimate', ...TITAN, '--from', two])).toMatch(
      /has 2 recipes: small, large\n {2}expected: one of them by name\n {2}Maybe .*tt_two_recipes\.py:small\.$/m,
    );
    const titan = [...LLAMA, '--for', 'torchtitan'];
    expect((await told('tt_two_recipes.py:small', titan)).configuration).toMatch(
      /^tp=1,pp=1,dp=1,.*recompute=op/,
    );
    const { out, code } = await run(['validate', `${two}:small`, '--for', 'torchtitan']);
    expect([code, out]).toEqual([0, expect.stringContaining('keeps all')]);
    expect(await refusal(['validate', `${two}:medium`, '--for', 'torchtitan'])).toMatch(
      /has no recipe "medium"\n {2}expected: one of small, large/,
    );
  });

  it('reads a job in TOML', async () => {
    const { configuration, problem, assumptions } = await told('tt_toml.toml', TITAN);
    expect(configuration).toMatch(/^tp=8,pp=2,dp=4,.*micro-batch=1,.*recompute=full,.*zero=3/);
    expect(problem).toMatchObject({ sequenceLength: 8192, globalBatchSize: 4 });
    // One sequence for two stages: torch's 1F1B stops on it.
    expect(assumptions.join()).toMatch(/it breaks 1 rule of torchtitan/);
    expect(
      await refusal(['estimate', 'llama-3.1-8b', ...TITAN.slice(1), '--from', at('tt_toml.toml')]),
    ).toMatch(/is for a model with layers 80, hidden size 8192, heads 64, MLP width 28672/);
  });
});

describe('scripts', () => {
  const SPLIT = /^tp=2,pp=2,dp=2,cp=1,.*recompute=none,.*zero=1/;

  it.each([
    'array_in_string.sh',
    'star_quoted.sh',
    'resume_branch.sh',
    'sourced.sh',
    'params_then_env.sh',
    'arith_cmdsub.sh',
  ])('%s is read as bash reads it', async (file) => {
    const { configuration, problem } = await told(file);
    expect(configuration).toMatch(SPLIT);
    expect(problem).toMatchObject({ sequenceLength: 8192, globalBatchSize: 64, precision: 'bf16' });
    const { out, code } = await validated(file, ['--gpus', '8']);
    expect([code, out]).toEqual([0, expect.stringContaining('keeps all')]);
  });

  it('takes arguments of functions and of set', async () => {
    expect((await told('func_args.sh')).configuration).toMatch(/^tp=4,pp=2,dp=1,.*recompute=core_attn/);
    expect((await told('set_positional.sh')).configuration).toMatch(/^tp=4,pp=2,dp=1,/);
  });

  it('takes the arguments after --, and asks for them', async () => {
    expect(await refusal(['estimate', ...GPT, '--from', at('positional.sh')])).toMatch(
      /positional\.sh:4: --tensor-model-parallel-size is "\$1"[\s\S]*Maybe the arguments of the script after --/,
    );
    const given = (...words: string[]) => told('positional.sh', GPT, ['--', ...words]);
    expect((await given('4')).configuration).toMatch(/^tp=4,pp=2,dp=1,/);
    expect((await given('2', '4')).configuration).toMatch(/^tp=2,pp=4,dp=1,/);
    expect(await refusal(['estimate', ...GPT, '--from', at('llama3_8b.sh'), '--', '4'])).toMatch(
      /arguments after --: 4\n {2}expected: none/,
    );
  });

  it('takes variables by --set, and those of the environment when asked', async () => {
    expect(await refusal(['estimate', ...GPT, '--from', at('envvar.sh')])).toMatch(
      /Maybe --set TP=8, or --env/,
    );
    expect((await told('envvar.sh', GPT, ['--set', 'TP=4'])).configuration).toMatch(/^tp=4,pp=2,/);
    const asked = ['estimate', ...GPT, '--from', at('envvar.sh')];
    const { out } = await run([...asked, '--env', '--json'], { env: { TP: '4', GPUS: '8' } });
    expect((JSON.parse(out) as Told).configuration).toMatch(/^tp=4,pp=2,/);
    expect((await run(asked, { env: { TP: '4' } })).code).toBe(2);
    expect(await refusal([...asked, '--set', 'TQ=4'])).toMatch(
      /no variable of that name\n {2}expected: one of GPUS, TP/,
    );
  });

  it('says that a loop starts several jobs, and takes one of them', async () => {
    const several = /loop\.sh:3: .*loop\.sh starts 3 jobs that differ: tp 2, 4 or 8/;
    expect(await refusal(['estimate', ...GPT, '--from', at('loop.sh')])).toMatch(several);
    expect(await refusal(['validate', at('loop.sh'), '--for', 'megatron'])).toMatch(several);
    expect((await told('loop.sh:2')).configuration).toMatch(/^tp=4,pp=2,/);
    expect((await told('loop.sh', GPT, ['--set', 'TP=2'])).configuration).toMatch(/^tp=2,pp=2,/);
    expect(await refusal(['validate', `${at('loop.sh')}:4`, '--for', 'megatron'])).toMatch(
      /job "4" of .*\n {2}expected: a number from 1 to 3/,
    );
  });

  it('names a file that is read and not there', async () => {
    const alone = join(scratch, 'sourced.sh');
    writeFileSync(alone, readFileSync(at('sourced.sh')));
    expect(await refusal(['validate', alone, '--for', 'megatron'])).toMatch(
      /sourced\.sh:2: .*sourced\.sh reads \.\/params_then_env\.sh, which is not beside it/,
    );
  });

  it('says that a wrapper starts no training program', async () => {
    expect(await refusal(['validate', at('wrapper_flags.sh'), '--for', 'megatron'])).toMatch(
      /wrapper_flags\.sh:2: .* starts submit_job\.sh, not a training program/,
    );
  });

  it('counts the GPUs that a script itself starts', async () => {
    const { out, code } = await validated('nnodes1.sh');
    expect(code).toBe(4);
    expect(out).toMatch(/nnodes1\.sh:1: world-size: GPUs 8\n {2}expected: a multiple of tp·pp·cp = 128/);
    expect((await validated('nnodes1.sh', ['--gpus', '128'])).code).toBe(0);
  });

  it('stops on a flag that Megatron-LM stops on, and says what replaces it', async () => {
    const { out, code } = await validated('dep_checkpointactivations.sh');
    expect(code).toBe(4);
    expect(out).toMatch(
      /retired-flags: --checkpoint-activations, on which Megatron-LM stops\n {2}expected: --recompute-act/,
    );
    expect(await refusal(['estimate', ...GPT, '--from', at('dep_checkpointactivations.sh')])).toContain(
      'retired-flags',
    );
  });

  it('warns of the flags of a fork, which break nothing', async () => {
    const fork = join(scratch, 'fork.sh');
    const text = readFileSync(at('llama3_8b.sh'), 'utf8').trimEnd();
    writeFileSync(fork, `${text} --moe-of-our-own 3 --fancy`);
    const { out, code } = await run(['validate', fork, '--for', 'megatron']);
    expect(code).toBe(0);
    expect(out).toMatch(/fork\.sh:1: warning: known-flags: unknown --moe-of-our-own, --fancy/);
    const json = await run(['validate', fork, '--for', 'megatron', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ violations: [], warnings: [{ rule: 'known-flags' }] });
    const estimated = await run(['estimate', ...GPT, '--from', fork], { columns: 300 });
    expect(estimated.out).toContain('not read, as Megatron-LM has no such flags: --moe-of-our-own, --fancy');
    writeFileSync(fork, `${text} --sequence-paralel`);
    expect((await run(['validate', fork, '--for', 'megatron'])).code).toBe(4);
  });
});

describe('estimate --from', () => {
  it('prints what it read', async () => {
    const { out } = await run(['estimate', ...GPT, '--from', at('llama3_8b.sh')], { columns: 300 });
    expect(out).toMatch(
      /\nRead in .*llama3_8b\.sh: sequence 4096, batch 64, bf16, tp=2, micro-batch=1, recompute=none, zero=1, dp-overlap=none, sp=false, loss=unfused\.\n/,
    );
    const { from } = await told('llama3_8b.sh');
    expect(from.configuration).toMatch(/^tp=2, /);
  });
});

describe('plan --from', () => {
  /** A file after the lines of a diff. */
  function after(text: string, lines: readonly string[]): string {
    const removed = lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));
    const added = lines.filter((line) => line.startsWith('+ ')).map((line) => line.slice(2));
    const rest = removed.reduce((left, line) => {
      expect(left).toContain(line);
      return left.replace(line.startsWith('--') ? ` ${line}` : `export ${line}\n`, '');
    }, text);
    return `${rest.trimEnd()} ${added.filter((line) => line.startsWith('--')).join(' ')}\n`;
  }

  it('prints a whole diff: the file that it makes keeps the rules and is the plan', async () => {
    const words = [
      'plan',
      ...GPT,
      '--from',
      at('before_diff.sh'),
      '--fix',
      'sharding=2,tp=1',
      '--no-cache',
      '--json',
    ];
    const { from, plans } = JSON.parse((await run(words)).out) as {
      from: { changes: string[] };
      plans: { configuration: string; stepTimeSeconds: number }[];
    };
    expect(from.changes).toContain('- CUDA_DEVICE_MAX_CONNECTIONS=1');
    const changed = join(scratch, 'changed.sh');
    writeFileSync(changed, after(readFileSync(at('before_diff.sh'), 'utf8'), from.changes));
    const { out, code } = await run(['validate', changed, '--for', 'megatron']);
    expect([code, out]).toEqual([0, expect.stringContaining('keeps all')]);
    const estimated = await run(['estimate', ...GPT, '--from', changed, '--json']);
    expect(JSON.parse(estimated.out)).toMatchObject({ stepTimeSeconds: plans[0]!.stepTimeSeconds });
    // What was printed before left the connections as they were.
    expect((await validated('after_diff.sh')).out).toContain('one-connection');
  });
});
