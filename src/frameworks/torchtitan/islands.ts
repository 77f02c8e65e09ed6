import { layersOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { pythonText } from '../../foreign/python/print.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import type { LaunchFile } from '../../launch-folder/launch-file.ts';
import { commentText } from '../../launch-folder/quote.ts';
import { outerOf } from '../../techniques/index.ts';
import { localSteps } from '../../techniques/local-steps.ts';
import { loss } from '../../techniques/loss.ts';
import { firstBroken, no, type Rule } from '../laws/rule.ts';
import { offloads } from './offload.ts';
import { recipe } from './recipe.ts';
import { titanModelOf } from './registry.ts';
import { TORCHTITAN_VERSION } from './version.ts';

/** What makes the recipe of one island one of several. */
export const ISLAND_FILE = 'island.py';
/** Where torchft's lighthouse listens. */
const LIGHTHOUSE_PORT = 29510;
/** Its own 60 s end a longer synchronisation, or the wait for a slower island (torchft/manager.py@73dafea). */
const TIMEOUT_SECONDS = 3600;

/** Each island of a plan as a plan by itself; null: it has none. */
export function islandsOf(plan: Plan): readonly Plan[] | null {
  return outerOf(plan.techniques) === null
    ? null
    : plan.pipelines.map((pipeline) => ({ ...plan, pipelines: [pipeline] }));
}

/** Rules of a plan, asked of each island where it has some, and what torchtitan's experiments/torchft takes (@b5bcd76). */
export function islandRules(rules: readonly Rule[]): Rule[] {
  const each = rules.map((rule): Rule => {
    const ofIslands: Rule = (problem, plan) =>
      (islandsOf(plan) ?? [plan]).map((one) => rule(problem, one)).find((reason) => reason !== null) ?? null;
    // What it is asked of stays the same.
    return Object.assign(ofIslands, rule);
  });
  const apart: Rule = (problem, plan) =>
    outerOf(plan.techniques) === null ? null : firstBroken([alike, llama, fragments, plainly], problem, plan);
  return [apart, ...each];
}

/** Rank i of an island averages with rank i of the others. */
const alike: Rule = (_, { pipelines }) => {
  const shapes = pipelines.map(({ stages }) =>
    stages
      .map((stage) => {
        const copies = stage.replicas.map(({ count, tp, microBatches }) => `${count}x${tp}:${microBatches}`);
        return `${layersOf(stage)}m${stage.microBatchSize}@${copies.join('@')}`;
      })
      .join('/'),
  );
  const odd = shapes.find((shape) => shape !== shapes[0]);
  return odd === undefined
    ? null
    : no(
        'islands',
        `islands of ${shapes[0]} and ${odd}`,
        'islands alike: each rank averages with its own number of the others',
      );
};

/** torchft.llama3 alone has a model that comes in fragments. */
const llama: Rule = ({ model }) =>
  titanModelOf(model)!.family === 'llama3' && model.training === undefined
    ? null
    : no(
        'islands',
        `${model.name}${model.training === undefined ? '' : ', partly trained'}`,
        'Llama 3, all of it trained, in torchft.llama3',
      );

const fragments: Rule = ({ model }, { pipelines, dims, techniques }) => {
  const { fragments: count } = localSteps.of(techniques);
  const { length: stages } = pipelines[0]!.stages;
  if (dims.vpp > 1)
    return no('islands', `${dims.vpp} chunks on a stage`, '1: the first alone would be averaged');
  if (stages > 1 && count > 1)
    return no('islands', `${count} fragments with pp=${stages}`, '1 fragment of each stage, or pp=1');
  return count <= model.layers.length
    ? null
    : no('islands', `${count} fragments`, `${model.layers.length} at most: one layer each`);
};

/** Its trainer knows no chunked loss, and moves nothing to the host. */
const plainly: Rule = (_, plan) =>
  offloads(plan) || !['stack', 'fp32'].includes(loss.of(plan.techniques))
    ? no(
        'islands',
        `loss=${loss.of(plan.techniques)}${offloads(plan) ? ', offloaded parameters' : ''}`,
        'loss=stack and nothing offloaded',
      )
    : null;

/** `plan.py` of one island, `island.py` that makes it one of several, a script for each, and one for the lighthouse that they meet at. */
export function islandFiles(problem: Problem, plan: Plan, origin: string): LaunchFile[] {
  const islands = islandsOf(plan)!;
  return [
    { path: 'plan.py', content: recipe(problem, islands[0]!, origin) },
    { path: ISLAND_FILE, content: islandRecipe(problem, plan, origin) },
    { path: 'lighthouse.sh', executable: true, content: lighthouse(islands.length, origin) },
    ...islands.map((island, i) => ({
      path: `launch-${i}.sh`,
      executable: true as const,
      content: hostsScript({
        ...{ problem, plan: island, origin },
        environment: {
          REPLICA_GROUP_ID: String(i),
          TORCHFT_TIMEOUT_SEC: String(TIMEOUT_SECONDS),
          TORCHFT_QUORUM_TIMEOUT_SEC: String(TIMEOUT_SECONDS),
        },
        prepare: [
          `: "\${TORCHFT_LIGHTHOUSE:?http://HOST:${LIGHTHOUSE_PORT} of lighthouse.sh}"`,
          'export TORCHFT_LIGHTHOUSE',
          `export PYTHONPATH="$PWD\${PYTHONPATH:+:$PYTHONPATH}"`,
        ],
        program: '-m torchtitan.train --module island --config recipe "$@"',
      }),
    })),
    { path: 'README.md', content: readme(problem, islands.length, origin) },
  ];
}

function islandRecipe({ model }: Problem, { techniques, pipelines }: Plan, origin: string): string {
  const { steps, fragments: count, delay, alpha, sent } = localSteps.of(techniques);
  const { commit, date } = TORCHTITAN_VERSION;
  const { flavor } = titanModelOf(model)!;
  return `${[
    `# ${commentText(origin)}`,
    `# One of ${pipelines.length} islands, with torchft: plan.py as a recipe of torchtitan's experiments/torchft, such as ${commit} of ${date}`,
    '# The outer optimizer is its own: SGD, learning rate 0.7, Nesterov momentum 0.9',
    'import dataclasses',
    'import os',
    '',
    'from plan import recipe as plain',
    'from torchtitan.components.loss import CrossEntropyLoss',
    'from torchtitan.experiments.torchft.checkpoint import TorchFTCheckpointManager',
    'from torchtitan.experiments.torchft.config.job_config import FaultTolerance',
    'from torchtitan.experiments.torchft.llama3 import model_registry',
    'from torchtitan.experiments.torchft.optimizer import TorchFTOptimizersContainer',
    'from torchtitan.experiments.torchft.trainer import FaultTolerantTrainer',
    '',
    '',
    'def fields_of(config):',
    '    return {f.name: getattr(config, f.name) for f in dataclasses.fields(config) if f.init}',
    '',
    '',
    'def recipe():',
    '    fields = fields_of(plain())',
    `    fields["model_spec"] = model_registry(${pythonText(flavor)})`,
    `    fields["loss"] = CrossEntropyLoss.Config(global_vocab_size=${model.vocabSize})`,
    '    fields["optimizer"] = TorchFTOptimizersContainer.Config(**fields_of(fields["optimizer"]))',
    '    fields["checkpoint"] = TorchFTCheckpointManager.Config(**fields_of(fields["checkpoint"]))',
    '    c = FaultTolerantTrainer.Config(**fields, fault_tolerance=FaultTolerance())',
    '    c.training.disable_cuda_graphs = True  # torchft takes none with accumulated gradients',
    '    f = c.fault_tolerance',
    '    f.enable = True',
    `    f.group_size = ${pipelines.length}`,
    '    f.replica_id = int(os.environ["REPLICA_GROUP_ID"])',
    `    f.min_replica_size = ${pipelines.length}`,
    '    f.process_group = "nccl"',
    `    f.process_group_timeout_ms = ${TIMEOUT_SECONDS * 1000}`,
    '    f.semi_sync_method = "diloco"',
    `    f.sync_steps = ${steps}`,
    `    f.num_fragments = ${count}`,
    `    f.fragment_sync_delay = ${delay}`,
    `    f.fragment_update_alpha = ${Number.isInteger(alpha) ? alpha.toFixed(1) : alpha}`,
    `    f.should_quantize = ${pythonText(sent === '8bit')}`,
    '    return c',
  ].join('\n')}\n`;
}

function lighthouse(islands: number, origin: string): string {
  return `${[
    '#!/usr/bin/env bash',
    `# ${commentText(origin)}`,
    '# Start once, where all islands reach it.',
    'set -euo pipefail',
    `exec torchft_lighthouse --min_replicas ${islands} --quorum_tick_ms 100 --join_timeout_ms 10000`,
  ].join('\n')}\n`;
}

function readme({ model, cluster }: Problem, islands: number, origin: string): string {
  return `${[
    `# ${commentText(model.name)} on ${islands} islands with torchtitan and torchft`,
    '',
    `${commentText(origin)}, on ${commentText(cluster.name)}.`,
    '',
    `- Once, where all islands reach it: \`bash lighthouse.sh\`.`,
    ...Array.from(
      { length: islands },
      (_, i) =>
        `- Island ${i}: \`TORCHFT_LIGHTHOUSE=http://HOST:${LIGHTHOUSE_PORT} bash launch-${i}.sh\` on every host of its table. Further arguments go to the program.`,
    ),
    '- `plan.py` is one island by itself, `island.py` makes it one of several; its tokens a step are those of all islands together.',
    '- Hosts stand in pipeline order: do not sort them. No scheduler starts several islands: each has a job of its own.',
  ].join('\n')}\n`;
}
