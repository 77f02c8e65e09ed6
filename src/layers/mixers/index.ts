import { latent } from './latent.ts';
import { softmax } from './softmax.ts';

/** Everything that can mix the tokens of a sequence. */
export const MIXERS = [softmax, latent] as const;
