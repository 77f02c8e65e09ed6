import { hostsScript } from '../../launch-folder/hosts-script.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { mamba2 } from '../../layers/mixers/mamba2.ts';
import { sparseLatent } from '../../layers/mixers/sparse-latent.ts';
import { pricedLoss } from '../../techniques/loss.ts';
import { offloadOptimizer } from '../../techniques/offload-optimizer.ts';
import { lawOf } from '../laws/structure.ts';
import type { Framework, Reach } from '../port/framework.ts';
import { megatronEnvironment, megatronPrepare } from './environment.ts';
import { isHybrid } from './hybrid-layers.ts';
import { lossNotes } from './loss.ts';
import { leftOpen } from './model-arguments.ts';
import { packageNotes } from './needs.ts';
import { networksOf } from './networks.ts';
import { offload } from './offload.ts';
import { MEGATRON_OPTIMIZERS } from './optimizer.ts';
import { MEGATRON_CAPABILITIES, MEGATRON_EXPRESS } from './reach.ts';
import { megatronReader } from './reader.ts';
import { MEGATRON_LM_PROBLEM_RULES, MEGATRON_PLAN_RULES } from './rules.ts';
import { planSettings } from './settings.ts';
import { megatronWords } from './words.ts';

/** Without the flags for it gradients, or gathered weights, are waited for. */
const OVERLAPS = ['dp-overlap', 'dp-overlap:gradients', 'dp-overlap:none'];

const reach: Reach = {
  name: 'Megatron-LM',
  // --nccl-communicator-config-path
  capabilities: { ...MEGATRON_CAPABILITIES, networkPerGroup: true },
  express: {
    ...MEGATRON_EXPRESS,
    layers: [...MEGATRON_EXPRESS.layers, mamba2.kind, gatedDeltaNet.kind, sparseLatent.kind],
    optimizers: MEGATRON_OPTIMIZERS,
    techniques: [...MEGATRON_EXPRESS.techniques, 'fp8-weights', ...OVERLAPS, offloadOptimizer.id],
    // --moe-expert-capacity-factor
    capacity: true,
    // --sft
    packs: true,
  },
};

/** Megatron-LM: `arguments.txt`, one word a line, and `launch.sh`, which reads it on every host. */
export const megatron: Framework = {
  id: 'megatron',
  ...reach,
  stack: 'megatron-core',
  reader: megatronReader,
  settings: planSettings,
  ...lawOf(reach, MEGATRON_LM_PROBLEM_RULES, [...MEGATRON_PLAN_RULES, offload]),
  render: (problem, plan, { origin }) => {
    const networks = networksOf(problem, plan, origin);
    return [
      {
        path: 'arguments.txt',
        content: `${[...megatronWords(problem, plan), ...(networks?.words ?? [])].join('\n')}\n`,
      },
      {
        path: 'launch.sh',
        executable: true,
        content: hostsScript({
          problem,
          plan,
          origin,
          environment: megatronEnvironment(problem, plan),
          networksApart: networks !== null,
          prepare: [
            ...megatronPrepare(plan),
            ...(networks?.prepare ?? []),
            'mapfile -t ARGS < arguments.txt',
            `# ${leftOpen(problem.model)} are yours to add; without any, a trial run on mock data.`,
            'if [ "$#" -eq 0 ]; then',
            `  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size ${problem.model.vocabSize} --train-iters 10 --lr 1.5e-4`,
            'fi',
          ],
          program: `${networks?.wrapper ?? ''}"\${MEGATRON_PATH:-.}/${isHybrid(problem.model) ? 'pretrain_hybrid' : 'pretrain_gpt'}.py" "\${ARGS[@]}" "$@"`,
        }),
      },
      ...(networks?.files ?? []),
    ];
  },
  notes: (problem, plan) => [
    ...(networksOf(problem, plan, '')?.notes ?? []),
    ...lossNotes(pricedLoss(problem, plan)),
    ...packageNotes(problem),
  ],
};
