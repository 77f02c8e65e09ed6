import { dirname } from 'node:path';
import { loadLayerProfile } from '../catalogue/layer-profiles.ts';
import type { PlanFile } from '../catalogue/plan-file.ts';
import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Reason } from '../domain/reason.ts';
import { overlaid, parseConfiguration } from '../plan-text/configuration.ts';
import { type Configured, planOf } from '../plan-text/plan-of.ts';
import { planText } from '../plan-text/text.ts';
import type { AskedFor, AskedPlan } from './asked-plan.ts';
import { calibrationOf } from './calibration.ts';
import { FAILURE_FLAGS } from './failures.ts';
import { namesRow, plannedAt, plannedProblem, plannedSettings } from './plan-source.ts';
import { launcherFrom } from './problem.ts';
import { refuseBroken, refuseUnlike } from './verified-plan.ts';
import { toolVersion } from './version.ts';

/** Flags that may stand beside a row of a plan file, which says all others. */
const BESIDE_ROW: readonly string[] = [
  ...['config', 'check', 'json', 'launcher', 'layerProfile', 'calibration', 'set', 'trace', 'svg', 'report'],
  ...FAILURE_FLAGS,
];

/** A row of a plan file, with what the command line changes of it. Throws InputError. */
export function ofRow(
  argument: string,
  cluster: string | undefined,
  words: readonly string[],
  flags: Readonly<Record<string, unknown>>,
): AskedPlan {
  if (cluster !== undefined || words.length > 0)
    throw new InputError({
      message: `"${[cluster, ...words].filter((one) => one !== undefined).join(' ')}" after ${argument}`,
      expected: 'nothing more: a row of a plan names its model and its cluster',
      hint: `Maybe a model and a cluster, and --from ${argument}.`,
    });
  if (!namesRow(argument) && !argument.endsWith('.json'))
    throw new InputError({
      message: `no cluster after "${argument}"`,
      expected: 'a model and a cluster, or a row of what plan --json printed: PLAN.json#1',
    });
  const odd = Object.keys(flags).find((key) => !BESIDE_ROW.includes(key));
  if (odd !== undefined) {
    const flag = `--${odd.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InputError({
      message: `${flag} beside ${argument}`,
      expected: 'no more than --config, --launcher and how to print: the plan says the rest',
      hint: `Maybe a model and a cluster, and --from ${argument}, over which flags go.`,
    });
  }
  const { path, rank, file, chosen } = plannedAt(argument);
  const own = chosen.plan as Plan;
  const planned = plannedProblem(file, dirname(path), calibrationOf(flags));
  refuseBroken(file, chosen, planned);
  const problem =
    flags.layerProfile === undefined
      ? planned
      : {
          ...planned,
          layerProfile: loadLayerProfile(
            String(flags.layerProfile),
            planned.model,
            planned.cluster.groups.map(({ gpu }) => gpu),
          ),
        };
  const launcher = launcherFrom(String(flags.launcher ?? 'any'));
  const configured: Configured | Reason =
    flags.config === undefined
      ? { plan: own, inferred: [] }
      : planOf(
          problem,
          overlaid(parseConfiguration(planText(problem, own)), parseConfiguration(String(flags.config))),
        );
  if ('rule' in configured) throw cannotRun('--config', configured);
  const plan = { ...configured.plan, nodeOrder: own.nodeOrder };
  const refused = launcher?.reject(problem, plan) ?? null;
  if (refused !== null) throw cannotRun(argument, refused);
  return {
    problem,
    plan,
    launcher,
    inferred: configured.inferred,
    notes: [],
    origin: { toolVersion: toolVersion(), inputs: file.inputs },
    ...(flags.config === undefined && flags.layerProfile === undefined && flags.calibration === undefined
      ? { stated: { name: `${path}#${rank}`, stepSeconds: chosen.stepTimeSeconds } }
      : {}),
  };
}

export function cannotRun(what: string, { rule, actual, limit, hint }: Reason): InputError {
  return new InputError({
    message: `${what} cannot run: ${rule}: ${actual}`,
    expected: limit,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What a plan rests on that its workload does not say. */
function leftBehind({ problem: { calibration } }: PlanFile): string[] {
  return calibration === undefined
    ? []
    : [`the plan's calibration ${calibration.name} is not taken along (--calibration)`];
}

/** The configuration and the workload of a row, for another model, cluster or workload. */
export function fromRow(argument: string, over: string): AskedFor {
  const { path, rank, file, chosen } = plannedAt(argument);
  refuseUnlike(file, chosen);
  const configuration = overlaid(
    parseConfiguration(chosen.configuration),
    over === '' ? { counts: {}, techniques: {} } : parseConfiguration(over),
  );
  return {
    notes: leftBehind(file),
    read: { file: `${path}#${rank}`, words: chosen.configuration },
    workload: plannedSettings(file),
    broken: new Set(),
    planOn: (problem) => planOf(problem, configuration),
  };
}
