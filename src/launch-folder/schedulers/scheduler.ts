import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import type { LaunchFile, RenderContext } from '../launch-file.ts';
import type { Renderer } from '../renderer.ts';
import type { UsedHost } from '../used-hosts.ts';

/** What starts `launch.sh` on the hosts of a plan, each with its place in the order of ranks. */
export interface Scheduler {
  readonly id: string;
  readonly name: string;
  /** Its jobs run in containers. */
  readonly containers: boolean;
  /** Its files, or why its jobs cannot hold the order of the plan. */
  write(launch: Launch): Written | Reason;
}

export interface Launch {
  readonly framework: Pick<Renderer, 'id' | 'name'>;
  readonly problem: Problem;
  readonly plan: Plan;
  readonly hosts: readonly UsedHost[];
  readonly context: RenderContext;
  /** The framework's own files, launch.sh among them. */
  readonly own: readonly LaunchFile[];
  /** null: not stated. */
  readonly image: string | null;
}

export interface Written {
  readonly file: LaunchFile;
  /** How a folder is started with it, after "Name: ". */
  readonly start: string;
  /** What else to know, a line each. */
  readonly notes: readonly string[];
}

/** Why a scheduler whose containers see only their own GPUs cannot start a plan; null: it can. */
export function notInContainers(name: string, { hosts }: Launch): Reason | null {
  const several = hosts.find(({ groups }) => groups.length > 1);
  if (several !== undefined)
    return {
      rule: 'one-gpu-type-per-host',
      actual: `${several.host} has GPUs of several types`,
      limit: `hosts of one type for ${name}`,
    };
  const later = hosts.find(({ skipped }) => skipped > 0);
  if (later !== undefined)
    return {
      rule: 'first-gpus-of-a-host',
      actual: `${later.host} is used from GPU ${later.skipped} on`,
      limit: `GPUs from 0 on: a container of ${name} numbers its own`,
    };
  return null;
}

/** A name for an object: letters, digits and dashes, a letter first. */
export function objectName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return plain.length > 1 ? plain : 'training';
}
