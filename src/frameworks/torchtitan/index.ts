import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { islandFiles, islandRules, islandsOf } from './islands.ts';
import { TITAN_OPTIMIZERS } from './optimizer.ts';
import { titanReader } from './reader.ts';
import { recipe } from './recipe.ts';
import { PLAN_RULES, PROBLEM_RULES } from './rules.ts';
import { SCHEDULE_NAMES } from './schedules.ts';

const reach: Reach = {
  name: 'torchtitan',
  capabilities: { ...HOST_ORDER, islands: true },
  express: {
    layers: ['softmax', 'latent', 'dense', 'moe'],
    schedules: Object.keys(SCHEDULE_NAMES),
    optimizers: TITAN_OPTIMIZERS,
    trains: ['full', 'lora'],
    frozenInFp32: true,
    precisions: ['bf16'],
    techniques: [
      'sp',
      'loss',
      'recompute',
      'zero',
      'offload-optimizer',
      'offload-parameters',
      'local-steps',
      'tp-overlap',
      'tp-overlap:async',
    ],
    // Its language models attend within samples whatever is asked (models/common/config_utils.py@b5bcd76).
    packs: true,
  },
};

/** torchtitan: `plan.py`, a recipe in Python (its command-line flags are frozen for deletion), and `launch.sh`. */
export const torchtitan: Framework = {
  id: 'torchtitan',
  ...reach,
  stack: 'torch-fsdp2',
  reader: titanReader,
  ...lawOf(reach, PROBLEM_RULES, islandRules(PLAN_RULES)),
  render: (problem, plan, { origin }) => {
    if (islandsOf(plan) !== null) return islandFiles(problem, plan, origin);
    return [
      { path: 'plan.py', content: recipe(problem, plan, origin) },
      {
        path: 'launch.sh',
        executable: true,
        content: hostsScript({
          problem,
          plan,
          origin,
          environment: {},
          prepare: [`export PYTHONPATH="$PWD\${PYTHONPATH:+:$PYTHONPATH}"`],
          program: '-m torchtitan.train --module plan --config recipe "$@"',
        }),
      },
    ];
  },
};
