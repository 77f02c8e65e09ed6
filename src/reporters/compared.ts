import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult } from '../domain/search-result.ts';
import type { SteadyChoice } from '../domain/step-range.ts';
import type { Owned, OwnedHour } from '../purchase/owned.ts';
import type { Power } from '../purchase/power.ts';
import type { Outlook } from '../reliability/outlook.ts';
import type { GroupWorth } from '../session/group-worth.ts';
import type { Rank } from '../session/steady-first.ts';

/** What the GPUs of a node group cost, and draw. */
export interface GroupPrice {
  readonly group: string;
  readonly gpuType: string;
  readonly gpus: number;
  readonly dollarsPerGpuHour: number | null;
  /** --price, the cluster file, the list price of the GPU profile, or --own. */
  readonly source: 'flag' | 'cluster' | 'list' | 'own';
  readonly power: Power;
  /** Of GPUs that are bought: what their hour is made of, and what it would be rented for. */
  readonly owned?: Owned & OwnedHour & { readonly rentedDollarsPerGpuHour: number | null };
}

export interface Compared {
  readonly problem: Problem;
  readonly result: SearchResult;
  readonly prices: readonly GroupPrice[];
  /** Which of the plans that tie is the first. */
  readonly rank: Rank;
  /** Why the first is not the best by estimate, and that one; left out: it is. */
  readonly steady?: { readonly choice: SteadyChoice; readonly fastest: RankedPlan };
  /** Whether all GPUs of the cluster are paid for, or those that the best plan uses: `prices` are of these. */
  readonly pays: 'all' | 'used';
  /** US dollars an hour for the GPUs that are paid for; null when a price is missing. */
  readonly dollarsPerHour: number | null;
  /** Frameworks that run the best plan as printed. */
  readonly launchers: readonly string[];
  /** What each of several node groups brings; empty: not asked; null: there are too many to ask. */
  readonly worths: readonly GroupWorth[] | null;
  /** Of the best plan, where it was asked how often GPUs fail. */
  readonly outlook: Outlook | null;
}

/** Of the best plan, in the long run where failures are known; null where nothing fits. */
export function tokensPerSecondOf({ result, outlook }: Compared): number | null {
  return outlook?.tokensPerSecond ?? result.plans[0]?.estimate.tokensPerSecond ?? null;
}
