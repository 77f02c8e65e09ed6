import { PRECISIONS } from '../../domain/dtype.ts';
import { TRAINING_FORMS } from '../../domain/training.ts';
import { FEED_FORWARDS } from '../../layers/ffn/index.ts';
import { MIXERS } from '../../layers/mixers/index.ts';
import { WHOLE_LAYERS } from '../../layers/whole/index.ts';
import { OPTIMIZERS } from '../../optimizers/index.ts';
import { SCHEDULES } from '../../schedules/index.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Express } from '../port/framework.ts';

/** What only describes a plan says all that the registries have. */
export const EVERYTHING: Express = {
  layers: [...MIXERS, ...FEED_FORWARDS, ...WHOLE_LAYERS].map(({ kind }) => kind),
  schedules: SCHEDULES.map(({ id }) => id),
  trains: TRAINING_FORMS,
  optimizers: Object.fromEntries(
    OPTIMIZERS.map(({ id, options }) => [
      id,
      Object.fromEntries(Object.entries(options).map(([key, { values }]) => [key, values])),
    ]),
  ),
  precisions: PRECISIONS,
  techniques: [...TECHNIQUES.map(({ id }) => id), 'recompute:budget'],
  packs: true,
  models: true,
};
