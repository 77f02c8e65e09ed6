import { CHANGEABLE, type ClusterChange } from '../catalogue/cluster-change.ts';
import { groupsOfFile } from '../catalogue/clusters.ts';
import { type Cluster, deviceCount } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { countsBetween } from '../search/node-sizes.ts';
import { formatInteger } from '../units/format.ts';
import { nearest } from '../units/nearest.ts';

/** More searches than this nobody waits for. */
const MOST_VALUES = 64;
/** Of a changed cluster: beyond what anybody has built a search is long, and its figures are of nothing that was measured. */
const MOST_GPUS = 131_072;
const EXAMPLE = 'Maybe --what-if group=h100,nodes=4..32.';

/**
 * `group=h100,nodes=4..32`, `group=h100,nic.perNode=4,8`, `link=west+east,sharedBandwidth=5GB/s,10GB/s`: one quantity of a cluster
 * file and the values that it is to have. Throws InputError.
 */
export function whatIfFrom(text: string): ClusterChange[] {
  const [subject, said, ...more] = text.split(',').map((part) => part.trim());
  const [, kind, name] = /^(group|link)=(.+)$/.exec(subject ?? '') ?? [];
  const [, key, first] = /^([A-Za-z.-]+)=(.+)$/.exec(said ?? '') ?? [];
  if ((kind !== 'group' && kind !== 'link') || name === undefined || key === undefined || first === undefined)
    throw refused(text, 'group=ID or link=ID+ID, then a quantity and its values', EXAMPLE);
  const known: readonly string[] = CHANGEABLE[kind];
  if (!known.includes(key)) {
    const near = nearest(key, known);
    throw refused(
      text,
      `a quantity of a ${kind}: ${known.join(', ')}`,
      near === undefined ? EXAMPLE : `Maybe "${near}".`,
    );
  }
  const values = [first, ...more].flatMap((one) => valuesFrom(text, one));
  if (values.length > MOST_VALUES) throw refused(text, `at most ${MOST_VALUES} values`);
  const of = kind === 'group' ? { group: name } : { link: endsOf(text, name) };
  return [...new Set(values)].map((value) => ({ of, key, value }));
}

/** Of one cluster of several: the changes, where it has the group. */
export function changesOf(
  cluster: string,
  changes: readonly ClusterChange[],
): readonly (ClusterChange | null)[] {
  const [first] = changes;
  if (first === undefined) return [null];
  if ('group' in first.of && !groupsOfFile(cluster).includes(first.of.group)) return [null];
  return changes;
}

/** Before the first search: a change must not make a cluster that no search ends on. Throws InputError. */
export function refuseTooLarge(cluster: Cluster, { of, key, value }: ClusterChange): void {
  const gpus = deviceCount(cluster);
  if (gpus <= MOST_GPUS || !('group' in of) || (key !== 'nodes' && key !== 'gpusPerNode')) return;
  const { group: id } = of;
  const { nodes, gpusPerNode } = cluster.groups.find((group) => group.id === id)!;
  const room = MOST_GPUS - (gpus - nodes * gpusPerNode);
  const most = Math.floor(room / (key === 'nodes' ? gpusPerNode : nodes));
  throw new InputError({
    message: `--what-if group=${id},${key}=${value} is ${formatInteger(gpus)} GPUs`,
    expected: `at most ${formatInteger(MOST_GPUS)} GPUs`,
    ...(most >= 1 ? { hint: `Maybe ${key} up to ${most}.` } : {}),
  });
}

function valuesFrom(text: string, value: string): (string | number)[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(value);
  if (range === null) return [/^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value];
  const [from, to] = [Number(range[1]), Number(range[2])];
  if (from < 1 || to < from) throw refused(text, 'FROM..TO, from at least 1 to no less');
  return countsBetween(from, to);
}

function endsOf(text: string, name: string): [string, string] {
  const [from, to, ...rest] = name.split('+');
  if (from === undefined || to === undefined || to === '' || rest.length > 0)
    throw refused(text, 'link=ID+ID: the two that the link is between');
  return [from, to];
}

function refused(text: string, expected: string, hint?: string): InputError {
  return new InputError({
    message: `--what-if is "${text}"`,
    expected,
    ...(hint === undefined ? {} : { hint }),
  });
}
