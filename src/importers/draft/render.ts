import { rateText } from '../facts/measured-words.ts';
import { comment, quoted } from './comment.ts';
import type { DraftCollective } from './group-collectives.ts';
import type { Draft, DraftGroup } from './merge.ts';

/** Collectives without a latency in the fit still have to state one above zero. */
const LEAST_LATENCY = 1e-8;

/** The draft as a commented cluster file that the catalogue reads. */
export function renderCluster({ name, groups, matrix, measured, unknown, notes }: Draft): string {
  const lines = [
    'schema: shardwright.cluster/1',
    `name: ${quoted(name)}`,
    ...assumedLines(0, unknown),
    ...comments('Noted:', notes),
    ...comments('Measured:', measured),
    'groups:',
    ...groups.flatMap(groupLines),
    ...matrixLines(matrix),
  ];
  return `${lines.join('\n')}\n`;
}

function comments(title: string, list: readonly string[]): string[] {
  return list.length === 0 ? [] : [`# ${title}`, ...list.map((line) => `#   ${comment(line)}`)];
}

/** What no source said, and what stands in for it: a plan lists it. */
function assumedLines(indent: number, list: readonly string[]): string[] {
  const margin = ' '.repeat(indent);
  const lines = [...new Set(list)].map((line) => `${margin}  - ${quoted(comment(line))}`);
  return lines.length === 0
    ? []
    : [`${margin}assumed: # could not be learned, and what stands in for it`, ...lines];
}

/** A key with its value, and where that is from. */
function entry(indent: number, key: string, value: string | number, from: string): string {
  return `${' '.repeat(indent)}${key}: ${value} # ${comment(from)}`;
}

function groupLines(group: DraftGroup): string[] {
  const { id, gpu, gpuFrom, hosts, nodes, hostsFrom, intraNode, intraNodeFrom, memoryMiB, usableMemoryMiB } =
    group;
  return [
    `  - id: ${id}`,
    entry(4, 'gpu', gpu, gpuFrom),
    entry(4, 'nodes', nodes, hostsFrom),
    entry(4, 'gpusPerNode', group.gpusPerNode, group.gpusPerNodeFrom),
    entry(4, 'intraNode', intraNode, intraNodeFrom),
    ...(usableMemoryMiB === null
      ? []
      : [entry(4, 'usableMemory', `${usableMemoryMiB} MiB`, `as reported, ${gpuFrom}`)]),
    ...(memoryMiB === null ? [] : [entry(4, 'memory', `${memoryMiB} MiB`, `as reported, ${gpuFrom}`)]),
    ...(group.intraNodeMeasured === null
      ? []
      : [
          entry(
            4,
            'intraNodeMeasured',
            rateText(group.intraNodeMeasured.bandwidth),
            group.intraNodeMeasured.from,
          ),
        ]),
    ...(group.bus === null ? [] : [entry(4, 'bus', group.bus, 'to the other GPUs of its hosts')]),
    ...(group.fastDomainGpus === null ? [] : [entry(4, 'fastDomainGpus', group.fastDomainGpus, 'assumed')]),
    ...(group.sharesCards ? [] : nicLines(group.nic)),
    ...(hosts.length === 0 ? [] : [entry(4, 'hosts', `[${hosts.map(quoted).join(', ')}]`, hostsFrom)]),
    ...(group.collectives.length === 0
      ? []
      : ['    collectives:', ...group.collectives.flatMap(collectiveLines)]),
    ...assumedLines(4, group.assumed),
  ];
}

function nicLines({
  link,
  bandwidth,
  perNode,
  devices,
  from,
  perNodeFrom,
  rate,
  node,
}: DraftGroup['nic']): string[] {
  return [
    '    nic:',
    entry(6, 'link', link, from),
    ...(bandwidth === null
      ? []
      : [entry(6, 'bandwidth', rateText(bandwidth), 'of a port, as told or as its slot carries')]),
    entry(6, 'perNode', perNode, perNodeFrom),
    ...(devices.length === 0
      ? []
      : [entry(6, 'devices', `[${devices.map(quoted).join(', ')}]`, perNodeFrom)]),
    ...(node === null ? [] : [entry(6, 'measured', rateText(node.bandwidth / perNode), node.from)]),
    ...(rate === null
      ? []
      : [entry(6, rate.of === 'flow' ? 'perFlow' : 'measured', rateText(rate.bandwidth), rate.from)]),
    ...(rate === null || rate.latency <= 0
      ? []
      : [entry(6, 'latency', latencyText(rate.latency), rate.from)]),
  ];
}

function collectiveLines({ collective, gpus, lines, from }: DraftCollective): string[] {
  const fit = lines.map(
    ({ latency, bandwidth }) =>
      `{ latency: ${latencyText(Math.max(latency, LEAST_LATENCY))}, bandwidth: ${rateText(bandwidth)} }`,
  );
  return [
    `      # ${comment(from)}`,
    `      - { collective: ${collective}, gpus: ${gpus}, lines: [${fit.join(', ')}] }`,
  ];
}

function latencyText(seconds: number): string {
  return `${(seconds * 1e6).toPrecision(4)} us`;
}

function matrixLines({ bandwidth, perFlow, from }: Draft['matrix']): string[] {
  if (bandwidth === null) return [];
  const cell = (value: number, same: boolean) => (same ? 'null' : `"${rateText(value)}"`);
  const table = (key: string, rows: readonly (readonly number[])[]) => [
    `  ${key}:`,
    ...rows.map((row, i) => `    - [${row.map((value, j) => cell(value, i === j)).join(', ')}]`),
  ];
  return [
    ...from.map((line) => `# ${comment(line)}`),
    'measured:',
    ...table('bandwidth', bandwidth),
    ...(perFlow === null ? [] : table('perFlow', perFlow)),
  ];
}
