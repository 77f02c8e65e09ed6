import type { ModelSpec } from '../../domain/model.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { megatronEnvironment, megatronPrepare } from '../megatron/environment.ts';
import { leftOpen } from '../megatron/model-arguments.ts';
import { MEGATRON_CAPABILITIES, MEGATRON_EXPRESS } from '../megatron/reach.ts';
import { MEGATRON_PLAN_RULES, MEGATRON_PROBLEM_RULES } from '../megatron/rules.ts';
import { megatronFlags } from '../megatron/words.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { yamlText } from '../writing/yaml-text.ts';
import { overridesFrom } from './overrides.ts';
import { primusReader } from './reader.ts';

/** Primus trains on ROCm. */
const onlyAmd = (actual: string) => no('amd-gpus', actual, 'GPUs of AMD', 'Maybe --launcher megatron.');

const someAmd: ProblemRule = ({ cluster }) =>
  cluster.groups.some(({ gpu }) => gpu.vendor === 'amd')
    ? null
    : onlyAmd(`a cluster of ${cluster.groups.map(({ gpu }) => gpu.id).join(', ')}`);

const vendor: Rule = ({ cluster }, plan) => {
  const other = plan.pipelines
    .flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas))
    .map(({ group }) => cluster.groups[group]!.gpu)
    .find((gpu) => gpu.vendor !== 'amd');
  return other === undefined ? null : onlyAmd(`stages on ${other.id}`);
};

const reach: Reach = {
  name: 'Primus',
  capabilities: MEGATRON_CAPABILITIES,
  express: MEGATRON_EXPRESS,
};

/** Primus (ROCm): `primus.yaml`, an experiment with Megatron-LM as back end. */
export const primus: Framework = {
  id: 'primus',
  ...reach,
  stack: 'megatron-core',
  reader: primusReader,
  ...lawOf(reach, [someAmd, ...MEGATRON_PROBLEM_RULES], [vendor, ...MEGATRON_PLAN_RULES]),
  render: (problem, plan, { origin }) => [
    {
      path: 'primus.yaml',
      content: experiment(overridesFrom(megatronFlags(problem, plan)), problem.model, origin),
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
          ...megatronPrepare(plan),
          `CONFIG=$PWD/primus.yaml`,
          `cd "\${PRIMUS_PATH:?set PRIMUS_PATH to a checkout of Primus}"`,
        ],
        program: `primus/cli/main.py train pretrain --config "$CONFIG" "$@"`,
      }),
    },
  ],
};

/** Data, learning rate and steps are a trial run's: yours to change. */
function experiment(overrides: ReturnType<typeof overridesFrom>, model: ModelSpec, origin: string): string {
  const trial = {
    mock_data: true,
    tokenizer_type: 'NullTokenizer',
    vocab_size: model.vocabSize,
    train_iters: 10,
    lr: 0.00015,
  };
  const settings = {
    work_group: 'team',
    user_name: 'me',
    exp_name: 'shardwright',
    workspace: './output',
    modules: {
      pre_trainer: {
        framework: 'megatron',
        config: 'pre_trainer.yaml',
        model: 'language_model.yaml',
        overrides: { ...Object.fromEntries(overrides), ...trial },
      },
    },
  };
  return yamlText(settings, [commentText(origin), `${leftOpen(model)} are yours to change.`]);
}
