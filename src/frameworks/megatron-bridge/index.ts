import type { Training } from '../../domain/training.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { latent } from '../../layers/mixers/latent.ts';
import type { ProblemRule } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { megatronEnvironment, megatronPrepare } from '../megatron/environment.ts';
import { leftOpen } from '../megatron/model-arguments.ts';
import { MEGATRON_CAPABILITIES, MEGATRON_EXPRESS } from '../megatron/reach.ts';
import { MEGATRON_PLAN_RULES, MEGATRON_PROBLEM_RULES } from '../megatron/rules.ts';
import { megatronFlags } from '../megatron/words.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { adapterOverrides, fusedModules } from './adapters.ts';
import { overridesFrom } from './fields.ts';
import { bridgeReader } from './reader.ts';

/** Latent attention needs another model provider than the plain recipe has. */
const provider: ProblemRule = ({ model }) =>
  model.kinds.some(({ mixer }) => latent.is(mixer))
    ? {
        rule: 'model-provider',
        actual: 'multi-latent attention',
        limit: 'a model of GPTModelProvider',
        hint: 'Maybe --to megatron.',
      }
    : null;

const reach: Reach = {
  name: 'Megatron-Bridge',
  capabilities: MEGATRON_CAPABILITIES,
  express: { ...MEGATRON_EXPRESS, trains: ['full', 'lora'] },
};

/**
 * Megatron-Bridge: `overrides.txt` on top of its plain GPT recipe, whose defaults are Megatron-LM's, so that nothing is
 * left to a recipe of another model.
 */
export const megatronBridge: Framework = {
  id: 'megatron-bridge',
  ...reach,
  stack: 'megatron-core',
  reader: bridgeReader,
  ...lawOf(reach, [provider, fusedModules, ...MEGATRON_PROBLEM_RULES], MEGATRON_PLAN_RULES),
  render: (problem, plan, { origin }) => {
    const { training } = problem.model;
    const overrides = [...overridesFrom(megatronFlags(problem, plan)), ...adapterOverrides(training)];
    return [
      { path: 'overrides.txt', content: `${overrides.join('\n')}\n` },
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
            `# ${leftOpen(problem.model)} are yours to add; without any, a trial run on mock data.`,
            'if [ "$#" -eq 0 ]; then',
            `  set -- tokenizer.tokenizer_type=NullTokenizer tokenizer.vocab_size=${problem.model.vocabSize} train.train_iters=10`,
            'fi',
          ],
          program: `"\${BRIDGE_PATH:-.}/scripts/training/run_recipe.py" ${recipeWords(training)} --dataset mock "\${ARGS[@]}" "$@"`,
        }),
      },
    ];
  },
};

/** Adapters stand on a recipe of the model's own: the checkpoint that they adapt is its. */
function recipeWords(training: Training | undefined): string {
  return training === undefined
    ? '--recipe vanilla_gpt_pretrain_config --mode pretrain'
    : `--recipe "\${RECIPE:?set RECIPE to a LoRA recipe of this model, such as llama3_70b_peft_8gpu_h100_bf16_config}" --mode lora`;
}
