import type { ModelSpec } from '../domain/model.ts';
import { formOf, type Training } from '../domain/training.ts';
import { countParameters, countTrainable } from '../layers/parameters.ts';
import { allTowers } from '../layers/towers.ts';
import type { PlanDocument } from '../schema/plan.ts';
import { formatParameters } from '../units/format.ts';

/** What is trained, as documents have it: everything too. */
export function trainingJson(model: ModelSpec): NonNullable<PlanDocument['problem']['training']> {
  const { decoder, embedding, head, frozenLayers, lora, frozenWeights } = model.training ?? EVERYTHING;
  const towers = Object.fromEntries(
    (model.towers ?? []).map(({ name, trained = true }) => [name, trained ? 'full' : 'frozen'] as const),
  );
  const parameters = countParameters(model).total + allTowers(model);
  const trainableParameters = countTrainable(model);
  return {
    ...{ decoder, embedding, head, frozenLayers, towers, lora, parameters, trainableParameters },
    ...(frozenWeights === undefined ? {} : { frozenWeights }),
  };
}

const EVERYTHING: Omit<Training, 'assumed' | 'towers'> = {
  decoder: 'full',
  embedding: 'full',
  head: 'full',
  frozenLayers: 0,
  lora: null,
};

/** `LoRA of rank 16 on q, v (6.8M of 8.04B parameters)`. */
export function trainingWords(model: ModelSpec): string {
  const { training } = model;
  const total = countParameters(model).total + allTowers(model);
  const share = `(${formatParameters(countTrainable(model))} of ${formatParameters(total)} parameters)`;
  if (training === undefined) return `all ${share}`;
  const { frozenWeights } = training;
  return `${partsWords(training)}${frozenWeights === undefined ? '' : `, frozen weights in ${frozenWeights}`} ${share}`;
}

const NAMES = { full: 'full', lora: 'LoRA', qlora: 'QLoRA', frozen: 'frozen' } as const;

function partsWords(training: Training): string {
  const { decoder, embedding, head, frozenLayers, lora } = training;
  const adapters = lora === null ? '' : ` of rank ${lora.rank} on ${lora.modules.join(', ')}`;
  if (formOf(training) !== 'parts') return `${NAMES[decoder]}${adapters}`;
  return [
    `decoder ${NAMES[decoder]}${decoder === 'lora' || decoder === 'qlora' ? adapters : ''}`,
    ...(frozenLayers > 0 ? [`first ${frozenLayers} layers frozen`] : []),
    `embedding ${embedding}`,
    `head ${NAMES[head]}`,
    ...Object.entries(training.towers).map(([name, mode]) => `${name} tower ${mode}`),
  ].join(', ');
}
