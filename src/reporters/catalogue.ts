import { type GpuSpec, VENDOR_NAMES } from '../domain/gpu.ts';
import { LAYER_NAMES, type LinkSpec, promisedBandwidth } from '../domain/link.ts';
import type { Stack } from '../domain/stack.ts';
import type { CatalogueReport } from '../schema/catalogue-report.ts';
import { formatBandwidth, formatBytes, formatPercent, formatSeconds } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { grid, painter, type Style } from './paint.ts';

type Row = readonly [string, string];

export function gpuDocument(gpu: GpuSpec): CatalogueReport {
  return { schema: 'shardwright.catalogue-report/1', gpu: { ...gpu } };
}

export function linkDocument(link: LinkSpec): CatalogueReport {
  return { schema: 'shardwright.catalogue-report/1', link: { ...link } };
}

export function stackDocument(stack: Stack): CatalogueReport {
  return { schema: 'shardwright.catalogue-report/1', stack: { ...stack } };
}

export function gpuTable(gpu: GpuSpec, style: Style): string {
  const { host, product, provenance } = gpu;
  const peaks = Object.entries(gpu.peakFlops).map(([dtype, rate]) => `${dtype} ${(rate / 1e12).toFixed(1)}`);
  return table(gpu.id, gpu.name, style, [
    ['vendor', `${VENDOR_NAMES[gpu.vendor]}, ${gpu.architecture}`],
    ['called', [...product.names, ...product.standsInFor].join(', ')],
    ['dense TFLOP/s', `${peaks.join(', ')} (${provenance.peak})`],
    [
      'memory',
      `${formatBytes(gpu.memoryBytes)}, ${formatBandwidth(gpu.memoryBandwidth)} (${provenance.memory})`,
    ],
    ['power', `${gpu.powerWatts} W`],
    ['kernels', `GEMM ${provenance.gemm}, attention ${provenance.attention}`],
    ['bus', `PCIe ${host.pcie}, ${host.peerToPeer ? 'with' : 'without'} peer-to-peer (${provenance.host})`],
    ...(host.scaleUp === null
      ? []
      : [['scale-up', `${host.scaleUp.link}${host.scaleUp.usual ? '' : ', with bridges'}`] as const]),
    ['network', `${host.network.link}, a port for each ${host.network.cardPer} (${provenance.host})`],
    [
      'price',
      gpu.dollarsPerHour === null ? 'none seen' : `$${gpu.dollarsPerHour} an hour (${provenance.price})`,
    ],
    ['sources', `hardware-profiles/gpus/${gpu.id}.yaml`],
  ]);
}

export function linkTable(link: LinkSpec, style: Style): string {
  const { layer, perFlow, inSwitchReduction: reduction, portsPerNode } = link;
  return table(link.id, link.name, style, [
    ['topology', layer === null ? link.topology : `${link.topology}, ${LAYER_NAMES[layer]}`],
    ['called', [link.id, ...link.names].join(', ')],
    ['wire, one way', `${formatBandwidth(link.bandwidth)} a ${layer === null ? 'GPU' : 'port'}`],
    [
      'large transfers',
      `${formatBandwidth(promisedBandwidth(link))} (${formatPercent(link.efficiency)} of the wire)`,
    ],
    ...(perFlow === null ? [] : [['one flow', formatBandwidth(perFlow)] as const]),
    ...(portsPerNode === null ? [] : [['ports of a node', String(portsPerNode)] as const]),
    ['latency', formatSeconds(link.latency)],
    ...(reduction === null
      ? []
      : [
          [
            'in-switch reduction',
            `${formatBandwidth(reduction.busBandwidth)} from ${reduction.minGpus} GPUs on`,
          ] as const,
        ]),
    ['measured curves', String(link.collectives.length)],
    ['provenance', link.provenance],
    ['sources', `hardware-profiles/links/${link.id}.yaml`],
  ]);
}

export function stackTable(stack: Stack, style: Style): string {
  const { timeMultiplier, allocator } = stack;
  return table(stack.id, stack.name, style, [
    ['attention', stack.attentionKernel],
    ['loss', stack.lossKernel],
    ['CUDA graphs', stack.cudaGraphs],
    ['experts', `${stack.moeDispatcher}, ${stack.routing} routing`],
    ['context exchange', stack.contextExchange],
    [
      'host',
      `${formatSeconds(stack.host.secondsPerUnit)} a launch unit, ${formatSeconds(stack.host.secondsPerStep)} a step`,
    ],
    [
      'allocator',
      `${formatBytes(allocator.contextBytes)} of context, ${formatBytes(allocator.bytesPerCommunicator)} a communicator`,
    ],
    [
      'calibration',
      `×${timeMultiplier.value} of the whole step, spread ${formatPercent(timeMultiplier.width)}`,
    ],
    ['sources', `configs/stacks/${stack.id}.yaml`],
  ]);
}

/** A title and its rows; the last column takes what is left of the line. */
function table(id: string, name: string, style: Style, rows: readonly Row[]): string {
  const widest = Math.max(...rows.map(([key]) => key.length)) + 2;
  const cells = rows.map(([key, value]) => [key, wrap(value, style.columns - widest)]);
  return `${painter(style).bold(`${id}: ${name}`)}\n\n${grid(['', ''], cells).split('\n').slice(1).join('\n')}\n`;
}
