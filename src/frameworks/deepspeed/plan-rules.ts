import { latent } from '../../layers/mixers/latent.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { zero } from '../../techniques/zero.ts';
import { type Rule, recomputeAllOrNothing, no as refusal } from '../laws/rule.ts';
import { offload } from './offload.ts';
import { optimizerStage } from './optimizer.ts';

const no = (rule: string, actual: string, limit: string) =>
  refusal(rule, actual, limit, 'Maybe --launcher megatron.');

/**
 * Ulysses gives each rank whole heads; key-value heads that are too few are repeated, which must come out even
 * (deepspeed/runtime/sequence_parallel/ulysses_sp.py@016d2f7, UlyssesSPAttentionHF).
 */
const ulysses: Rule = ({ model }, plan) => {
  const { cp } = degreesOf(plan);
  for (const { mixer } of model.kinds) {
    if (!softmax.is(mixer) && !latent.is(mixer)) continue;
    // Those of all heads are passed on with the heads of one rank (UlyssesSPAttentionHF's **kwargs).
    if (cp > 1 && softmax.is(mixer) && mixer.sinks)
      return no('ulysses-sinks', `attention sinks, sequence-parallel size ${cp}`, 'no sinks, or size 1');
    if (mixer.heads % cp !== 0)
      return no('ulysses-heads', `${mixer.heads} heads`, `a multiple of the sequence-parallel size ${cp}`);
    const kv = softmax.is(mixer) ? mixer.kvHeads : mixer.heads;
    if (kv % cp !== 0 && cp % kv !== 0)
      return no(
        'ulysses-kv-heads',
        `${kv} key-value heads`,
        `a multiple or a divisor of the sequence-parallel size ${cp}`,
      );
  }
  return null;
};

/** Its expert groups are for MoE layers of its own (deepspeed.moe.layer.MoE); experts of any other model are sharded as all else is. */
const wholeExperts: Rule = (_, plan) => {
  const { ep, etp } = degreesOf(plan);
  return ep * etp === 1
    ? null
    : no('experts', `ep=${ep}, etp=${etp}`, 'ep=1, etp=1: experts of the program, sharded as all else');
};

/** MiCS keeps all states in groups; stages 1 and 2 have no such groups. */
const mics: Rule = (_, { dims: { dpReplicate }, techniques }) =>
  dpReplicate > 1 && zero.of(techniques) !== 3
    ? no('dp-replicate', `dp-replicate=${dpReplicate}, zero=${zero.of(techniques)}`, 'zero=3, by MiCS')
    : null;

/** What a DeepSpeed JSON can say by itself: ZeRO, MiCS, Ulysses sequence parallelism, precision, the batch equation. */
export const PLAN_RULES: readonly Rule[] = [
  ulysses,
  wholeExperts,
  mics,
  optimizerStage,
  offload,
  recomputeAllOrNothing,
];
