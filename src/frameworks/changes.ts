import { diffArrays } from 'diff/lib/diff/array.js';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { gpuRuns } from '../launch-folder/ranks.ts';
import type { Framework } from './port/framework.ts';

/** What another plan changes in a framework's own file, as lines of a diff without context; empty where nothing changes. */
export function changes(framework: Framework, problem: Problem, from: Plan, to: Plan): string[] {
  const [old, fresh] = [from, to].map((plan) => [
    ...linesOf(framework, problem, plan),
    `hosts: ${hostsOf(framework, problem, plan)}`,
  ]) as [string[], string[]];
  return diffArrays(old, fresh).flatMap(({ value, added, removed }) =>
    added || removed ? value.map((line) => `${removed ? '-' : '+'} ${line}`) : [],
  );
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
