import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { firstBroken } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { megatronEnvironment } from './environment.ts';
import { megatronReader } from './reader.ts';
import { MEGATRON_RULES } from './rules.ts';
import { megatronWords } from './words.ts';

const rules = [...structureRules('Megatron-LM', HOST_ORDER), ...MEGATRON_RULES];

/** Megatron-LM: `arguments.txt`, one word a line, and `launch.sh`, which reads it on every host. */
export const megatron: Launcher = {
  id: 'megatron',
  name: 'Megatron-LM',
  stack: 'megatron-core',
  reader: megatronReader,
  capabilities: HOST_ORDER,
  reject: (problem, plan) => firstBroken(rules, problem, plan),
  render: (problem, plan, { origin }) => [
    {
      path: 'arguments.txt',
      content: `${megatronWords(problem, plan).join('\n')}\n`,
    },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: megatronEnvironment(problem, plan),
        prepare: [
          'mapfile -t ARGS < arguments.txt',
          '# Data, tokenizer, learning rate and rotary base are yours to add; without any, a trial run on mock data.',
          'if [ "$#" -eq 0 ]; then',
          `  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size ${problem.model.vocabSize} --train-iters 10 --lr 1.5e-4`,
          'fi',
        ],
        program: `"\${MEGATRON_PATH:-.}/pretrain_gpt.py" "\${ARGS[@]}" "$@"`,
      }),
    },
  ],
};
