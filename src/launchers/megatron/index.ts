import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { degreesOf } from '../../search/label.ts';
import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { hostRuns } from '../ranks.ts';
import { firstBroken } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { modelArguments } from './model-arguments.ts';
import { parallelArguments } from './parallel-arguments.ts';
import { megatronReader } from './reader.ts';
import { MEGATRON_RULES } from './rules.ts';

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
      content: `${[
        ...modelArguments(problem.model, problem.workload.sequenceLength),
        ...parallelArguments(problem, plan),
      ].join('\n')}\n`,
    },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        hosts: hostRuns(problem.cluster, plan),
        origin,
        environment: environment(problem, plan),
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

/** Tensor and context parallelism need one connection before Blackwell; Megatron-FSDP forbids it. */
function environment({ cluster }: Problem, plan: Plan): Record<string, string> {
  const { tp, cp } = degreesOf(plan);
  const older = plan.pipelines[0]!.stages.some(({ replicas }) =>
    replicas.some((block) => cluster.groups[block.group]!.gpu.architecture !== 'blackwell'),
  );
  const one = (tp > 1 || cp > 1) && older && plan.optimizerSharding < 2;
  return one ? { CUDA_DEVICE_MAX_CONNECTIONS: '1' } : {};
}
