import { diffArrays } from 'diff/lib/diff/array.js';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { gpuRuns } from '../launch-folder/ranks.ts';
import type { Framework } from './port/framework.ts';
import type { Setting } from './port/reader.ts';

/**
 * What another plan changes in a framework's own file, as lines of a diff without context; empty where nothing changes.
 * `stated`: what the file itself says, in whatever words; null: as it would be written for its plan.
 */
export function changes(
  framework: Framework,
  problem: Problem,
  from: Plan,
  to: Plan,
  stated: readonly Setting[] | null = null,
): string[] {
  if (stated !== null && framework.settings !== undefined) {
    const hosts = [from, to].map((plan) => `hosts: ${hostsOf(framework, problem, plan)}`) as [string, string];
    return [
      ...settingChanges(stated, framework.settings(problem, to)),
      ...(hosts[0] === hosts[1] ? [] : [`- ${hosts[0]}`, `+ ${hosts[1]}`]),
    ];
  }
  const [old, fresh] = [from, to].map((plan) => [
    ...linesOf(framework, problem, plan),
    `hosts: ${hostsOf(framework, problem, plan)}`,
  ]) as [string[], string[]];
  return diffArrays(old, fresh).flatMap(({ value, added, removed }) =>
    added || removed ? value.map((line) => `${removed ? '-' : '+'} ${line}`) : [],
  );
}

function settingChanges(stated: readonly Setting[], wanted: readonly Setting[]): string[] {
  const byName = (all: readonly Setting[]) => new Map(all.map((one) => [one.name, one]));
  const [old, fresh] = [byName(stated), byName(wanted)];
  const dropped = stated.filter(({ name, usual }) => usual !== true && !fresh.has(name));
  return [
    ...dropped.map(({ text }) => `- ${text}`),
    ...wanted.flatMap(({ name, text, usual }) => {
      const before = old.get(name)?.text ?? null;
      if (before === text || (before === null && usual === true)) return [];
      return [...(before === null ? [] : [`- ${before}`]), ...(text === null ? [] : [`+ ${text}`])];
    }),
  ];
}

function linesOf(framework: Framework, problem: Problem, plan: Plan): string[] {
  const files = framework.render(problem, plan, { origin: '', inputs: { model: '', cluster: '' } });
  const file = files.find(({ path }) => path === framework.reader?.file) ?? files[0]!;
  const lines = file.content.trimEnd().split('\n');
  if (!lines[0]!.startsWith('--')) return lines.map((line) => line.trim());
  // One word a line: a flag and its values belong together.
  return lines.join(' ').split(/ (?=--)/);
}

/** `4 × h100, 4 × a100`: whose hosts, in rank order. */
function hostsOf({ rankOrder }: Framework, { cluster }: Problem, plan: Plan): string {
  const runs: { group: number; hosts: Set<string> }[] = [];
  for (const { group, host } of gpuRuns(cluster, plan, rankOrder)) {
    const last = runs.at(-1);
    if (last?.group === group) last.hosts.add(host);
    else runs.push({ group, hosts: new Set([host]) });
  }
  return runs.map(({ group, hosts }) => `${hosts.size} × ${cluster.groups[group]!.id}`).join(', ');
}
