import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cluster, NodeGroup } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import { type ClusterDocument, clusterSchema } from '../schema/cluster.ts';
import { type ClusterChange, changedDocument, ofChange } from './cluster-change.ts';
import { linksFrom, measuredFrom } from './cluster-links.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, type Document, listNames, readDocument, validateDocument } from './document.ts';
import { assumedJoins, assumedWays } from './joins.ts';
import type { Loaded } from './models.ts';
import { assumedHosts, groupFrom } from './node-groups.ts';
import { parseDocument } from './parse-document.ts';
import { refuseFastNodes, refuseOddFabrics } from './physical.ts';
import { sbatchFrom } from './sbatch.ts';
import { shapeAndCount, shapeCluster } from './shapes.ts';
import { sharingHosts } from './shared-hosts.ts';

const FOLDER = dataFolder('configs', 'clusters');

export function listClusters(): string[] {
  return listNames(FOLDER);
}

function isBundled(name: string): boolean {
  return listClusters().includes(name.toLowerCase());
}

/** A bundled cluster by name, hosts that a cloud rents (`aws-p5x16`), or a YAML file; with one quantity changed where that is asked. */
export function loadCluster(nameOrPath: string, change: ClusterChange | null = null): Loaded<Cluster> {
  const document = clusterDocument(nameOrPath);
  const { path, sha256 } = document;
  if (change === null) return { value: clusterFrom(document), path, sha256 };
  const doc = validateDocument(document, clusterSchema);
  // What is wrong with the file itself is said first, and of its line.
  clusterFrom(document);
  const changed = changedDocument(document, doc, change);
  try {
    return { value: clusterFrom(changed), path, sha256 };
  } catch (error) {
    throw ofChange(error, change);
  }
}

/** Ids of the groups that a cluster file has. */
export function groupsOfFile(nameOrPath: string): string[] {
  return validateDocument(clusterDocument(nameOrPath), clusterSchema).groups.map(({ id }) => id);
}

function clusterDocument(nameOrPath: string): Document {
  const looksLikePath = /[\\/]|\.(json|ya?ml)$/i.test(nameOrPath) || existsSync(nameOrPath);
  const rented = looksLikePath || isBundled(nameOrPath) ? null : shapeAndCount(nameOrPath);
  if (rented !== null) return parseDocument(nameOrPath, shapeCluster(rented, nameOrPath));
  return readDocument(looksLikePath ? nameOrPath : bundled('cluster', FOLDER, nameOrPath));
}

/** The cluster that text says, before it stands in a file; errors name `path`. */
export function clusterFromText(text: string, path: string): Cluster {
  return clusterFrom(parseDocument(path, text));
}

/** More than anybody has: a slip, or a file that means to exhaust us. */
const MOST = { nodes: 100_000, gpus: 1_000_000 };

function refuseCrowds(document: Document, { groups }: ClusterDocument): void {
  let [nodes, gpus] = [0, 0];
  for (const [index, group] of groups.entries()) {
    nodes += group.nodes;
    gpus += group.nodes * group.gpusPerNode;
    if (nodes <= MOST.nodes && gpus <= MOST.gpus) continue;
    const said = (count: number) => count.toLocaleString('en-US');
    throw new InputError({
      message: `${said(nodes)} nodes with ${said(gpus)} GPUs`,
      expected: `at most ${said(MOST.nodes)} nodes and ${said(MOST.gpus)} GPUs`,
      at: document.locate(`/groups/${index}/nodes`),
    });
  }
}

function clusterFrom(document: Document): Cluster {
  const doc = validateDocument(document, clusterSchema);
  const assumptions: string[] = [...(doc.assumed ?? [])];
  const alone: NodeGroup[] = [];
  let firstDevice = 0;
  refuseCrowds(document, doc);
  for (const [index, group] of doc.groups.entries()) {
    if (alone.some((g) => g.id === group.id)) {
      throw new InputError({
        message: `two groups are called "${group.id}"`,
        expected: 'one name each',
        at: document.locate(`/groups/${index}/id`),
      });
    }
    alone.push(groupFrom(document, doc, group, index, firstDevice, assumptions));
    firstDevice += group.nodes * group.gpusPerNode;
  }
  assumptions.push(...assumedHosts(alone));
  const groups = sharingHosts(document, doc, alone, assumptions);
  const nodes = groups.reduce((sum, group) => sum + group.nodes, 0);
  const measured = doc.measured === undefined ? undefined : measuredFrom(document, doc.measured, nodes);
  refuseOddFabrics(document, groups);
  if (measured !== undefined) refuseFastNodes(document, groups, measured);
  const links = linksFrom(document, doc, groups, assumptions);
  const ways = measured === undefined ? assumedWays(groups, links, assumptions) : [];
  const cluster = {
    name: doc.name ?? basename(document.path).replace(/\.(json|ya?ml)$/i, ''),
    groups,
    links: [...links, ...ways],
    assumptions,
    ...(measured === undefined ? {} : { measured }),
    ...(doc.slurm === undefined ? {} : { slurm: sbatchFrom(document, '/slurm', doc.slurm, false) }),
  };
  assumptions.push(...assumedJoins(cluster));
  return cluster;
}
