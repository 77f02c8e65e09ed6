import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { overlaid, parseConfiguration } from '../../../src/plan-text/configuration.ts';
import { run, SMALL } from '../../fixtures/run.ts';

function refusal(text: string): InputError {
  try {
    parseConfiguration(text, '--fix');
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error(`${text} is read`);
}

describe('a configuration', () => {
  it.each([
    ['schedule=dualpipe-w', '--fix: schedule is "dualpipe-w"', /Maybe "dualpipe-v"/],
    ['schedule=constructor', '--fix: schedule is "constructor"', null],
    ['tp=0', '--fix: tp is "0"', null],
    ['tp=8,tp=4', '--fix: "tp" is given twice', null],
    ['mbs=1,micro-batch=2', '--fix: "micro-batch" is given twice', null],
    ['zero=1,sharding=2', '--fix: "sharding" is given twice', null],
    ['zero=4', '--fix: zero is "4"', null],
    ['tpp=8', '--fix: unknown key "tpp"', /Maybe "tp=8"/],
    ['__proto__=1', '--fix: unknown key "__proto__"', null],
    ['recompute=mlp+magic', '--fix: recompute is "mlp+magic"', null],
    ['tp', '--fix: "tp"', null],
    ['vocabulary=vocab-3', '--fix: vocabulary is "vocab-3"', /vocab-/],
    ['loss=chunk:8', '--fix: loss is "chunk:8"', /Maybe "loss=chunked:8"/],
    ['loss=liger', '--fix: loss is "liger"', /Maybe "loss=fused-linear"/],
    ['cp-comm=ring', '--fix: cp-comm is "ring"', /Maybe "cp-comm=p2p"/],
    ['recompute=core_atn+mlpp', '--fix: recompute is "core_atn+mlpp"', /Maybe "recompute=core_attn\+mlp"/],
    ['sharding=zero-3', '--fix: zero is "zero-3"', /Maybe "zero=3"/],
    ['sp=yes', '--fix: sp is "yes"', /Maybe "sp=true"/],
    ['offload-parameters=cpu', '--fix: offload-parameters is "cpu"', /Maybe "offload-parameters=host"/],
    ['offload-activations=50%', '--fix: offload-activations is "50%"', /Maybe "offload-activations=0.5"/],
    ['offload=cpu', '--fix: offload is "cpu"', /Maybe "offload=optimizer:1"/],
    ['offload=parameters', '--fix: offload is "parameters"', /Maybe "offload=parameters:host"/],
    ['cpu_offload=true', '--fix: unknown key "cpu_offload"', /Maybe "offload=optimizer:1"/],
    ['optimizer=lion', '--fix: unknown key "optimizer"', /Maybe --optimizer lion, a flag of its own/],
    ['tensor_parallel=8', '--fix: unknown key "tensor_parallel"', /Maybe "tp=8"/],
    ['tp:8', '--fix: unknown key "tp:8"', /Maybe "tp=8"/],
    ['tp=8 dp=1', '--fix: "tp=8 dp=1"', /Maybe commas: "tp=8,dp=1"/],
    ['tp=9999999', '--fix: tp is "9999999"', null],
  ])('%s is refused with what was expected', (text, message, hint) => {
    const error = refusal(text);
    expect(error.message).toContain(message);
    expect(error.problem.expected).toBeTruthy();
    if (hint !== null) expect(error.problem.hint).toMatch(hint);
  });

  it('says the same by its other names', () => {
    expect(parseConfiguration('mbs=2,sharding=1,shard-groups=4')).toEqual(
      parseConfiguration('micro-batch=2,zero=1,dp-replicate=4'),
    );
    expect(parseConfiguration('recompute=full,recompute-layers=4')).toEqual(
      parseConfiguration('recompute=full:4'),
    );
  });

  it('is overlaid key by key', () => {
    const under = parseConfiguration('tp=8,zero=1,recompute=full');
    expect(overlaid(under, parseConfiguration('tp=4,recompute=none'))).toEqual(
      parseConfiguration('tp=4,zero=1,recompute=none'),
    );
  });
});

describe('a value that no plan of the problem has', () => {
  it.each([
    ['recompute=full:99', /full:99\n {2}expected: 1 to 32 layers/],
    ['offload-parameters=host:99', /a window of 99 layers\n {2}expected: 2 to 32 layers/],
    ['offload-optimizer=1:stride999', /a stride of 999\n {2}expected: 2 to 81/],
    ['cp-comm=a2a+p2p:16', /a2a\+p2p:16 on 8 GPUs\n {2}expected: 32 GPUs or more/],
  ])('%s is refused by its range, by estimate and by --fix', async (text, said) => {
    const model = ['llama-3.1-8b', 'dgx-h100-8', ...SMALL];
    for (const argv of [
      ['estimate', ...model, '--config', text],
      ['plan', ...model, '--fix', text],
    ]) {
      const { code, err } = await run(argv, { columns: 500 });
      expect(code).toBe(2);
      expect(err).toMatch(said);
      expect(err).toMatch(/\n {2}Maybe /);
    }
  });
});

describe('a key of an earlier version', () => {
  const command = ['estimate', 'llama-3.1-8b', 'dgx-h100-8', ...SMALL, '--config'];

  it('is read, with a note of its name now', async () => {
    const old = await run([...command, 'dp=8,sharding=3,shard-groups=2']);
    const now = await run([...command, 'dp=8,zero=3,dp-replicate=2']);
    expect(old.out).toBe(now.out);
    expect(old.err).toBe('note: --config: "shard-groups" is "dp-replicate" now\n');
    expect(now.err).toBe('');
  });

  it('a schedule that nobody has is bad input, not a crash', async () => {
    const { code, err } = await run([
      'plan',
      'llama-3.1-8b',
      'dgx-h100-8',
      ...SMALL,
      '--fix',
      'schedule=hanayo',
    ]);
    expect(code).toBe(2);
    expect(err).toContain('schedule is "hanayo"');
  });
});
