import { dense } from './dense.ts';
import { moe } from './moe.ts';

/** Everything that can work on each token by itself. */
export const FEED_FORWARDS = [dense, moe] as const;
