import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { config } from './config.ts';
import { NANOTRON_OPTIMIZERS } from './optimizer.ts';
import { nanotronReader } from './reader.ts';
import { architectureOf, cutOf, PLAN_RULES, PROBLEM_RULES } from './rules.ts';

const reach: Reach = {
  name: 'nanotron',
  capabilities: HOST_ORDER,
  express: {
    layers: ['softmax', 'dense'],
    schedules: ['1f1b', 'gpipe'],
    optimizers: NANOTRON_OPTIMIZERS,
    precisions: ['bf16'],
    techniques: ['sp', 'recompute', 'zero'],
  },
};

/** nanotron: `config.yaml` for its run_train.py. It cuts the layers by itself, so plans take its cut. */
export const nanotron: Framework = {
  id: 'nanotron',
  ...reach,
  stack: 'nanotron',
  reader: nanotronReader,
  ...lawOf(reach, PROBLEM_RULES, PLAN_RULES),
  layerCut: (problem, stages, tp) =>
    architectureOf(problem.model) === null ? null : cutOf(problem, stages, tp),
  render: (problem, plan, { origin }) => [
    { path: 'config.yaml', content: config(problem, plan, origin) },
    {
      path: 'launch.sh',
      executable: true,
      content: hostsScript({
        problem,
        plan,
        origin,
        environment: { CUDA_DEVICE_MAX_CONNECTIONS: '1' },
        prepare: [],
        program: `"\${NANOTRON_PATH:-.}/run_train.py" --config-file config.yaml "$@"`,
      }),
    },
  ],
};
