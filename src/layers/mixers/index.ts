import { attentionBesideMamba } from './attention-beside-mamba.ts';
import { gatedDeltaNet } from './gated-delta-net.ts';
import { kimiDelta } from './kimi-delta.ts';
import { latent } from './latent.ts';
import { lightning } from './lightning.ts';
import { mamba } from './mamba.ts';
import { mamba2 } from './mamba2.ts';
import { rgLru } from './rg-lru.ts';
import { shortConvolution } from './short-convolution.ts';
import { softmax } from './softmax.ts';
import { sparseLatent } from './sparse-latent.ts';

/** Everything that can mix the tokens of a sequence. */
export const MIXERS = [
  softmax,
  latent,
  sparseLatent,
  mamba,
  mamba2,
  attentionBesideMamba,
  gatedDeltaNet,
  kimiDelta,
  shortConvolution,
  lightning,
  rgLru,
] as const;
