import type { Cluster, NodeGroup } from '../../domain/cluster.ts';
import type { StageSeats } from '../../domain/explanation.ts';
import { joinKinds } from '../../hardware/join-kinds.ts';
import { formatBandwidth } from '../../units/format.ts';
import { escaped } from '../escaped.ts';
import { joinWords } from '../joins.ts';

const GPU = 20;
const GAP = 8;
const WIDTH = 1100;
const LABEL = 48;
/** More groups, and more nodes of one, are counted. */
const MOST_GROUPS = 24;
const MOST_NODES = 64;
/** GPUs of a host in one row of a picture. */
const PER_ROW = 8;

/** Each node of a cluster with its GPUs, coloured and numbered by the stage that they serve; how groups are joined stands below. */
export function clusterPicture(cluster: Cluster, seats: readonly StageSeats[]): string {
  const stageOf = new Map<
    string,
    { readonly pipeline: number; readonly stage: number; readonly index: number }
  >();
  for (const [index, { pipeline, stage, runs }] of seats.entries())
    for (const { host, gpus } of runs)
      for (const gpu of gpus) stageOf.set(`${host} ${gpu}`, { pipeline, stage, index });
  let y = 6;
  const parts = cluster.groups.slice(0, MOST_GROUPS).map((group) => {
    const { markup, height } = groupOf(group, y, (host, gpu) => stageOf.get(`${host} ${gpu}`), seats.length);
    y += height;
    return markup;
  });
  const joins =
    cluster.groups.length > 1
      ? joinKinds(cluster)
          .slice(0, 8)
          .map((kind) => joinWords(cluster, kind))
      : [];
  const more = cluster.groups.length - MOST_GROUPS;
  const told = more > 0 ? [`… and ${more} more groups`, ...joins] : joins;
  const words = told.map(
    (text, i) => `<text x="6" y="${y + 18 + 18 * i}" font-size="13">${escaped(text)}</text>`,
  );
  const height = y + 18 * told.length + 14;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" role="img" aria-label="the cluster">`,
    ...parts,
    ...words,
    '</svg>',
  ].join('');
}

type StageAt = (
  host: string,
  gpu: number,
) => { readonly pipeline: number; readonly stage: number; readonly index: number } | undefined;

function groupOf(
  group: NodeGroup,
  top: number,
  stageAt: StageAt,
  stages: number,
): { readonly markup: string; readonly height: number } {
  const { id, nodes, gpusPerNode, gpu, intraNode, nic, hosts, shared } = group;
  const perRow = Math.min(gpusPerNode, PER_ROW);
  const box = { width: perRow * (GPU + 2) + 10, height: Math.ceil(gpusPerNode / PER_ROW) * (GPU + 2) + 26 };
  const columns = Math.max(1, Math.floor((WIDTH - GAP) / (box.width + GAP)));
  const drawn = Math.min(nodes, MOST_NODES);
  const title = `${id}: ${nodes} × ${gpusPerNode} ${gpu.id}${nodes > drawn ? `, ${nodes - drawn} of the nodes not drawn` : ''}`;
  const links = [
    `inside a node ${intraNode.id}, ${formatBandwidth(intraNode.bandwidth)} a GPU`,
    ...(nic.unstated === true
      ? []
      : [
          `between nodes ${nic.perNode} × ${nic.link.id}, ${formatBandwidth(nic.measured ?? nic.link.bandwidth)} each`,
        ]),
  ].join('; ');
  const boxes = Array.from({ length: drawn }, (_, node) => {
    const x = 6 + (node % columns) * (box.width + GAP);
    const y = top + LABEL + Math.floor(node / columns) * (box.height + GAP);
    const host = hosts[node]!;
    const first = shared?.firstGpus[node] ?? 0;
    const gpus = Array.from({ length: gpusPerNode }, (_, local) => {
      const at = stageAt(host, first + local);
      const left = x + 6 + (local % PER_ROW) * (GPU + 2);
      const up = y + 20 + Math.floor(local / PER_ROW) * (GPU + 2);
      const what = at === undefined ? 'idle' : `stage ${at.pipeline > 0 ? `${at.pipeline}.` : ''}${at.stage}`;
      const fill = at === undefined ? 'none' : stageColor(at.index, stages);
      const number =
        at === undefined
          ? ''
          : `<text x="${left + GPU / 2}" y="${up + 14}" text-anchor="middle" font-size="10" style="fill:#111">${at.stage}</text>`;
      return `<g><title>${escaped(`${host} GPU ${first + local}: ${what}`)}</title><rect x="${left}" y="${up}" width="${GPU}" height="${GPU}" rx="3" fill="${fill}" stroke="var(--line)"/>${number}</g>`;
    });
    const name = host.length > perRow * 3 ? `…${host.slice(-(perRow * 3 - 1))}` : host;
    return `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="5" fill="none" stroke="var(--faint)"/><text x="${x + 6}" y="${y + 14}" font-size="11">${escaped(name)}</text>${gpus.join('')}`;
  });
  const rows = Math.ceil(drawn / columns);
  return {
    markup: `<text x="6" y="${top + 20}" font-size="14" font-weight="600">${escaped(title)}</text><text x="6" y="${top + 38}" font-size="12">${escaped(links)}</text>${boxes.join('')}`,
    height: LABEL + rows * (box.height + GAP) + 6,
  };
}

/** Hues around the circle, neighbours far apart in lightness; each stage has its number besides. */
function stageColor(index: number, stages: number): string {
  return `hsl(${Math.round((360 * index) / Math.max(1, stages))} 60% ${index % 2 === 0 ? 70 : 58}%)`;
}
