import { isSlice } from '../../catalogue/gpu-names.ts';
import {
  type Facts,
  type HostFact,
  type Importer,
  linesOf,
  nothing,
  type PortFact,
  type Where,
} from '../facts/facts.ts';
import { record } from './json-shape.ts';

/** A node by its labels and what it offers. */
interface KubernetesNode {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly capacity: ReadonlyMap<string, string>;
  readonly unschedulable: boolean;
  readonly where: Where;
}

/** `kubectl describe nodes`: labels of GPU feature discovery and of the cloud, and capacity. */
export const kubectlDescribe: Importer = {
  format: 'kubectl describe nodes',
  recognises: (text) => /^Name:\s+\S+\s*$/m.test(text) && /^(Labels|Capacity):/m.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const starts = lines.flatMap((line, i) => (/^Name:\s+\S/.test(line) ? [i] : []));
    const nodes = starts.map((start, i) =>
      described(lines.slice(start, starts[i + 1] ?? lines.length), { file, line: start + 1 }),
    );
    return nodeFacts(this.format, nodes);
  },
};

/** `kubectl get nodes -o json`, of one node or of several. */
export const kubectlJson: Importer = {
  format: 'kubectl get nodes -o json',
  recognises: (text) =>
    /^\s*\{/.test(text) && /"kind"\s*:\s*"(Node|NodeList|List)"/.test(text) && /"capacity"\s*:/.test(text),
  read(text, file): Facts {
    const document = record(JSON.parse(text));
    const items = Array.isArray(document.items) ? document.items : [document];
    const nodes = items.map(record).map(({ metadata, status, spec }): KubernetesNode => {
      const { name, labels } = record(metadata);
      return {
        name: String(name),
        labels: entries(labels),
        capacity: entries(record(status).capacity),
        unschedulable: record(spec).unschedulable === true,
        where: { file, line: 1 },
      };
    });
    return nodeFacts(this.format, nodes);
  },
};

function described(lines: readonly string[], where: Where): KubernetesNode {
  return {
    name: /^Name:\s+(\S+)/.exec(lines[0]!)![1]!,
    labels: pairsOf(sectionOf(lines, 'Labels'), '='),
    capacity: pairsOf(sectionOf(lines, 'Capacity'), ':'),
    unschedulable: lines.some((line) => /^Unschedulable:\s+true\s*$/.test(line)),
    where,
  };
}

/** What stands beside a heading and under it, indented. */
function sectionOf(lines: readonly string[], heading: string): string[] {
  const start = lines.findIndex((line) => line.startsWith(`${heading}:`));
  if (start < 0) return [];
  const end = lines.findIndex((line, i) => i > start && /^\S/.test(line));
  const section = lines.slice(start, end < 0 ? undefined : end);
  return [section[0]!.slice(heading.length + 1), ...section.slice(1)].map((line) => line.trim());
}

function pairsOf(lines: readonly string[], sign: '=' | ':'): Map<string, string> {
  return new Map(
    lines.flatMap((line) => {
      const at = line.indexOf(sign);
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
    }),
  );
}

const GPU_COUNTS = [
  'nvidia.com/gpu',
  'amd.com/gpu',
  'habana.ai/gaudi',
  'google.com/tpu',
  'aws.amazon.com/neuron',
];
const PRODUCTS = [
  'nvidia.com/gpu.product',
  'amd.com/gpu.product-name',
  'beta.amd.com/gpu.product-name',
  'cloud.google.com/gke-accelerator',
  'cloud.google.com/gke-tpu-accelerator',
  'gpu.nvidia.com/model',
];
const TYPES = ['node.kubernetes.io/instance-type', 'beta.kubernetes.io/instance-type'];
const EFA = 'vpc.amazonaws.com/efa';

function nodeFacts(format: string, nodes: readonly KubernetesNode[]): Facts {
  const hosts: HostFact[] = [];
  const ports: PortFact[] = [];
  const unusable: string[] = [];
  const notes: string[] = [];
  for (const { name, labels, capacity, unschedulable, where } of nodes) {
    const gpus = Number(
      labels.get('nvidia.com/gpu.count') ??
        GPU_COUNTS.map((key) => capacity.get(key)).find((count) => count !== undefined) ??
        0,
    );
    if (!(gpus > 0)) continue;
    const product = PRODUCTS.map((key) => labels.get(key)).find((one) => one !== undefined) ?? null;
    if (unschedulable) {
      unusable.push(name);
      notes.push(`${name} left out: it is cordoned (Unschedulable)`);
      continue;
    }
    if (product !== null && isSlice(product)) {
      notes.push(`${name}: ${product} left out: slices of a GPU (MIG)`);
      continue;
    }
    const memory = Number(labels.get('nvidia.com/gpu.memory'));
    const efa = Number(capacity.get(EFA) ?? 0);
    hosts.push({
      hosts: [name],
      count: 1,
      gpuName: product?.replace(/-SHARED$/, '') ?? null,
      memoryMiB: memory > 0 ? memory : null,
      gpusPerHost: gpus,
      pcieGeneration: null,
      features: TYPES.flatMap((key) => labels.get(key) ?? []),
      where,
    });
    if (efa > 0) ports.push({ host: name, layer: 'efa', rate: null, count: efa, devices: [], where });
  }
  return { ...nothing(format), hosts, ports, unusable, notes };
}

function entries(value: unknown): Map<string, string> {
  return new Map(Object.entries(record(value)).map(([key, one]) => [key, String(one)]));
}
