import type { Draft, DraftGroup } from './merge.ts';

/** The draft as a commented cluster file that the catalogue reads. */
export function renderCluster({ name, groups, matrix, measured, unknown, notes }: Draft): string {
  const lines = [
    'schema: shardwright.cluster/1',
    `name: ${JSON.stringify(name)}`,
    ...comments('Could not be learned, and what stands in for it:', unknown),
    ...comments('Noted:', notes),
    ...comments('Measured, for comparison with the links named below:', measured),
    'groups:',
    ...groups.flatMap(group),
  ];
  if (matrix !== null) {
    lines.push(
      `# Node to node, row sends to column, in the order of the hosts above (${matrix.where.file}:${matrix.where.line}).`,
      'measured:',
      '  bandwidth:',
      ...matrix.bandwidth.map(
        (row, i) =>
          `    - [${row.map((value, j) => (i === j ? 'null' : `"${(value / 1e9).toPrecision(5)} GB/s"`)).join(', ')}]`,
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

function comments(title: string, list: readonly string[]): string[] {
  return list.length === 0
    ? []
    : [`# ${title}`, ...list.map((line) => `#   ${line.replaceAll(/\s+/g, ' ')}`)];
}

function group({
  id,
  gpu,
  gpuFrom,
  hosts,
  nodes,
  gpusPerNode,
  intraNode,
  intraNodeFrom,
  nic,
}: DraftGroup): string[] {
  const bandwidth = nic.bandwidth === null ? '' : `, bandwidth: ${(nic.bandwidth / 1e9).toPrecision(4)} GB/s`;
  return [
    `  - id: ${id}`,
    `    gpu: ${gpu} # ${gpuFrom}`,
    `    nodes: ${nodes}`,
    `    gpusPerNode: ${gpusPerNode}`,
    `    intraNode: ${intraNode} # ${intraNodeFrom}`,
    `    nic: { link: ${nic.link}, perNode: ${nic.perNode}${bandwidth} } # ${nic.from}`,
    ...(hosts.length === 0 ? [] : [`    hosts: [${hosts.map((host) => JSON.stringify(host)).join(', ')}]`]),
  ];
}
