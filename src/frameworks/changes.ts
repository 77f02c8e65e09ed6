import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { hostRuns } from '../launch-folder/ranks.ts';
import type { Framework } from './port/framework.ts';

/** What another plan changes in a launcher's own file, as lines of a diff without context; empty where nothing changes. */
export function changes(launcher: Framework, problem: Problem, from: Plan, to: Plan): string[] {
  const [old, fresh] = [from, to].map((plan) => [
    ...linesOf(launcher, problem, plan),
    `hosts: ${hostsOf(launcher, problem, plan)}`,
  ]) as [string[], string[]];
  return difference(old, fresh);
}

function linesOf(launcher: Framework, problem: Problem, plan: Plan): string[] {
  const files = launcher.render(problem, plan, { origin: '', inputs: { model: '', cluster: '' } });
  const file = files.find(({ path }) => path === launcher.reader?.file) ?? files[0]!;
  const lines = file.content.trimEnd().split('\n');
  if (!lines[0]!.startsWith('--')) return lines.map((line) => line.trim());
  // One word a line: a flag and its values belong together.
  return lines.join(' ').split(/ (?=--)/);
}

/** `4 × h100, 4 × a100`: whose hosts, in rank order. */
function hostsOf({ rankOrder }: Framework, { cluster }: Problem, plan: Plan): string {
  const runs: { group: number; hosts: Set<string> }[] = [];
  for (const { group, host } of hostRuns(cluster, plan, rankOrder)) {
    const last = runs.at(-1);
    if (last?.group === group) last.hosts.add(host);
    else runs.push({ group, hosts: new Set([host]) });
  }
  return runs.map(({ group, hosts }) => `${hosts.size} × ${cluster.groups[group]!.id}`).join(', ');
}

/** By the longest common subsequence; the lines that go stand before those that come in their place. */
function difference(old: readonly string[], fresh: readonly string[]): string[] {
  const width = fresh.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      common[i * width + j] =
        old[i] === fresh[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      i += 1;
      j += 1;
    } else if (
      i < old.length &&
      (j === fresh.length || common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    )
      lines.push(`- ${old[i++]}`);
    else lines.push(`+ ${fresh[j++]}`);
  }
  return lines;
}
