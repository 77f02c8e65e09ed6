import type { Outline } from '../domain/legality.ts';
import type { Plan, Techniques } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { rememberedOf } from '../units/remembered.ts';
import { axolotl } from './axolotl/index.ts';
import { cephalo } from './cephalo/index.ts';
import { deepspeed } from './deepspeed/index.ts';
import { env } from './describers/env.ts';
import { json } from './describers/json.ts';
import { namingOthers, refusedByAll } from './elsewhere.ts';
import { flagscale } from './flagscale/index.ts';
import { hexiscale } from './hexiscale/index.ts';
import { holmes } from './holmes/index.ts';
import { llamafactory } from './llamafactory/index.ts';
import { megatron } from './megatron/index.ts';
import { megatronBridge } from './megatron-bridge/index.ts';
import { nanotron } from './nanotron/index.ts';
import { nemo } from './nemo/index.ts';
import { openrlhf } from './openrlhf/index.ts';
import { paci } from './paci/index.ts';
import type { Framework } from './port/framework.ts';
import type { Program } from './port/program.ts';
import { primus } from './primus/index.ts';
import { roundpipe } from './roundpipe/index.ts';
import { torchgpipe } from './torchgpipe/index.ts';
import { torchtitan } from './torchtitan/index.ts';
import { trl } from './trl/index.ts';
import { verl } from './verl/index.ts';
import { zorse } from './zorse/index.ts';

/** Frameworks that run what they are given. A new one is one more line. */
const ALONE: readonly Framework[] = [
  megatron,
  megatronBridge,
  torchtitan,
  deepspeed,
  flagscale,
  holmes,
  nanotron,
  primus,
  zorse,
  cephalo,
  hexiscale,
  roundpipe,
  paci,
  torchgpipe,
];

export const FRAMEWORKS: readonly Framework[] = ALONE.map((one) => namingOthers(one, ALONE));

/** Every launcher, in the order of help: `env` and `json` only describe a plan. */
export const LAUNCHERS: readonly Framework[] = [...FRAMEWORKS, env, json];

/** Training programs that are read alone, each in a line. */
const PROGRAMS: readonly Program[] = [llamafactory, axolotl, trl, verl, nemo, openrlhf];

/** Everyone whose files are read, in the order of help. */
export const READERS: readonly Program[] = [
  ...LAUNCHERS.flatMap(({ id, name, reader }) => (reader === undefined ? [] : [{ id, name, reader }])),
  ...PROGRAMS,
];

/** The first framework's reason where every one has a reason. */
function byAll(reasonOf: (framework: Framework) => Reason | null): Reason | null {
  let first: Reason | null = null;
  for (const framework of FRAMEWORKS) {
    const reason = reasonOf(framework);
    if (reason === null) return null;
    first ??= reason;
  }
  return first;
}

const ofTechniques = new WeakMap<Problem, WeakMap<Techniques, Reason | null>>();

/** Plans that at least one framework runs as printed. */
export const LAUNCHABLE = {
  id: 'launchable',
  excludes: (problem: Problem) => refusedByAll(problem, ALONE),
  refusesTechniques: (problem: Problem, techniques: Techniques) =>
    rememberedOf(
      rememberedOf(ofTechniques, problem, () => new WeakMap<Techniques, Reason | null>()),
      techniques,
      () => byAll((framework) => framework.refusesTechniques?.(problem, techniques) ?? null),
    ),
  refuses: (problem: Problem, outline: Outline) =>
    byAll((framework) => framework.refuses?.(problem, outline) ?? null),
  refusesUncut: (problem: Problem, plan: Plan) =>
    byAll((framework) => framework.refusesUncut?.(problem, plan) ?? null),
  reject: (problem: Problem, plan: Plan) => byAll((framework) => framework.reject(problem, plan)),
} as const;

export function launcherOf(id: string): Framework | undefined {
  return LAUNCHERS.find((launcher) => launcher.id === id);
}
