import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { megatronEnvironment } from '../megatron/environment.ts';
import { flagsOf } from '../megatron/flags.ts';
import { MEGATRON_RULES } from '../megatron/rules.ts';
import { megatronWords } from '../megatron/words.ts';
import { firstBroken, type Rule } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { overridesFrom } from './fields.ts';
import { bridgeReader } from './reader.ts';

/** Latent attention needs another model provider than the plain recipe has. */
const provider: Rule = ({ model }) =>
  model.kinds.some(({ attention }) => attention.kind === 'latent')
    ? {
        rule: 'model-provider',
        actual: 'multi-latent attention',
        limit: 'a model of GPTModelProvider',
        hint: 'Maybe --to megatron.',
      }
    : null;

const rules = [...structureRules('Megatron-Bridge', HOST_ORDER), provider, ...MEGATRON_RULES];

/**
 * Megatron-Bridge: `overrides.txt` on top of its plain GPT recipe, whose defaults are Megatron-LM's, so that nothing is
 * left to a recipe of another model.
 */
export const megatronBridge: Launcher = {
  id: 'megatron-bridge',
  name: 'Megatron-Bridge',
  stack: 'megatron-core',
  capabilities: HOST_ORDER,
  reader: bridgeReader,
  reject: (problem, plan) => firstBroken(rules, problem, plan),
  render: (problem, plan, { origin }) => {
    const flags = flagsOf(megatronWords(problem, plan).join('\n'), 'arguments');
    const overrides = overridesFrom(flags);
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
            'mapfile -t ARGS < overrides.txt',
            '# Data, learning rate and rotary base are yours to add; without any, a trial run on mock data.',
            'if [ "$#" -eq 0 ]; then',
            `  set -- tokenizer.tokenizer_type=NullTokenizer tokenizer.vocab_size=${problem.model.vocabSize} train.train_iters=10`,
            'fi',
          ],
          program: `"\${BRIDGE_PATH:-.}/scripts/training/run_recipe.py" --recipe vanilla_gpt_pretrain_config --mode pretrain --dataset mock "\${ARGS[@]}" "$@"`,
        }),
      },
    ];
  },
};
