import { InputError } from '../domain/input-error.ts';
import type { ClusterDocument } from '../schema/cluster.ts';
import { alike, maybe } from '../units/nearest.ts';
import type { Document } from './document.ts';

/** One quantity of a cluster file as something else: of a node group, or of the link between two. */
export interface ClusterChange {
  readonly of: { readonly group: string } | { readonly link: readonly [string, string] };
  /** As the file names it; `nic.` before what is of its network cards. */
  readonly key: string;
  readonly value: string | number;
}

/** Quantities that a change may be of: what is left out is no quantity, or follows from others. */
export const CHANGEABLE = {
  group: [
    ...['nodes', 'gpusPerNode', 'gpu', 'memory', 'powerCap', 'pricePerGpuHour'],
    ...['nic.link', 'nic.perNode', 'nic.bandwidth', 'nic.latency'],
  ],
  link: ['link', 'perNode', 'sharedBandwidth', 'bandwidthPerNode', 'perFlow', 'latency'],
} as const;

/** Of these nothing is left where links were measured node by node. */
const MEASURED = /^(?:nodes|gpusPerNode|nic\.)/;

/** `h100 nodes=8`: what a changed cluster is called. */
function nameOf({ of, key, value }: ClusterChange): string {
  return `${'group' in of ? of.group : of.link.join('+')} ${key}=${value}`;
}

/** The file with one quantity changed, still to be validated. Throws InputError where it has no such group or link. */
export function changedDocument(document: Document, doc: ClusterDocument, change: ClusterChange): Document {
  const { of, key } = change;
  if (doc.measured !== undefined && ('link' in of || MEASURED.test(key)))
    throw new InputError({
      message: `--what-if of ${key}, but ${document.path} has links that were measured`,
      expected: 'a quantity that they do not stand for',
    });
  const value = 'group' in of ? withGroup(doc, of.group, change) : withLink(doc, of.link, change);
  return { ...document, value: { ...value, name: nameOf(change) } };
}

/** What a changed file is refused for: the value is of the change, so no line of the file is named. */
export function ofChange(error: unknown, change: ClusterChange): unknown {
  if (!(error instanceof InputError)) return error;
  const { at: _, message, ...rest } = error.problem;
  return new InputError({ message: `--what-if ${nameOf(change)}: ${message}`, ...rest });
}

function withGroup(doc: ClusterDocument, id: string, { key, value }: ClusterChange): object {
  const ids = doc.groups.map((group) => group.id);
  if (!ids.includes(id)) throw unknown('group', id, ids);
  const groups = doc.groups.map((group) => {
    if (group.id !== id) return group;
    if (key.startsWith('nic.')) return { ...group, nic: { ...group.nic, [key.slice(4)]: value } };
    if (key !== 'nodes' || group.hosts === undefined) return { ...group, [key]: value };
    // Hosts of another number of nodes have no names yet.
    const { hosts: _, ...unnamed } = group;
    return { ...unnamed, nodes: value };
  });
  return { ...doc, groups };
}

function withLink(
  doc: ClusterDocument,
  [from, to]: readonly [string, string],
  { key, value }: ClusterChange,
): object {
  const { links = [] } = doc;
  const between = (ends: readonly string[]) => [...ends].sort().join('+');
  const stated = links.map((link) => between(link.between));
  if (!stated.includes(between([from, to]))) throw unknown('link', `${from}+${to}`, stated);
  return {
    ...doc,
    links: links.map((link) =>
      between(link.between) === between([from, to]) ? { ...link, [key]: value } : link,
    ),
  };
}

function unknown(what: string, name: string, known: readonly string[]): InputError {
  const hint = maybe(alike(name, known));
  return new InputError({
    message: `--what-if ${what}=${name}`,
    expected:
      known.length === 0
        ? `a cluster that states its ${what}s`
        : `a ${what} of the cluster file: ${known.join(', ')}`,
    ...(hint === undefined ? {} : { hint }),
  });
}
