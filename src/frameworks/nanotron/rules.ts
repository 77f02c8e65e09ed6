import type { ModelSpec } from '../../domain/model.ts';
import { layersOf } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { dense } from '../../layers/ffn/dense.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { degreesOf } from '../../plan-text/degrees.ts';
import { zero } from '../../techniques/zero.ts';
import { attentionAndMlp } from '../laws/attention-and-mlp.ts';
import { no, ofLayers, type ProblemRule, type Rule, recomputeAllOrNothing } from '../laws/rule.ts';
import { allSwiglu, unusualOf } from '../laws/unusual.ts';
import { nanotronCut } from './cut.ts';

/** nanotron's two dense architectures: its Llama, and its Qwen2 with biases on query, key and value. */
export function architectureOf(model: ModelSpec): 'llama' | 'qwen2' | null {
  if (unusualOf(model) !== null || !allSwiglu(model)) return null;
  const [kind, ...others] = model.kinds;
  if (kind === undefined || others.length > 0 || model.mtpLayers > 0 || model.learnedPositions > 0)
    return null;
  const { mixer: a, ffn: mlp } = kind;
  if (!softmax.is(a) || !dense.is(mlp) || !mlp.gated || mlp.bias) return null;
  if (model.norm.kind !== 'rms' || model.norm.perLayer !== 2) return null;
  if (a.headDim * a.heads !== model.hiddenSize) return null;
  if (a.outBias || a.qkNormParameters > 0 || a.sinks || a.slidingWindow !== null) return null;
  return a.qkvBias ? 'qwen2' : 'llama';
}

/** The cut that nanotron makes of the model; null where it leaves a stage empty. */
export function cutOf({ model }: Problem, stages: number, tp: number): readonly number[] | null {
  const { attention, mlp } = attentionAndMlp(model.kinds[0]!);
  return nanotronCut(
    {
      layers: model.layers.length,
      hiddenSize: model.hiddenSize,
      ffnHiddenSize: mlp.kind === 'dense' ? mlp.ffnHiddenSize : 0,
      heads: attention.heads,
      vocabSize: Math.ceil(model.vocabSize / tp) * tp,
    },
    stages,
  );
}

const architecture: ProblemRule = ({ model }) =>
  architectureOf(model) === null
    ? no('model-architecture', model.name, 'a dense Llama or Qwen2', 'Maybe --launcher megatron.')
    : null;

const degrees: Rule = ({ model }, plan) => {
  const { tp, cp, ep, etp } = degreesOf(plan);
  if (cp > 1) return no('context-parallel', `cp=${cp}`, '1');
  if (ep > 1 || etp > 1) return no('experts', `ep=${ep}, etp=${etp}`, 'a dense model');
  const { attention: a } = attentionAndMlp(model.kinds[0]!);
  return a.kind === 'softmax' && a.kvHeads % tp !== 0
    ? no('kv-heads-divisible-by-tp', `${a.kvHeads} key-value heads`, `a multiple of tp=${tp}`)
    : null;
};

const microBatches: Rule = (_, plan) => {
  const { stages } = plan.pipelines[0]!;
  const { microBatches } = stages[0]!.replicas[0]!;
  return plan.schedule === '1f1b' && microBatches < stages.length - 1
    ? no('schedule-micro-batches', `${microBatches} micro-batches`, `at least pp−1 = ${stages.length - 1}`)
    : null;
};

const cut = ofLayers((problem, plan) => {
  const { tp, pp } = degreesOf(plan);
  const own = cutOf(problem, pp, tp);
  if (own === null) return no('layer-cut', `pp=${pp}`, 'a depth at which its own cut leaves no stage empty');
  const asked = plan.pipelines[0]!.stages.map(layersOf);
  return asked.every((n, i) => n === own[i])
    ? null
    : no(
        'layer-cut',
        `layers ${asked.join('/')}`,
        `${own.join('/')}, which it cuts by itself`,
        'Maybe --launcher megatron.',
      );
});

const sharding: Rule = (_, { techniques, dims: { dpReplicate } }) => {
  const stage = zero.of(techniques);
  return stage > 1 || dpReplicate > 1
    ? no('sharding', `zero=${stage},dp-replicate=${dpReplicate}`, 'zero of 0 or 1, over all copies')
    : null;
};

export const PROBLEM_RULES: readonly ProblemRule[] = [architecture];

export const PLAN_RULES: readonly Rule[] = [degrees, microBatches, sharding, recomputeAllOrNothing, cut];
