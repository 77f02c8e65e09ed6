import type { Command } from 'commander';
import { InputError } from '../domain/input-error.ts';
import { parseConfiguration } from '../plan-text/configuration.ts';
import { planOf } from '../plan-text/plan-of.ts';
import { wordsOf } from '../reporters/read-in-file.ts';
import { askedOf, notesOn, type OpenedFile, planFrom } from '../session/launch-file.ts';
import type { AskedFor, AskedPlan } from './asked-plan.ts';
import { cannotRun, fromRow, ofRow } from './asked-row.ts';
import { calibrationOption, workloadOptions } from './command.ts';
import { noteRenamed } from './dimensions.ts';
import { failureOptions } from './failures.ts';
import {
  gpusOf,
  launcherSetting,
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
import type { Beside } from './launch-source.ts';
import { namesRow } from './plan-source.ts';
import { given } from './problem.ts';
import { settings } from './settings.ts';

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

/** Where the configuration stands: in --config alone, or in --from, a row or a launch file, with --config on top. */
async function askedFor(
  flags: Readonly<Record<string, unknown>>,
  outside: Beside['outside'],
  gpus: () => number,
): Promise<AskedFor> {
  const over = flags.config === undefined ? '' : String(flags.config);
  refuseForAlone(flags);
  if (flags.from === undefined) {
    refuseOutside(outside);
    return ofText(over);
  }
  const from = String(flags.from);
  if (flags.for === undefined && (namesRow(from) || from.endsWith('.json'))) {
    refuseOutside(outside);
    return fromRow(from, over);
  }
  const launcher = flags.for === undefined ? undefined : String(flags.for);
  return ofLaunchFile(await opened(from, launcher, outside), over, gpus());
}

function ofText(text: string): AskedFor {
  if (text === '')
    throw new InputError({
      message: '--config is missing',
      expected: '--config tp=8,pp=4, or --from FILE',
    });
  return {
    notes: [],
    workload: {},
    broken: new Set(),
    planOn: (problem) => planOf(problem, parseConfiguration(text)),
  };
}

/** `over`: what --config changes of it, after which rules that it breaks are the user's own. */
function ofLaunchFile(file: OpenedFile, over: string, gpus: number): AskedFor {
  const asked = askedOf(file, gpus);
  return {
    notes: notesOn(file, asked, gpus),
    read: { file: file.path, words: wordsOf(asked) },
    workload: { ...launcherSetting(file), ...workloadOf(asked) },
    broken: new Set(over === '' ? file.file.violations(gpus).map(({ rule }) => rule) : []),
    planOn: (problem) => planFrom(file, asked, over, problem),
  };
}
