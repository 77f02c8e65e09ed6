import type { Precision } from './dtype.ts';
import type { ModelSpec } from './model.ts';

export const ROLES = ['reference', 'critic', 'reward', 'teacher'] as const;
type Role = (typeof ROLES)[number];

/** A model on the same GPUs as the one that is trained, with a phase of its own in each step: DPO's reference, PPO's critic. */
export interface BesideModel {
  readonly role: Role;
  /** As it was asked for: a preset, or the path of a file. */
  readonly name: string;
  /** With nothing trained of it where it is frozen. */
  readonly model: ModelSpec;
  readonly trained: boolean;
  /** In host memory but for its phase. */
  readonly offloaded: boolean;
  /** Each GPU has all of it; otherwise it is split as the plan splits the trained model, its layers evenly over the stages. */
  readonly whole: boolean;
  readonly precision: Precision;
}

/** What holds its memory and takes its time, as it is printed. */
export function besideName({ role, name }: BesideModel): string {
  return `${role} ${name.replace(/^.*\//, '')}`;
}
