import { deepspeed } from './deepspeed/index.ts';
import { env } from './env.ts';
import { json } from './json.ts';
import type { Launcher } from './launcher.ts';
import { megatron } from './megatron/index.ts';
import { torchtitan } from './torchtitan/index.ts';

/** Every launcher, in the order of help. A new one is one more line. */
export const LAUNCHERS: readonly Launcher[] = [megatron, torchtitan, deepspeed, env, json];

export function launcherOf(id: string): Launcher | undefined {
  return LAUNCHERS.find((launcher) => launcher.id === id);
}
