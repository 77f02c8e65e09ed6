import { given } from './given.ts';

/** Layers that are neither mixer nor feed-forward part of a decoder, and stand without norms and residuals. */
export const WHOLE_LAYERS = [given] as const;
