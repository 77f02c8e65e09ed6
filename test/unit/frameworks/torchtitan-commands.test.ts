import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { primus } from '../../../src/frameworks/primus/index.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { sourceOf } from '../../fixtures/source.ts';

const read = (text: string, path = 'run.sh', files: Readonly<Record<string, string>> = {}) =>
  torchtitan.reader!.read(sourceOf(text, path, files));

function refusal(what: () => unknown): string {
  try {
    what();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe("torchtitan's command line", () => {
  it('stands over the function that CONFIG names', () => {
    const text =
      'MODULE=llama3 CONFIG=llama3_70b ./run_train.sh --parallelism.tensor_parallel_degree 2 \\\n --compile.enable --training.num_tokens_per_microbatch_per_dp_rank 8192\n';
    const asked = read(text).asked(64);
    expect(asked.configuration).toMatchObject({ tp: '2', 'micro-batch': '1', recompute: 'full' });
    expect(asked).toMatchObject({
      layers: 80,
      hiddenSize: 8192,
      sequenceLength: 8192,
      stack: 'torch-fsdp2-compiled',
    });
  });

  it('is read where torchrun starts it, with its GPUs', () => {
    const text = `CONFIG=\${CONFIG:-llama3_8b}\ntorchrun --nproc_per_node 8 --nnodes 2 -m torchtitan.train --module llama3 --config "$CONFIG" --parallelism.context_parallel_degree=2\n`;
    const file = read(text);
    expect(file.gpus).toBe(16);
    expect(file.asked(16).configuration.cp).toBe('2');
  });

  it('stands over a job in TOML beside it, under the names of then', () => {
    const job =
      '[model]\nname = "llama3"\nflavor = "8B"\n[training]\nbatch_size = 1\nseq_len = 8192\n[activation_checkpoint]\nmode = "selective"\nselective_ac_option = "2"\n';
    const text =
      'CONFIG_FILE=./train_configs/llama3_8b.toml ./run_train.sh --activation_checkpoint.mode full --training.tensor_parallel_degree 4\n';
    const file = read(text, 'run.sh', { './train_configs/llama3_8b.toml': job });
    expect(file.asked(8)).toMatchObject({
      configuration: { tp: '4', recompute: 'full', 'micro-batch': '1' },
      sequenceLength: 8192,
      layers: 32,
    });
    expect(refusal(() => read(text))).toMatch(/llama3_8b.toml is not beside/);
  });

  it('refuses a configuration that is not known, and what it does not read', () => {
    expect(refusal(() => read('CONFIG=llama3_mine ./run_train.sh --training.steps 5\n'))).toMatch(
      /--config is "llama3_mine"/,
    );
    expect(
      refusal(() =>
        read('CONFIG=llama3_8b ./run_train.sh --training.steps 5 activation-checkpoint:full-ac\n'),
      ),
    ).toMatch(/activation-checkpoint:full-ac is no subcommand/);
  });
});

describe('subcommands of activation checkpointing', () => {
  it.each([
    ['full', '', 'full'],
    ['selective', '', 'op'],
    ['none', '', 'none'],
    ['memory-budget', '--activation-checkpoint.memory-budget 0.25', 'budget:0.25'],
    ['memory_budget', '', 'budget:0.5'],
  ])('activation-checkpoint:%s %s: recompute=%s', (name, flags, recompute) => {
    const text = `torchrun --nproc_per_node 8 -m torchtitan.train --module llama3 --config llama3_70b --compile.enable activation-checkpoint:${name} ${flags}\n`;
    const asked = read(text).asked(64);
    expect(asked.configuration.recompute).toBe(recompute);
    expect(asked.stack).toBe('torch-fsdp2-compiled');
  });
});

const EXPERIMENT = `
modules:
  pre_trainer:
    framework: torchtitan
    config: pre_trainer.yaml
    model: llama3.1_70B.yaml
    overrides:
      training: { local_batch_size: 2, seq_len: 8192 }
      parallelism: { tensor_parallel_degree: 2 }
      activation_checkpoint: { mode: full }
      primus_turbo: { enable_primus_turbo: true }
`;

describe('a Primus experiment on torchtitan', () => {
  it('has the defaults of its base files, and torchtitan for a runtime', () => {
    const file = primus.reader!.read(sourceOf(EXPERIMENT, 'exp.yaml'));
    expect(file.runtime).toBe('torchtitan');
    expect(file.asked(64)).toMatchObject({
      configuration: { tp: '2', 'micro-batch': '2', recompute: 'full', zero: '3' },
      ...{ sequenceLength: 8192, precision: 'bf16', layers: 80, stack: 'torch-fsdp2-compiled' },
    });
    expect(file.asked(64).notes?.join('\n')).toMatch(/primus_turbo: its kernels are not timed/);
  });

  it('is in fp8 where its model file says so, which no launcher here plans torchtitan in', () => {
    const file = primus.reader!.read(sourceOf(EXPERIMENT.replace('70B.yaml', '70B-fp8.yaml'), 'exp.yaml'));
    expect(file.runtime).toBeNull();
    expect(file.asked(64).precision).toBe('fp8');
  });
});
