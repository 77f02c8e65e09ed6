import { type Loads, sum } from './loads.ts';

/** What experts with room for so many times the mean take, and the share of all tokens that finds none (Switch, GShard; Megatron's --moe-expert-capacity-factor). */
export function withCapacity(
  loads: Loads,
  factor: number,
): { readonly kept: Loads; readonly dropped: number } {
  const total = sum(loads);
  const most = (factor * total) / loads.length;
  const kept = loads.map((load) => Math.min(load, most));
  return { kept, dropped: total === 0 ? 0 : 1 - sum(kept) / total };
}
