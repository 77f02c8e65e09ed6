import type { Cluster } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan } from '../../domain/plan.ts';
import { type HostRun, hostRuns } from '../../launch-folder/ranks.ts';
import { typesOf } from './meshes.ts';

export const HOSTFILE = 'hostfile.txt';

/** A host in the order of ranks, with its name for a type. */
export interface TypedHost extends HostRun {
  readonly type: string;
}

/** The hosts of a plan in rank order; none twice, as the plan's law says. */
export function typedHosts(cluster: Cluster, plan: Plan): TypedHost[] {
  const { stages } = plan.pipelines[0]!;
  const types = typesOf(cluster, stages);
  const ends: number[] = [];
  for (const { replicas } of stages)
    ends.push((ends.at(-1) ?? 0) + replicas.reduce((sum, { count, tp }) => sum + count * tp, 0));
  let rank = 0;
  return hostRuns(cluster, plan).map((run) => {
    const type = types[ends.findIndex((end) => rank < end)]!;
    rank += run.gpus.length;
    return { ...run, type };
  });
}

/** Node rank is the order of lines. */
export function hostfileText(hosts: readonly TypedHost[], origin: string): string {
  const lines = hosts.map(({ host, gpus, type }) => `${host} slots=${gpus.length} type=${type}`);
  return `${[`# ${origin}`, ...lines].join('\n')}\n`;
}

/** A line of a hostfile; `type` null: it states none. */
export interface HostLine {
  readonly host: string;
  readonly slots: number;
  readonly type: string | null;
}

/** What FlagScale's runner takes (`parse_hostfile`, flagscale/runner/utils.py@v0.9.0). */
const LINE = /^(\S+)\s+slots=(\d+)(?:\s+type=(\S+))?/;

/** Throws InputError where a line is none. */
export function hostLines(text: string): HostLine[] {
  return text.split(/\r?\n/).flatMap((raw, i) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return [];
    const [, host, slots, type] = LINE.exec(line) ?? [];
    if (host === undefined)
      throw new InputError({
        message: `"${line}"`,
        expected: 'a line such as: node-a slots=8 type=A800',
        at: { file: HOSTFILE, line: i + 1 },
      });
    return [{ host, slots: Number(slots), type: type ?? null }];
  });
}
