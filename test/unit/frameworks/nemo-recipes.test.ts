import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/domain/input-error.ts';
import { CONFIGS } from '../../../src/frameworks/nemo/configs.ts';
import { FINETUNE_RECIPES } from '../../../src/frameworks/nemo/full-recipes.ts';
import { LORA_RECIPES } from '../../../src/frameworks/nemo/lora-recipes.ts';
import { PRETRAIN_RECIPES } from '../../../src/frameworks/nemo/pretrain-recipes.ts';
import { nemoReader } from '../../../src/frameworks/nemo/reader.ts';
import { sourceOf } from '../../fixtures/source.ts';

const HEAD = `import nemo_run as run
from nemo import lightning as nl
from nemo.collections import llm
`;

const read = (text: string, given: Readonly<Record<string, string>> = {}) =>
  nemoReader.read({ ...sourceOf(`${HEAD}${text}`, 'job.py'), given: (name) => given[name] });

function refused(text: string): string {
  try {
    read(text).asked(8);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
  throw new Error('nothing was refused');
}

const QUICKSTART = `
def configure_recipe(nodes: int = 1, gpus_per_node: int = 2):
    recipe = llm.llama3_8b.pretrain_recipe(dir="/c", name="n", num_nodes=nodes, num_gpus_per_node=gpus_per_node)
    recipe.trainer.callbacks.append(run.Config(MegatronCommOverlapCallback, tp_comm_overlap=True))
    return recipe

def main():
    recipe = configure_recipe(nodes=4, gpus_per_node=8)
    recipe.trainer.strategy.tensor_model_parallel_size = 4
    recipe.trainer.strategy.sequence_parallel = True
    recipe.data.global_batch_size = 64 * 4
    recipe.trainer.plugins = bf16_with_fp8_current_scaling_mixed()
    with run.Experiment("x") as exp:
        exp.add(recipe, executor=run.LocalExecutor(), name="pretraining")

if __name__ == "__main__":
    main()
`;

describe('recipes of NeMo 2', () => {
  it('have the defaults of their function under what the program sets', () => {
    const file = read(QUICKSTART);
    expect(file.runtime).toBe('megatron');
    expect(file.gpus).toBe(32);
    expect(file.asked(32)).toMatchObject({
      configuration: {
        ...{ tp: '4', cp: '2', 'micro-batch': '1', zero: '1', sp: 'true', recompute: 'none' },
        ...{ 'tp-overlap': 'userbuffers', 'fp8-weights': 'true', loss: 'fused-native' },
      },
      ...{ sequenceLength: 8192, globalBatchSize: 256, precision: 'fp8', layers: 32, hiddenSize: 4096 },
      model: {
        heads: 32,
        queryGroups: 8,
        ffnHiddenSize: 14336,
        experts: 0,
        gated: true,
        tiedEmbeddings: false,
      },
    });
    expect(file.violations(32)).toEqual([]);
  });

  it('are known each, and the classes that they build', () => {
    const unlike = ['Llama31NemotronUltra253BConfig', 'Llama33NemotronSuper49BConfig'];
    const configs = [PRETRAIN_RECIPES, LORA_RECIPES, FINETUNE_RECIPES].flatMap((all) =>
      Object.values(all).map(([config]) => config),
    );
    expect(configs.filter((one) => CONFIGS[one] === undefined && !unlike.includes(one))).toEqual([]);
    for (const module of Object.keys(PRETRAIN_RECIPES)) {
      // Its fp8 has one scale a block, which is no precision here.
      if (module === 'nemotron_nano_12b_v2') continue;
      const asked = read(`recipe = llm.${module}.pretrain_recipe(name="n")\n`).asked(null);
      expect(asked.sequenceLength, module).toBeGreaterThan(0);
      expect(asked.globalBatchSize, module).toBeGreaterThan(0);
      expect(asked.precision, module).not.toBeNull();
    }
  });

  it('of Mixtral have experts, and what a callback drops', () => {
    const usual = read('recipe = llm.mixtral_8x7b.pretrain_recipe()\n');
    expect(usual.gpus).toBe(64);
    expect(usual.asked(64).configuration).toMatchObject({ pp: '4', vpp: '8', ep: '8' });
    const fast = read('recipe = llm.mixtral_8x7b.pretrain_recipe(performance_mode=True)\n').asked(64);
    expect(fast).toMatchObject({ configuration: { tp: '8', sp: 'true' }, routing: 'capacity=1' });
  });

  it('of DeepSeek-V3 have its uneven ends, its modules and 8-bit-free states', () => {
    const asked = read('recipe = llm.deepseek_v3.pretrain_recipe(use_mtp=False)\n').asked(1024);
    expect(asked.configuration).toMatchObject({
      tp: '2',
      pp: '16',
      ep: '64',
      etp: '1',
      recompute: 'mla_up_proj+layernorm',
    });
    expect(asked.configuration.layers).toBe('3/4/4/4/4/4/4/4/4/4/4/4/4/4/4/2');
  });

  it('train adapters unless told not to, and pack where they are told to', () => {
    const text =
      'recipe = llm.llama31_70b.finetune_recipe(name="x", packed_sequence=True)\nrecipe.peft.dim = 4\n';
    const file = read(text);
    expect(file.runtime).toBeNull();
    expect(file.asked(16)).toMatchObject({
      training: { train: 'lora', 'lora-rank': '4', 'lora-modules': 'qkv,o,fc1,down' },
      ...{ sequenceLength: 4096, globalBatchSize: 8 },
      configuration: { tp: '8', zero: '0', loss: 'unfused', 'dp-overlap': 'none' },
    });
    expect(file.asked(8).notes?.join('\n')).toMatch(/packed_sequence_specs/);
    const whole = read('recipe = llm.llama31_70b.finetune_recipe(peft_scheme=None)\n');
    expect(whole.runtime).toBe('megatron');
    expect(whole.asked(32).configuration).toMatchObject({ tp: '8', pp: '4', zero: '1' });
    expect(whole.gpus).toBe(32);
  });

  it('are made of their parts, and trainings without a recipe too', () => {
    const parts = `
recipe = run.Partial(
    llm.pretrain,
    model=run.Config(llm.LlamaModel, config=run.Config(llm.Llama3Config8B, recompute_granularity="selective")),
    trainer=llm.llama3_8b.trainer(num_nodes=2),
    data=run.Config(llm.MockDataModule, seq_length=4096, global_batch_size=64, micro_batch_size=2),
)
recipe.model.config.num_layers = 4
run.run(recipe)
`;
    const asked = read(parts).asked(16);
    expect(asked).toMatchObject({
      ...{ sequenceLength: 4096, globalBatchSize: 64, layers: 4, precision: 'bf16' },
      configuration: { cp: '2', 'micro-batch': '2', recompute: 'core_attn' },
    });
    const direct = `
data = llm.MockDataModule(seq_length=2048, global_batch_size=16, micro_batch_size=4)
strategy = nl.MegatronStrategy(tensor_model_parallel_size=2)
opt = nl.MegatronOptimizerModule(config=OptimizerConfig(optimizer="adam", use_distributed_optimizer=True, bf16=True))
trainer = nl.Trainer(devices=8, strategy=strategy, plugins=nl.MegatronMixedPrecision(precision="16-mixed"))
llm.train(llm.LlamaModel(llm.Llama3Config8B(recompute_granularity="full")), data, trainer, optim=opt)
`;
    const file = read(direct);
    expect(file.gpus).toBe(8);
    expect(file.asked(8)).toMatchObject({
      configuration: { tp: '2', 'micro-batch': '4', recompute: 'full', zero: '1', 'dp-overlap': 'none' },
      ...{ sequenceLength: 2048, globalBatchSize: 16, precision: 'fp16' },
    });
  });

  it('are refused by line where a value cannot be told, and take it from outside', () => {
    const text =
      'recipe = llm.llama3_8b.pretrain_recipe()\nrecipe.trainer.strategy.tensor_model_parallel_size = args.tp\n';
    expect(refused(text)).toMatch(/py:5: .*tensor_model_parallel_size is tp/);
    expect(read(text, { tp: '8' }).asked(16).configuration).toMatchObject({ tp: '8' });
    const branch =
      'recipe = llm.llama3_8b.pretrain_recipe()\nif fast:\n    recipe.data.micro_batch_size = 2\n';
    expect(refused(branch)).toMatch(/py:6: .*where a condition/);
    expect(refused('recipe = llm.llama9_8b.pretrain_recipe()\n')).toMatch(/py:4: llm.llama9_8b/);
    expect(refused('recipe = llm.llama3_8b.pretrain_recipe(num_node=2)\n')).toMatch(/no argument num_node/);
    expect(refused('recipe = llm.llama3_8b.finetune_recipe(peft_scheme="dora")\n')).toMatch(/"dora"/);
    const other =
      'recipe = llm.llama3_8b.pretrain_recipe()\nrecipe.trainer.strategy = run.Config(nl.FSDP2Strategy)\n';
    expect(refused(other)).toMatch(/py:5: .*FSDP2Strategy/);
    expect(refused('x = 1\n')).toMatch(/makes no recipe/);
  });

  it('are chosen by the name of a function where a file has several', () => {
    const several = `
def small():
    return llm.llama32_1b.pretrain_recipe()

def large():
    recipe = llm.llama3_70b.pretrain_recipe()
    return recipe
`;
    expect(refused(several)).toMatch(/2 recipes: small, large/);
    const chosen = nemoReader.read({ ...sourceOf(`${HEAD}${several}`, 'job.py'), part: 'large' });
    expect(chosen.asked(64).configuration).toMatchObject({ tp: '4', pp: '4', vpp: '5' });
  });

  it('are read of the command line of NeMo-Run', () => {
    const script =
      'nemo llm pretrain --factory "llama3_70b(num_nodes=16, performance_mode=True)" trainer.strategy.context_parallel_size=1 -y\n';
    const file = nemoReader.read(sourceOf(script, 'run.sh'));
    expect(file.gpus).toBe(128);
    expect(file.asked(128).configuration).toMatchObject({
      tp: '4',
      pp: '4',
      vpp: '5',
      cp: '1',
      'tp-overlap': 'userbuffers',
    });
  });
});
