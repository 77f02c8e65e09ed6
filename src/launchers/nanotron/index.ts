import { hostsScript } from '../hosts-script.ts';
import { HOST_ORDER, type Launcher } from '../launcher.ts';
import { firstBroken } from '../rule.ts';
import { structureRules } from '../structure.ts';
import { config } from './config.ts';
import { nanotronReader } from './reader.ts';
import { architectureOf, cutOf, NANOTRON_RULES } from './rules.ts';

const rules = [...structureRules('nanotron', HOST_ORDER), ...NANOTRON_RULES];

/** nanotron: `config.yaml` for its run_train.py. It cuts the layers by itself, so plans take its cut. */
export const nanotron: Launcher = {
  id: 'nanotron',
  name: 'nanotron',
  stack: 'nanotron',
  capabilities: HOST_ORDER,
  reader: nanotronReader,
  reject: (problem, plan) => firstBroken(rules, problem, plan),
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
