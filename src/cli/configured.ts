import { dirname } from 'node:path';
import type { Command } from 'commander';
import { loadLayerProfile } from '../catalogue/layer-profiles.ts';
import type { PlanFile } from '../catalogue/plan-file.ts';
import { InputError } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { overlaid, parseConfiguration } from '../plan-text/configuration.ts';
import { type Configured, planOf } from '../plan-text/plan-of.ts';
import { planText } from '../plan-text/text.ts';
import { type ReadInFile, wordsOf } from '../reporters/read-in-file.ts';
import type { Origin } from '../schema/estimate.ts';
import { askedOf, notesOn, planFrom } from '../session/launch-file.ts';
import { calibrationOf } from './calibration.ts';
import { calibrationOption, workloadOptions } from './command.ts';
import { noteRenamed } from './dimensions.ts';
import { FAILURE_FLAGS, failureOptions } from './failures.ts';
import {
  gpusOf,
  launchFileOptions,
  opened,
  outsideFrom,
  READABLE,
  refuseForAlone,
  refuseOutside,
  under,
  workloadOf,
} from './from-file.ts';
import type { Io } from './io.ts';
import { namesRow, plannedAt, plannedProblem, plannedSettings } from './plan-source.ts';
import { given, launcherFrom } from './problem.ts';
import { type Settings, settings } from './settings.ts';
import { refuseBroken } from './verified-plan.ts';
import { toolVersion } from './version.ts';

/** One configuration that a command line asks for, and what was read on the way. */
export interface AskedPlan {
  readonly problem: Problem;
  readonly plan: Plan;
  readonly launcher: Framework | null;
  readonly origin: Origin;
  readonly inferred: readonly string[];
  readonly notes: readonly string[];
  /** A launch file or a plan file, and what was read in it; left out: neither. */
  readonly read?: ReadInFile;
  /** What the plan file says that its step takes, and what it is called; left out: the plan is of none, or changed since. */
  readonly stated?: { readonly name: string; readonly stepSeconds: number };
}

/** The arguments and flags of commands about one configuration. */
export function configuredOptions(command: Command): Command {
  failureOptions(calibrationOption(workloadOptions(command)))
    .argument(
      '<model>',
      'preset name, Hugging Face config.json, YAML file; or a row of plan --json: PLAN.json#2',
    )
    .argument('[cluster]', 'bundled name or YAML file; left out after PLAN.json#2, which names it')
    .option('--gpu-types <LIST>', 'use only these GPU types: h100-sxm,a100-80-sxm')
    .option(
      '--from <PATH>',
      'take the configuration from a launch file, a folder that emit wrote, or PLAN.json#2; --config and other flags go on top',
    )
    .option('--for <LAUNCHER>', `whose launch file --from is: ${READABLE.join(', ')}`)
    .option(
      '--config <CONFIG>',
      'tp=8,pp=4,dp=2,cp=1,ep=1,vpp=1,micro-batch=1,recompute=selective,zero=1,layers=12/12/28/28',
    )
    .option('--check', 'exit 4 when it does not fit');
  return launchFileOptions(command);
}

/** Reads all of it. Throws InputError. */
export async function askedPlan(
  model: string,
  cluster: string | undefined,
  words: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<AskedPlan> {
  noteRenamed(io, { '--config': flags.config });
  if (namesRow(model) || cluster === undefined) return ofRow(model, cluster, words, flags);
  const outside = outsideFrom(flags, words, io);
  const asked = await askedFor(flags, outside, () => gpusOf(cluster, settings(flags, io)));
  const { problem, launcher, origin } = given(model, cluster, under(settings(flags, io), asked.workload));
  const configuration = asked.planOn(problem);
  const reason =
    'rule' in configuration ? configuration : (launcher?.reject(problem, configuration.plan) ?? null);
  if (reason !== null && ('rule' in configuration || !asked.broken.has(reason.rule)))
    throw cannotRun(flags.from === undefined ? '--config' : String(flags.from), reason);
  if ('rule' in configuration) throw new Error('unreachable');
  const { notes, read } = asked;
  return { problem, launcher, origin, ...configuration, notes, ...(read === undefined ? {} : { read }) };
}

/** Flags that may stand beside a row of a plan file, which says all others. */
const BESIDE_ROW: readonly string[] = [
  ...['config', 'check', 'json', 'launcher', 'layerProfile', 'calibration', 'set', 'trace', 'svg', 'report'],
  ...FAILURE_FLAGS,
];

function ofRow(
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

function cannotRun(what: string, { rule, actual, limit, hint }: Reason): InputError {
  return new InputError({
    message: `${what} cannot run: ${rule}: ${actual}`,
    expected: limit,
    ...(hint === undefined ? {} : { hint }),
  });
}

interface AskedFor {
  readonly notes: readonly string[];
  readonly read?: ReadInFile;
  /** What a file states: the flags of the command line win over it. */
  readonly workload: Settings;
  /** Rules of its launcher that a launch file breaks: it is taken to run all the same, and told so. */
  readonly broken: ReadonlySet<string>;
  planOn(problem: Problem): Configured | Reason;
}

/** The configuration of --config, or of --from with --config on top. */
async function askedFor(
  flags: Readonly<Record<string, unknown>>,
  outside: ReturnType<typeof outsideFrom>,
  gpus: () => number,
): Promise<AskedFor> {
  const over = flags.config === undefined ? '' : String(flags.config);
  refuseForAlone(flags);
  if (flags.from === undefined) {
    refuseOutside(outside);
    if (over === '')
      throw new InputError({
        message: '--config is missing',
        expected: '--config tp=8,pp=4, or --from FILE',
      });
    return {
      notes: [],
      workload: {},
      broken: new Set(),
      planOn: (problem) => planOf(problem, parseConfiguration(over)),
    };
  }
  const from = String(flags.from);
  if (flags.for === undefined && (namesRow(from) || from.endsWith('.json'))) {
    refuseOutside(outside);
    return fromRow(from, over);
  }
  const file = await opened(from, flags.for === undefined ? undefined : String(flags.for), outside);
  const count = gpus();
  const asked = askedOf(file, count);
  return {
    notes: notesOn(file, asked, count),
    read: { file: file.path, words: wordsOf(asked) },
    workload: { launcher: file.launcher.id, ...workloadOf(asked) },
    broken: new Set(over === '' ? file.file.violations(count).map(({ rule }) => rule) : []),
    planOn: (problem) => planFrom(file, asked, over, problem),
  };
}

/** What a plan rests on that its workload does not say. */
function leftBehind({ problem: { calibration } }: PlanFile): string[] {
  return calibration === undefined
    ? []
    : [`the plan's calibration ${calibration.name} is not taken along (--calibration)`];
}

/** The configuration and the workload of a row, for another model, cluster or workload. */
function fromRow(argument: string, over: string): AskedFor {
  const { path, rank, file, chosen } = plannedAt(argument);
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
