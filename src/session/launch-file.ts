import { deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import type { Asked, LaunchReader, ReadFile } from '../frameworks/port/reader.ts';
import { refuseUnreadable } from '../frameworks/port/unreadable.ts';
import { rankRows } from '../launch-folder/rank-map.ts';
import { placesOf } from '../launch-folder/ranks.ts';
import { seating } from '../launch-folder/seating.ts';
import { planLaw } from '../laws/plan.ts';
import { overlaid, parseConfiguration } from '../plan-text/configuration.ts';
import { type Configured, planOf } from '../plan-text/plan-of.ts';
import { refuseOtherModel } from './same-model.ts';

/** A launch file that was read; in a folder that `emit` wrote, with its rank map. */
export interface OpenedFile {
  readonly path: string;
  /** Whose file it is. */
  readonly name: string;
  /** The framework that has its plans; null: it is a program that none here stands for. */
  readonly launcher: Framework | null;
  readonly reader: LaunchReader;
  readonly file: ReadFile;
  readonly rankMap: { readonly file: string; readonly text: string } | null;
}

/** What a file asks for on so many GPUs; refused where a value is none of those that its framework has. */
export function askedOf({ path, reader, file, rankMap }: OpenedFile, gpus: number): Asked {
  const ranks = ranksOf(rankMap);
  refuseUnreadable(file, reader.rules, { path, ranks });
  return file.asked(ranks ?? gpus);
}

function ranksOf(rankMap: OpenedFile['rankMap']): number | null {
  return rankMap === null ? null : rankRows(rankMap.text, rankMap.file).length;
}

/** What stands beside an estimate of a launch file: what no plan can say of it, and that its launcher would refuse it. */
export function notesOn(
  { name, file, rankMap }: OpenedFile,
  { notes: own = [], precision }: Asked,
  gpus: number,
): string[] {
  const counted = file.gpus ?? null;
  const notes = [
    ...own,
    ...(precision === null ? ['the file states no precision: bf16, unless --precision says another'] : []),
    ...(counted === null || counted === gpus
      ? []
      : [`the file starts its job on ${counted} GPUs, the cluster has ${gpus}`]),
  ];
  const broken = file.violations(ranksOf(rankMap)).filter(({ warning }) => warning !== true).length;
  return broken === 0
    ? [...notes]
    : [
        ...notes,
        `it is taken to run, though it breaks ${broken} rule${broken === 1 ? '' : 's'} of ${name}, which validate names`,
      ];
}

/** The plan that a launch file states on a cluster, with what `--config` says on top; a Reason when it breaks a law. */
export function planFrom(
  { path, rankMap }: OpenedFile,
  asked: Asked,
  over: string,
  problem: Problem,
): Configured | Reason {
  const { model, cluster } = problem;
  refuseOtherModel(path, asked, model);
  const cut = cutFor(path, asked, model);
  const seats = rankMap === null ? null : seating(cluster, rankMap.text, rankMap.file);
  if (asked.plan !== undefined && over === '') {
    const all = Array.from({ length: deviceCount(cluster) }, (_, device) => device);
    const plan = asked.plan(problem, seats?.devices ?? all);
    const placed = { ...plan, nodeOrder: seats?.nodeOrder ?? plan.nodeOrder };
    return planLaw(problem, placed) ?? { plan: placed, inferred: [] };
  }
  const stated = {
    ...asked.configuration,
    ...cut,
    ...(seats === null ? {} : { groups: seats.groups }),
  };
  const text = Object.entries(stated).map(([key, value]) => `${key}=${value}`);
  const configuration = overlaid(parseConfiguration(text.join(',')), parseConfiguration(over));
  const found = planOf(problem, configuration);
  if ('rule' in found) return found;
  if (
    seats !== null &&
    over === '' &&
    placesOf(found.plan).some(({ device }, i) => device !== seats.devices[i])
  )
    throw new InputError({
      message: `${rankMap!.file} places ranks otherwise than ${path} says`,
      expected: 'the rank map that was written with it',
      hint: `Maybe give ${path} itself in place of its folder.`,
    });
  return { ...found, plan: { ...found.plan, nodeOrder: seats?.nodeOrder ?? null } };
}

/** Of the ways to count a file's layers the one that the model is counted in; one chunk is no cut. Throws InputError where there is none. */
function cutFor(path: string, { cuts }: Asked, { name, layers }: Problem['model']): { layers?: string } {
  if (cuts === undefined) return {};
  const sums = cuts.map((one) => one.reduce((sum, count) => sum + count, 0));
  const found = sums.indexOf(layers.length);
  if (found < 0)
    throw new InputError({
      message: `${path} is for a model with layers ${sums.join(' or ')}`,
      expected: `layers ${layers.length}, as ${name} has`,
      hint: 'Maybe another model.',
    });
  const cut = cuts[found]!;
  return cut.length === 1 ? {} : { layers: cut.join('/') };
}
