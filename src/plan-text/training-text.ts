import { formOf, type Training } from '../domain/training.ts';

/** What is trained, as flags of the command line without their dashes: `train`, and those of its adapters. */
export type TrainingFlags = Readonly<
  Partial<Record<'train' | 'lora-rank' | 'lora-modules' | 'lora-dropout', string>>
>;

export function trainingFlags(training: Training | undefined): TrainingFlags {
  if (training === undefined) return {};
  const { decoder, embedding, head, frozenLayers, towers, lora, frozenWeights } = training;
  const form = formOf(training);
  const parts = [
    `decoder=${decoder}`,
    `embedding=${embedding}`,
    `head=${head}`,
    ...(frozenLayers > 0 ? [`first-layers=${frozenLayers}`] : []),
    ...Object.entries(towers).map(([name, mode]) => `${name}=${mode}`),
  ];
  const held = frozenWeights === undefined ? [] : [`frozen-weights=${frozenWeights}`];
  return {
    train: [...(form === 'parts' ? parts : [form]), ...held].join(','),
    ...(lora === null
      ? {}
      : {
          'lora-rank': String(lora.rank),
          'lora-modules': lora.modules.join(','),
          'lora-dropout': String(lora.dropout),
        }),
  };
}
