import type { Problem } from '../domain/problem.ts';

/** One way in which a cluster or a run may turn out worse than it is described, by no more than the model may err in it. */
export interface Disturbance {
  readonly id: string;
  /** What has happened, for people: `the network at half its rate`. */
  readonly name: string;
  /** What of an estimate it changes: what it does not is the plan's own, and is not worked out again. */
  readonly changes: 'time' | 'memory' | 'both';
  /** The problem once it has happened; null: nothing of this problem can. */
  disturbed(problem: Problem): Problem | null;
}
