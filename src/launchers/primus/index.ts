import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { megatronEnvironment } from '../megatron/environment.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { flagsOf } from '../megatron/flags.ts';
import { readRun } from '../megatron/reader.ts';
import { MEGATRON_RULES } from '../megatron/rules.ts';
import { megatronRun } from '../megatron/run.ts';
import { megatronWords } from '../megatron/words.ts';
import { commentText } from '../quote.ts';
import { firstBroken, type Rule } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { yamlText } from '../yaml-text.ts';
import { flagsFrom, overridesFrom } from './overrides.ts';

/** Primus trains on ROCm. */
const vendor: Rule = ({ cluster }, plan) => {
  const other = plan.pipelines
    .flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas))
    .map(({ group }) => cluster.groups[group]!.gpu)
    .find((gpu) => gpu.vendor !== 'amd');
  return other === undefined
    ? null
    : {
        rule: 'amd-gpus',
        actual: `stages on ${other.id}`,
        limit: 'GPUs of AMD',
        hint: 'Maybe --to megatron.',
      };
};

const rules = [...structureRules('Primus', HOST_ORDER), vendor, ...MEGATRON_RULES];
/** Primus passes keys of its own beside Megatron-LM's. */
const fileRules = MEGATRON_FILE_RULES.filter(({ rule }) => rule !== 'known-flags');

/** Primus (ROCm): `primus.yaml`, an experiment with Megatron-LM as back end. */
export const primus: Launcher = {
  id: 'primus',
  name: 'Primus',
  stack: 'megatron-core',
  capabilities: HOST_ORDER,
  reader: {
    file: 'primus.yaml',
    rules: fileRules,
    read: (source) => {
      const flags = flagsFrom(source.value(), source.path);
      const manual = flags.get('--decoder-pipeline-manual-split-list');
      return readRun(
        megatronRun(manual === undefined ? flags : withLayout(flags, manual.values), source.path),
        {
          rules: fileRules,
          nameOf: (flag) => flag.slice(2).replaceAll('-', '_'),
        },
      );
    },
  },
  reject: (problem, plan) => firstBroken(rules, problem, plan),
  render: (problem, plan, { origin }) => [
    {
      path: 'primus.yaml',
      content: experiment(
        overridesFrom(flagsOf(megatronWords(problem, plan).join('\n'), 'arguments')),
        problem.model.vocabSize,
        origin,
      ),
    },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: megatronEnvironment(problem, plan),
        prepare: [`CONFIG=$PWD/primus.yaml`, `cd "\${PRIMUS_PATH:?set PRIMUS_PATH to a checkout of Primus}"`],
        program: `primus/cli/main.py train pretrain --config "$CONFIG" "$@"`,
      }),
    },
  ],
};

/** A list of layers for each stage says what a layout says. */
function withLayout(
  flags: ReturnType<typeof flagsFrom>,
  layers: readonly string[],
): ReturnType<typeof flagsFrom> {
  const name = '--pipeline-model-parallel-layout';
  const { line } = flags.get('--decoder-pipeline-manual-split-list')!;
  const last = layers.length - 1;
  const layout = layers.map((n, i) => `${i === 0 ? 'E' : ''}t*${n}${i === last ? 'L' : ''}`).join('|');
  return new Map([...flags, [name, { name, values: [layout], line }]]);
}

/** Data, learning rate and steps are a trial run's: yours to change. */
function experiment(overrides: ReturnType<typeof overridesFrom>, vocabSize: number, origin: string): string {
  const trial = {
    mock_data: true,
    tokenizer_type: 'NullTokenizer',
    vocab_size: vocabSize,
    train_iters: 10,
    lr: 0.00015,
  };
  const yaml = yamlText({
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
  });
  return `# ${commentText(origin)}\n${yaml}`;
}
