import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { shellQuote } from '../../launch-folder/quote.ts';
import { hostRuns } from '../../launch-folder/ranks.ts';
import { lawOf } from '../laws/structure.ts';
import { megatronEnvironment } from '../megatron/environment.ts';
import { unfusedLoss } from '../megatron/loss.ts';
import { leftOpen } from '../megatron/model-arguments.ts';
import { MEGATRON_PLAN_RULES, MEGATRON_PROBLEM_RULES } from '../megatron/rules.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { jsonText } from '../writing/json-text.ts';
import { holmesWords } from './arguments.ts';
import { NETWORKS, networkRuns, networkVariables } from './networks.ts';
import { PLAN_RULES, PROBLEM_RULES } from './plan-rules.ts';
import { holmesReader } from './reader.ts';

const reach: Reach = {
  name: 'Holmes',
  capabilities: { ...HOST_ORDER, networkPerGroup: true },
  express: {
    layers: ['softmax', 'dense'],
    schedules: ['1f1b'],
    optimizers: { adamw: {} },
    precisions: ['bf16', 'fp16'],
    techniques: ['sp', 'recompute', 'zero'],
  },
};

/** Holmes: Megatron-LM's `arguments.txt`, and `config.json` with NCCL's variables for each network and for what crosses. */
export const holmes: Framework = {
  id: 'holmes',
  ...reach,
  stack: 'megatron-legacy',
  reader: holmesReader,
  ...lawOf(
    reach,
    [...PROBLEM_RULES, ...MEGATRON_PROBLEM_RULES],
    [...PLAN_RULES, unfusedLoss, ...MEGATRON_PLAN_RULES],
  ),
  render: (problem, plan, { origin }) => [
    { path: 'arguments.txt', content: `${holmesWords(problem, plan).join('\n')}\n` },
    {
      path: NETWORKS,
      content: jsonText(networkVariables(problem.cluster, networkRuns(problem.cluster, plan))),
    },
    { path: 'launch.sh', executable: true, content: script(problem, plan, origin) },
  ],
  notes: () => [
    `Holmes reads \`${NETWORKS}\` where it is started: this folder. Where the cluster file names no interface, add \`NCCL_SOCKET_IFNAME\` to each entry if NCCL finds the wrong one.`,
    'Its examples pass `--overlapped-distributed-optimizer`, which its parser does not know: it is left out.',
  ],
};

/** All ranks together meet before any network is chosen: over sockets where several are used. */
function script(problem: Problem, plan: Plan, origin: string): string {
  const runs = networkRuns(problem.cluster, plan);
  const { stages } = plan.pipelines[0]!;
  const gpus = stages.map(({ replicas }) => replicas.reduce((sum, { count, tp }) => sum + count * tp, 0));
  const ends = gpus.map((_, i) => gpus.slice(0, i + 1).reduce((a, b) => a + b, 0));
  let rank = 0;
  const types = hostRuns(problem.cluster, plan).map((host) => {
    const stage = ends.findIndex((end) => rank < end);
    rank += host.gpus.length;
    return runs.find(({ end }) => stage < end)!.type;
  });
  return hostsScript({
    problem,
    plan,
    origin,
    environment: {
      ...megatronEnvironment(problem, plan),
      ...(runs.length > 1 ? { NCCL_NET: 'Socket' } : {}),
    },
    prepare: [
      '# It does not start without one; NCCL looks at all but these by itself.',
      `export NCCL_SOCKET_IFNAME="\${NCCL_SOCKET_IFNAME:-^docker,lo}"`,
      `TYPES=(${types.map(shellQuote).join(' ')})`,
      'mapfile -t ARGS < arguments.txt',
      `# ${leftOpen(problem.model)} are yours to add; without any, a trial run on mock data.`,
      'if [ "$#" -eq 0 ]; then',
      `  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size ${problem.model.vocabSize} --train-iters 10 --lr 1.5e-4`,
      'fi',
    ],
    program: `"\${HOLMES_PATH:?set HOLMES_PATH to a checkout of Holmes}/pretrain_gpt.py" "\${ARGS[@]}" --hetero-current-device-type "\${TYPES[NODE_RANK]}" "$@"`,
  });
}
