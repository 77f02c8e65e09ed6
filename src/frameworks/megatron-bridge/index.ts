import type { Training } from '../../domain/training.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { mamba2 } from '../../layers/mixers/mamba2.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { lawOf } from '../laws/structure.ts';
import { megatronEnvironment, megatronPrepare } from '../megatron/environment.ts';
import { leftOpen } from '../megatron/model-arguments.ts';
import { MEGATRON_CAPABILITIES, MEGATRON_EXPRESS } from '../megatron/reach.ts';
import { MEGATRON_PLAN_RULES, RUN_RULES } from '../megatron/rules.ts';
import { megatronFlags, parallelFlags } from '../megatron/words.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { adapterOverrides, fusedModules } from './adapters.ts';
import { overridesFrom } from './fields.ts';
import { MODEL_CHECK, PRETRAIN, pretrainProgram } from './pretrain.ts';
import { modelProvider, providerOf, providerRule } from './providers.ts';
import { bridgeReader } from './reader.ts';

const reach: Reach = {
  name: 'Megatron-Bridge',
  capabilities: MEGATRON_CAPABILITIES,
  express: {
    ...MEGATRON_EXPRESS,
    layers: [...MEGATRON_EXPRESS.layers, mamba2.kind, gatedDeltaNet.kind],
    // Its plain recipe has no comm_overlap to set a field of.
    techniques: MEGATRON_EXPRESS.techniques.filter((one) => !one.startsWith('tp-overlap')),
    trains: ['full', 'lora'],
    // Its recipes compute in bf16 where no override says otherwise.
    precisions: MEGATRON_EXPRESS.precisions.filter((one) => one !== 'fp32'),
  },
};

/**
 * Megatron-Bridge: `overrides.txt` on top of its plain GPT recipe, whose defaults are Megatron-LM's, so that nothing is
 * left to a recipe of another model; where that cannot be told of the model, in a program that puts the provider of the
 * model's own config.json into that recipe.
 */
export const megatronBridge: Framework = {
  id: 'megatron-bridge',
  ...reach,
  stack: 'megatron-core',
  reader: bridgeReader,
  ...lawOf(reach, [modelProvider, fusedModules, ...RUN_RULES], [providerRule, ...MEGATRON_PLAN_RULES]),
  render: (problem, plan, { origin }) => {
    const { training } = problem.model;
    const own = providerOf(problem) !== null;
    const flags = own ? parallelFlags(problem, plan) : megatronFlags(problem, plan);
    const overrides = [
      ...overridesFrom(flags),
      // Providers pad the vocabulary otherwise; estimated as Megatron-LM pads it.
      ...(own ? ['model.make_vocab_size_divisible_by=128'] : []),
      ...adapterOverrides(training),
    ];
    const pretrained = own && training === undefined;
    return [
      { path: 'overrides.txt', content: `${overrides.join('\n')}\n` },
      ...(pretrained ? [{ path: PRETRAIN, content: pretrainProgram(origin) }] : []),
      {
        path: 'launch.sh',
        executable: true,
        content: hostsScript({
          problem,
          plan,
          origin,
          environment: megatronEnvironment(problem, plan),
          prepare: [
            ...megatronPrepare(plan),
            'mapfile -t ARGS < overrides.txt',
            ...(pretrained ? MODEL_CHECK : []),
            `# ${own ? 'Data, tokenizer and learning rate' : leftOpen(problem.model)} are yours to add; without any, a trial run on mock data.`,
            'if [ "$#" -eq 0 ]; then',
            `  set -- tokenizer.tokenizer_type=NullTokenizer tokenizer.vocab_size=${problem.model.vocabSize} train.train_iters=10`,
            'fi',
          ],
          program: `${pretrained ? PRETRAIN : `"\${BRIDGE_PATH:-.}/scripts/training/run_recipe.py" ${recipeWords(training)} --dataset mock`} "\${ARGS[@]}" "$@"`,
        }),
      },
    ];
  },
  restsOn(problem, plan) {
    const said = providerOf(problem)?.restsOn?.(degreesOf(plan).tp) ?? null;
    return said === null ? [] : [said];
  },
};

/** Adapters stand on a recipe of the model's own: the checkpoint that they adapt is its. */
function recipeWords(training: Training | undefined): string {
  return training === undefined
    ? '--recipe vanilla_gpt_pretrain_config --mode pretrain'
    : `--recipe "\${RECIPE:?set RECIPE to a LoRA recipe of this model, such as llama3_70b_peft_8gpu_h100_bf16_config}" --mode lora`;
}
