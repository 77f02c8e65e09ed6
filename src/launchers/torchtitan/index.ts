import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { lawOf } from '../structure.ts';
import { titanReader } from './reader.ts';
import { recipe } from './recipe.ts';
import { PLAN_RULES, PROBLEM_RULES } from './rules.ts';

/** torchtitan: `plan.py`, a recipe in Python (its command-line flags are frozen for deletion), and `launch.sh`. */
export const torchtitan: Launcher = {
  id: 'torchtitan',
  name: 'torchtitan',
  stack: 'torch-fsdp2',
  reader: titanReader,
  capabilities: HOST_ORDER,
  ...lawOf('torchtitan', HOST_ORDER, PROBLEM_RULES, PLAN_RULES),
  render: (problem, plan, { origin }) => [
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
  ],
};
