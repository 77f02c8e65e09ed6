import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { withoutComments } from '../../../src/frameworks/deepspeed/comments.ts';
import { deepspeed } from '../../../src/frameworks/deepspeed/index.ts';
import { sourceOf } from '../../fixtures/source.ts';
import { DENSE, ORIGIN, planned, problemOf } from './fixture.ts';

const read = (text: string) => deepspeed.reader!.read(sourceOf(text));
const file = (settings: object) => read(JSON.stringify(settings, null, 2));
const rulesOf = (settings: object, gpus: number | null) =>
  file(settings)
    .violations(gpus)
    .map(({ rule }) => rule);

const SAMPLE = readFileSync('test/fixtures/launch/deepspeed_llama3_70b_64h100.json', 'utf8');
const BATCH = {
  train_batch_size: 512,
  train_micro_batch_size_per_gpu: 1,
  gradient_accumulation_steps: 8,
};
const zero = (settings: object) => ({ ...BATCH, zero_optimization: { stage: 3, ...settings } });

describe('rules of the file', () => {
  const broken: readonly (readonly [rule: string, settings: object, gpus: number])[] = [
    ['batch-equation', { ...BATCH, gradient_accumulation_steps: 4 }, 64],
    ['world-size', { ...BATCH, sequence_parallel_size: 8 }, 60],
    ['mesh-size', { ...BATCH, sequence_parallel_size: 2, data_parallel_size: 64 }, 64],
    ['zero-stage', zero({ stage: 4 }), 64],
    ['autotp-stage', { ...zero({}), tensor_parallel: { autotp_size: 2 } }, 128],
    ['one-precision', { ...BATCH, fp16: { enabled: true }, bfloat16: { enabled: true } }, 64],
    ['offload-device', zero({ stage: 3, offload_optimizer: { device: 'gpu' } }), 64],
    ['offload-stage', zero({ stage: 2, offload_param: { device: 'cpu' } }), 64],
    ['offload-stage', zero({ stage: 0, cpu_offload: true }), 64],
    ['offload-ratio', zero({ stage: 2, offload_optimizer: { ratio: 0.5 } }), 64],
    ['nvme-path', zero({ offload_optimizer: { device: 'nvme' } }), 64],
    ['secondary-partition', zero({ zero_hpz_partition_size: 7 }), 64],
    ['secondary-partition', zero({ stage: 2, zero_hpz_partition_size: 8 }), 64],
    ['mics-shard-size', zero({ mics_shard_size: 7 }), 64],
    ['mics-shard-size', zero({ stage: 2, mics_shard_size: 8 }), 64],
    ['pipeline-stage', { ...zero({}), pipeline: { stages: 4 } }, 64],
    ['known-keys', zero({ overlap_com: true }), 64],
    ['known-values', zero({ overlap_comm: 'yes' }), 64],
    ['known-values', { ...zero({}), bf16: { enabled: 'True' } }, 64],
    ['known-values', { ...zero({}), data_types: { grad_accum_dtype: 'float32' } }, 64],
    ['known-values', zero({ offload_optimizer: { device: 'cpu', ratio: 1.5 } }), 64],
    ['optimizer-type', { ...zero({}), optimizer: { type: 'AdanW' } }, 64],
  ];

  it.each(broken)('%s %j', (rule, settings, gpus) => {
    const found = file(settings).violations(gpus);
    expect(found.map((one) => one.rule)).toEqual([rule]);
    expect(found[0]!.fix).toMatch(/\.$/);
  });

  it('are all tried', () => {
    const tried = new Set(broken.map(([rule]) => rule));
    expect(deepspeed.reader!.rules.map(({ rule }) => rule).sort()).toEqual([...tried].sort());
  });

  it('are kept by a file that DeepSpeed runs', () => expect(read(SAMPLE).violations(64)).toEqual([]));
});

describe('the batch', () => {
  it.each([
    [{ train_batch_size: 512, gradient_accumulation_steps: 8 }, 64, true],
    [{ train_batch_size: 512, gradient_accumulation_steps: 7 }, 64, false],
    [{ train_batch_size: 512 }, 64, true],
    [{ train_batch_size: 500 }, 64, false],
    [{ train_batch_size: 512, train_micro_batch_size_per_gpu: 4 }, 64, true],
    [{ train_batch_size: 512, train_micro_batch_size_per_gpu: 3 }, 64, false],
    [
      { train_batch_size: 512, train_micro_batch_size_per_gpu: 3, gradient_accumulation_steps: 2 },
      null,
      false,
    ],
    [{ ...BATCH, sequence_parallel_size: 8, data_parallel_size: 64 }, null, true],
    [{ ...BATCH, sequence_parallel_size: 8, data_parallel_size: 32 }, null, false],
  ] as const)('%j on %j GPUs: %s', (settings, gpus, kept) =>
    expect(rulesOf(settings, gpus)).toEqual(kept ? [] : ['batch-equation']),
  );

  it('without a micro-batch follows from the mesh; alone it depends on the GPUs and is refused', () => {
    const mesh = { train_batch_size: 512, sequence_parallel_size: 2, data_parallel_size: 32 };
    expect(file(mesh).asked().configuration).toMatchObject({ 'micro-batch': '16', dp: '32', cp: '2' });
    expect(file({ ...mesh, gradient_accumulation_steps: 4 }).asked().configuration).toMatchObject({
      'micro-batch': '4',
    });
    expect(() => file({ train_batch_size: 512 }).asked()).toThrow(InputError);
    expect(() => file({ train_batch_size: 512 }).asked()).toThrow(/f:2: train_batch_size 512 alone/);
  });

  it('is the product where only its parts are said', () => {
    const parts = { train_micro_batch_size_per_gpu: 2, gradient_accumulation_steps: 4 };
    expect(file(parts).asked().globalBatchSize).toBeNull();
    const mesh = { ...parts, sequence_parallel_size: 2, data_parallel_size: 32 };
    expect(file(mesh).asked().globalBatchSize).toBe(256);
  });
});

describe('values that say nothing', () => {
  it('"auto" is left out everywhere', () => {
    const { asked, violations } = file({
      train_batch_size: 'auto',
      train_micro_batch_size_per_gpu: 'auto',
      gradient_accumulation_steps: 'auto',
      bf16: { enabled: 'auto' },
      fp16: { enabled: 'auto' },
      pipeline: { stages: 'auto' },
      tensor_parallel: { autotp_size: 'auto' },
      zero_optimization: { stage: 2, reduce_bucket_size: 'auto' },
    });
    expect(violations(64)).toEqual([]);
    expect(asked()).toEqual({
      configuration: { recompute: 'none', zero: '2', 'dp-overlap': 'none' },
      ...{ sequenceLength: null, globalBatchSize: null, precision: null, layers: null, hiddenSize: null },
      notes: [],
    });
  });

  it('of both formats leave fp32, unless "auto" is for the Trainer to fill in', () => {
    const precision = (of: object) =>
      file({ train_batch_size: 64, train_micro_batch_size_per_gpu: 1, ...of }).asked().precision;
    expect(precision({})).toBe('fp32');
    expect(precision({ bf16: { enabled: false } })).toBe('fp32');
    expect(precision({ bf16: { enabled: true } })).toBe('bf16');
    expect(precision({ fp16: { enabled: 'auto' } })).toBeNull();
  });

  it('a micro-batch of "auto" is for the Trainer to say, not for the GPUs', () =>
    expect(
      file({ train_batch_size: 512, train_micro_batch_size_per_gpu: 'auto' }).asked().globalBatchSize,
    ).toBe(512));

  it('sizes of 0, and MiCS at -1, are off', () => {
    const { asked, violations } = file({
      ...zero({ zero_hpz_partition_size: 0, mics_shard_size: -1 }),
      tensor_parallel: { autotp_size: 0 },
      activation_checkpointing: { number_checkpoints: false },
    });
    expect(violations(64)).toEqual([]);
    expect(asked().configuration).toEqual({ dp: '64', 'micro-batch': '1', recompute: 'none', zero: '3' });
    expect(() => file(zero({ mics_shard_size: -2 })).asked()).toThrow(/mics_shard_size is -2/);
  });

  it('zero_optimization: true is stage 1', () => {
    expect(file({ ...BATCH, zero_optimization: true }).asked().configuration.zero).toBe('1');
    expect(file({ ...BATCH, zero_optimization: false }).asked().configuration.zero).toBe('0');
  });

  it('bfloat16 is bf16, unless bf16 is there', () => {
    expect(file({ ...BATCH, bfloat16: { enabled: true } }).asked().precision).toBe('bf16');
    expect(file({ ...BATCH, bf16: { enabled: false }, bfloat16: { enabled: true } }).asked().precision).toBe(
      null,
    );
  });
});

describe('states in groups', () => {
  it('MiCS is dp-replicate, both ways', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,dp=32,cp=2,micro-batch=1,zero=3,dp-replicate=4');
    const [config, launch] = deepspeed.render(DENSE, plan, ORIGIN);
    const settings = JSON.parse(config!.content);
    expect(settings.zero_optimization.mics_shard_size).toBe(16);
    expect(settings.zero_optimization).not.toHaveProperty('zero_hpz_partition_size');
    expect(read(config!.content).asked().configuration['dp-replicate']).toBe('4');
    expect(read(config!.content).violations(64)).toEqual([]);
    expect(launch!.content).toMatch(
      /\nexport ZERO_INIT=MiCS_Init\n# ZERO_INIT: .*deepspeed\.zero\.MiCS_Init/,
    );
    expect(spawnSync('bash', ['-n'], { input: launch!.content }).status).toBe(0);
  });

  it('without groups nothing is said of MiCS', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,dp=64,micro-batch=1,sharding=3');
    for (const { content } of deepspeed.render(DENSE, plan, ORIGIN)) expect(content).not.toMatch(/mics/i);
  });

  it('groups of all GPUs are no groups; without the batch equation their number is unknown', () => {
    expect(file(zero({ mics_shard_size: 64 })).asked().configuration).not.toHaveProperty('dp-replicate');
    expect(file(zero({ mics_shard_size: 8 })).asked().configuration['dp-replicate']).toBe('8');
    expect(() => file(zero({ mics_shard_size: 7 })).asked()).toThrow(/a divisor of the 64 GPUs/);
    const unknown = { ...zero({ mics_shard_size: 8 }), train_batch_size: 'auto' };
    expect(() => file(unknown).asked()).toThrow(/mics_shard_size 8\n {2}expected: the whole batch equation/);
  });

  it('hpZ moves no state: it is read as plain ZeRO-3, with a note', () => {
    const { configuration, notes } = read(SAMPLE).asked();
    expect(configuration).toEqual({
      ...{ cp: '8', dp: '8', 'micro-batch': '1', recompute: 'none', zero: '3' },
    });
    expect(notes).toEqual([expect.stringMatching(/^zero_hpz_partition_size 8: .*2 bytes each over 8 GPUs$/)]);
    expect(file(zero({ zero_hpz_partition_size: 1 })).asked().notes).toEqual([]);
  });

  it('quantized communication, and accumulation without a batch, are noted', () => {
    expect(file(zero({ zero_quantized_gradients: true })).asked().notes).toEqual([
      'zero_quantized_gradients: estimated without, in the communication of plain ZeRO',
    ]);
    const parts = { train_micro_batch_size_per_gpu: 2, gradient_accumulation_steps: 4 };
    expect(file(parts).asked().notes).toEqual([expect.stringMatching(/^gradient_accumulation_steps 4: /)]);
    const mesh = { ...parts, sequence_parallel_size: 2, data_parallel_size: 32 };
    expect(file(mesh).asked().notes).toEqual([]);
  });

  it('below stage 3 are refused', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,dp=64,micro-batch=1,zero=2,dp-replicate=8');
    expect(deepspeed.reject(DENSE, plan)?.rule).toBe('dp-replicate');
  });
});

describe('offload', () => {
  it.each([
    [{ offload_param: { device: 'cpu' } }, { 'offload-parameters': 'host' }],
    [{ offload_optimizer: { device: 'nvme', nvme_path: '/x' } }, { 'offload-optimizer': '1:nvme' }],
    [{ offload_optimizer: { device: 'cpu', ratio: 0.3 } }, { 'offload-optimizer': '0.3' }],
    [{ offload_optimizer: { device: 'cpu', pin_memory: false } }, { 'offload-optimizer': '1:sync' }],
    [{ cpu_offload: true }, { 'offload-optimizer': '1' }],
    [{ cpu_offload_param: true }, { 'offload-parameters': 'host' }],
  ])('%j is what a plan says', (settings, configuration) => {
    expect(file(zero(settings)).asked().configuration).toMatchObject(configuration);
    expect(rulesOf(zero(settings), 64)).toEqual([]);
  });

  it('to "none" is no offload', () => {
    const none = zero({ stage: 1, offload_param: { device: 'none' }, offload_optimizer: {} });
    expect(rulesOf(none, 64)).toEqual([]);
    expect(file(none).asked().configuration.zero).toBe('1');
  });

  it('in part needs stage 3', () =>
    expect(rulesOf(zero({ offload_optimizer: { device: 'cpu', ratio: 0.5 } }), 64)).toEqual([]));
});

describe('keys', () => {
  it('of the top that DeepSpeed never asks for are no fault, unless they look like a slip', () => {
    expect(rulesOf({ ...BATCH, my_own_notes: 1 }, 64)).toEqual([]);
    const slip = { ...BATCH, seq_parallel_communication_data_type: 'bf16' };
    expect(file(slip).violations(64)).toMatchObject([
      { rule: 'known-keys', line: 5, fix: 'Maybe seq_parallel_comm_data_type.' },
    ]);
  });

  it('of zero_optimization must be known, by the name of the file or of the field', () => {
    expect(rulesOf(zero({ my_own_notes: 1 }), 64)).toEqual(['known-keys']);
    const known = {
      stage3_allgather_sequential: true,
      stage3_partition_stream_chunk_size: 0,
      max_live_parameters: 1,
      enable_sanity_checks: true,
      save_muon_momentum_buffer_in_memory: true,
      leaf_module: {},
    };
    expect(rulesOf(zero(known), 64)).toEqual([]);
  });
});

describe('comments', () => {
  const text = `{
  // 64 GPUs: "train_batch_size": 1
  "train_batch_size": 512, /* a
  comment */ "train_micro_batch_size_per_gpu": 1, # not 2
  "gradient_accumulation_steps": 4, // wrong
  "zero_optimization": { "stage": 3, "offload_optimizer": { "device": "nvme", "nvme_path": "//disk#1" } }
}`;

  it('are passed over, and lines stay what they are', () => {
    expect(read(text).violations(64)).toMatchObject([{ rule: 'batch-equation', line: 3 }]);
    expect(read(text).asked().configuration['offload-optimizer']).toBe('1:nvme');
  });

  it('leave strings alone', () => {
    expect(withoutComments('{"a": "// \\" # /* */"} // b')).toBe('{"a": "// \\" # /* */"}     ');
    expect(withoutComments(SAMPLE)).toBe(SAMPLE);
  });

  it('do not hide what is no JSON', () =>
    expect(() => read('{"train_batch_size": 512 // x\n "a"').asked()).toThrow(InputError));
});

describe('Ulysses', () => {
  it('has its mesh from the file alone: both sizes stand in it', () => {
    const plan = planned(DENSE, 'tp=1,pp=1,dp=32,cp=2,micro-batch=1,sharding=3');
    const settings = JSON.parse(deepspeed.render(DENSE, plan, ORIGIN)[0]!.content);
    expect(settings).toMatchObject({ sequence_parallel_size: 2, data_parallel_size: 32 });
    const plain = planned(DENSE, 'tp=1,pp=1,dp=64,micro-batch=1,sharding=3');
    expect(JSON.parse(deepspeed.render(DENSE, plain, ORIGIN)[0]!.content)).not.toHaveProperty(
      'data_parallel_size',
    );
  });

  it('asks for key-value heads that divide it, or that it divides', () => {
    const problem = problemOf('qwen2.5-7b', 'dgx-h100-64', 'deepspeed');
    const rejected = (cp: number, kvHeads: number) => {
      const kinds = problem.model.kinds.map((kind) => ({
        ...kind,
        mixer: { ...kind.mixer, heads: 24, kvHeads },
      }));
      const changed = { ...problem, model: { ...problem.model, kinds } } as typeof problem;
      const plan = planned(changed, `tp=1,pp=1,dp=${64 / cp},cp=${cp},micro-batch=1,sharding=3`);
      return deepspeed.reject(changed, plan)?.rule ?? null;
    };
    expect(rejected(8, 4)).toBeNull();
    expect(rejected(4, 8)).toBeNull();
    expect(rejected(8, 6)).toBe('ulysses-kv-heads');
    expect(rejected(16, 4)).toBe('ulysses-heads');
  });
});

describe('the optimizer of a file', () => {
  it.each([
    ['AdamW', undefined, 0],
    ['Adam', undefined, 0],
    ['Lion', 'lion', 0],
    ['Muon', 'muon', 0],
    ['AdamW8bit', 'adamw-8bit', 1],
    ['Lamb', undefined, 1],
    ['OneBitAdam', undefined, 1],
    ['SGD', 'sgd,momentum=off', 0],
  ])('%s', (type, optimizer, said) => {
    const { notes, ...asked } = file({ ...zero({}), optimizer: { type, params: { lr: 1e-4 } } }).asked();
    expect(asked.optimizer).toBe(optimizer);
    expect(notes!.filter((note) => note.includes(type))).toHaveLength(said);
  });

  it('of bf16 alone, or with gradients of fp32', () => {
    const bf16 = { enabled: true, bf16_master_weights_and_grads: true };
    expect(file({ ...zero({}), bf16 }).asked().optimizer).toBe('adamw,master=none,moments=fp32');
    expect(file({ ...zero({}), bf16: { ...bf16, bf16_optimizer_states: true } }).asked().optimizer).toBe(
      'adamw,master=none',
    );
    expect(file({ ...zero({}), data_types: { grad_accum_dtype: 'fp32' } }).asked().optimizer).toBe(
      'adamw,gradients=fp32',
    );
  });
});
