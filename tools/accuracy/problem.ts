import { gpuIdOf, inSlot } from '../../src/catalogue/gpu-names.ts';
import { listGpus, loadGpu } from '../../src/catalogue/gpus.ts';
import { loadLink } from '../../src/catalogue/links.ts';
import { listStacks, loadStack } from '../../src/catalogue/stacks.ts';
import { usualCards, usualIntraNode } from '../../src/catalogue/usual-host.ts';
import { packingFrom } from '../../src/cli/packing.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { PRECISIONS, type Precision } from '../../src/domain/dtype.ts';
import type { GpuSpec } from '../../src/domain/gpu.ts';
import { asDriven } from '../../src/domain/half-sums.ts';
import type { HostFacts } from '../../src/domain/host.ts';
import type { LinkSpec } from '../../src/domain/link.ts';
import type { LayerKind, LayerPart, ModelSpec } from '../../src/domain/model.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { ATTENTION_KERNELS, type Stack } from '../../src/domain/stack.ts';
import { denseMlp } from '../../src/layers/ffn/dense.ts';
import { moeMlp } from '../../src/layers/ffn/moe.ts';
import type { LatentAttention } from '../../src/layers/mixers/latent.ts';
import { softmaxAttention } from '../../src/layers/mixers/softmax.ts';
import { withinSequence } from '../../src/layers/within-sequence.ts';
import { hybridOf } from './hybrids.ts';
import { EXPERTS_OVERLAPPED, openStacks, wholeIteration } from './open-facts.ts';
import { optimizerOfRow, statesOfRow } from './optimizer.ts';
import type { Row } from './row.ts';
import { trainedModel } from './training.ts';

/** The given side of a row under each of the facts of its stack that it leaves open: the first is what is usual. */
export function problemsOf(row: Row, assumptions: string[]): Problem[] {
  const problem = problemOf(row, assumptions);
  return openStacks(problem.stack, row, assumptions).map((stack) => ({ ...problem, stack }));
}

/** The given side of a row. Throws when the row cannot be expressed; notes what had to be assumed. */
export function problemOf(row: Row, assumptions: string[]): Problem {
  const hybrid = hybridOf(row, assumptions);
  for (const [name, value] of [
    ...(hybrid === null
      ? ([
          ['layers', row.model.layers],
          ['hidden', row.model.hidden],
          ['heads', row.model.heads],
        ] as const)
      : []),
    ['gpus', row.hardware.gpus],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) throw new Error(`${name} not stated`);
  }
  if (typeof row.hardware.gpu !== 'string') throw new Error('gpu not stated');
  if (!row.sequenceLength || !row.config.globalBatch)
    throw new Error('sequence length or global batch not stated');
  return asDriven({
    model: trainedModel(
      withinSequence(hybrid ?? modelOf(row, assumptions), row.sequenceLength),
      row,
      assumptions,
    ),
    cluster: clusterOf(row, assumptions),
    stack: stackOf(row, assumptions),
    workload: {
      sequenceLength: row.sequenceLength,
      globalBatchSize: row.config.globalBatch,
      precision: precisionOf(row, assumptions),
      ...optimizerOfRow(row),
      headroom: 0,
      ...packed(row, row.sequenceLength, assumptions),
    },
  });
}

function packed({ config: { packing } }: Row, sequenceLength: number, assumptions: string[]) {
  if (!packing) return {};
  if (packing === true) {
    assumptions.push('packed samples of lengths not stated: attention over whole sequences');
    return {};
  }
  const text =
    typeof packing === 'string'
      ? packing
      : Object.entries(packing)
          .map(([key, value]) => `${key}=${value}`)
          .join(',');
  const found = packingFrom(text, sequenceLength)!;
  assumptions.push(...found.assumed);
  return { packing: found };
}

function precisionOf(row: Row, assumptions: string[]): Precision {
  const stated = row.config.precision;
  if (stated === 'fp8' && /row-?wise/i.test(row.config.fp8Recipe ?? '')) return 'fp8-rowwise';
  if (stated && (PRECISIONS as readonly string[]).includes(stated)) return stated as Precision;
  assumptions.push('precision bf16');
  return 'bf16';
}

function modelOf({ model: m, sequenceLength }: Row, assumptions: string[]): ModelSpec {
  if (!m.vocab) assumptions.push('vocabulary 51200');
  const gated = m.gatedMlp ?? false;
  const ffn = m.ffnHidden ?? (gated ? Math.round((8 * m.hidden) / 3) : 4 * m.hidden);
  const attention = (window: number | null): LayerPart =>
    m.attention?.kind === 'mla'
      ? latentAttention(m.heads, m.attention)
      : softmaxAttention(m.heads, m.headDim ?? m.hidden / m.heads, {
          kvHeads: m.kvHeads ?? m.heads,
          qkvBias: !gated,
          outBias: !gated,
          sinks: Boolean(m.slidingWindow && m.moe),
          slidingWindow: window,
        });
  const dense = denseMlp(ffn, { gated, bias: !gated });
  const moe = m.moe
    ? moeMlp(m.moe.experts, m.moe.topK, m.moe.expertFfnHidden, {
        sharedFfnHiddenSize: m.moe.sharedFfnHidden ?? (m.moe.sharedExperts ?? 0) * m.moe.expertFfnHidden,
        // gpt-oss is the one published family with both experts and a sliding window: biases and sinks go with it.
        expertBias: Boolean(m.slidingWindow),
      })
    : null;
  const window = m.slidingWindow ?? null;
  const kinds: LayerKind[] = [];
  const layers: number[] = [];
  const kindOf = (name: string, mixer: LayerPart, ffn: LayerPart) => {
    const known = kinds.findIndex((kind) => kind.name === name);
    if (known >= 0) return known;
    kinds.push({ name, mixer, ffn });
    return kinds.length - 1;
  };
  const denseFirst = m.moe
    ? (m.moe.denseFirst ?? Math.max(0, m.layers - (m.moe.moeLayers ?? m.layers)))
    : m.layers;
  for (let layer = 0; layer < m.layers; layer++) {
    const local =
      window !== null && (m.slidingWindowLayers?.includes('every other') !== true || layer % 2 === 0);
    const sparse = moe !== null && layer >= denseFirst;
    const name = `${sparse ? 'moe' : 'dense'}${local ? '-local' : ''}`;
    layers.push(kindOf(name, attention(local ? window : null), sparse ? moe : dense));
  }
  const positions =
    typeof m.learnedPositions === 'number'
      ? m.learnedPositions
      : (m.learnedPositions ?? !gated)
        ? (sequenceLength ?? 0)
        : 0;
  return {
    name: m.name ?? 'model',
    family: 'published-run',
    hiddenSize: m.hidden,
    vocabSize: m.vocab ?? 51200,
    tiedEmbeddings: m.tiedEmbeddings ?? !gated,
    learnedPositions: positions,
    norm: { kind: gated ? 'rms' : 'layer', perLayer: 2 },
    kinds,
    layers,
    mtpLayers: m.mtpLayers ?? 0,
  };
}

/** As DeepSeek-V3 has it, where a row does not say. */
function latentAttention(heads: number, a: NonNullable<Row['model']['attention']>): LatentAttention {
  return {
    kind: 'latent',
    heads,
    qLoraRank: a.qLoraRank ?? null,
    kvLoraRank: a.kvLoraRank ?? 512,
    qkNopeHeadDim: a.qkNopeHeadDim ?? 128,
    qkRopeHeadDim: a.qkRopeHeadDim ?? 64,
    vHeadDim: a.vHeadDim ?? 128,
  };
}

const FABRIC: Readonly<Record<string, string>> = {
  infiniband: 'ib-ndr400',
  roce: 'roce-400',
  'omni-path': 'omni-path-100',
  slingshot: 'slingshot-11',
  ethernet: 'eth-100',
};

/** By id of the catalogue, or as a tool or a publication calls it. */
function gpuOf(name: string): GpuSpec {
  return loadGpu(listGpus().includes(name) ? name : (gpuIdOf(name, null) ?? name));
}

/** Memory of a host that a row does not state, and that is not held against it. Bytes. */
const HOST_ENOUGH = 2 ** 43;

function clusterOf({ hardware: h, config }: Row, assumptions: string[]): Cluster {
  const stock = gpuOf(h.gpu);
  const gpu = h.gpuMemoryGiB ? { ...stock, memoryBytes: h.gpuMemoryGiB * 2 ** 30 } : stock;
  const gpusPerNode = Math.min(h.gpus, h.gpusPerNode ?? 8);
  const pcie = /pcie/i.test(h.intraNode ?? '') && !/(?<!no )nvlink/i.test(h.intraNode ?? '');
  const intraNode = busOf(h.intraNode ?? '', gpu, pcie, assumptions);
  const nodes = Math.ceil(h.gpus / gpusPerNode);
  const stated = h.interNode?.gbpsPerGpu;
  const usual = loadLink(gpu.host.network.link);
  const perGpu = (usual.bandwidth * usualCards(gpu.id, gpusPerNode, usual.id)) / gpusPerNode;
  if (!stated && nodes > 1) assumptions.push(`network ${(perGpu * 8) / 1e9} Gb/s per GPU`);
  const { fabric } = h.interNode ?? {};
  const base = fabric === 'efa' ? (gpu.host.network.efa ?? 'efa-p5') : (FABRIC[fabric ?? ''] ?? usual.id);
  const cards = h.interNode?.cardsPerNode ?? gpusPerNode;
  const perCard = ((stated ? (stated * 1e9) / 8 : perGpu) * gpusPerNode) / cards;
  const nic: LinkSpec = { ...loadLink(base), bandwidth: perCard };
  return {
    name: 'published',
    links: [],
    assumptions: [],
    groups: [
      {
        id: 'all',
        index: 0,
        gpu,
        nodes,
        gpusPerNode,
        firstDevice: 0,
        fastDomainGpus: segment(Math.min(h.gpus, h.fastDomainGpus ?? gpusPerNode), gpusPerNode, nodes),
        intraNode,
        nic: {
          link: nic,
          sockets: nic,
          perNode: cards,
          measured: null,
          devices: [],
          interface: null,
          fabric: null,
        },
        hosts: [],
        ...hostFacts(h.host ?? {}, Boolean(config.offload)),
        powerCapWatts: h.powerCapWatts ?? null,
        site: 'here',
        dollarsPerGpuHour: null,
        provenance: 'measured',
      },
    ],
  };
}

/** What joins the GPUs of a host: of a bus the generation and the lanes that a row states, or the words that it has for them. */
function busOf(words: string, gpu: GpuSpec, pcie: boolean, assumptions: string[]): LinkSpec {
  const older = pcie && /older board/i.test(words);
  const generation = /pcie\s*(?:gen\s*)?([3-5])/i.exec(words)?.[1] ?? (older ? '3' : null);
  const link = loadLink(
    usualIntraNode(gpu.id, pcie || inSlot(gpu.product.form), generation === null ? null : Number(generation)),
  );
  const slow = pcie && /slow lanes/i.test(words);
  if (slow) assumptions.push('PCIe 3.0 of eight lanes, for an older board with slow ones');
  const lanes = Number(/\bx(4|8|16)\b/.exec(words)?.[1] ?? (slow ? 8 : 16));
  return pcie && lanes < 16 ? { ...link, bandwidth: (link.bandwidth * lanes) / 16 } : link;
}

function hostFacts(stated: NonNullable<Row['hardware']['host']>, used: boolean): { host?: HostFacts } {
  const host = hostOf(stated);
  if (used) return { host: { memoryBytes: HOST_ENOUGH, ...host } };
  return Object.keys(host).length > 0 ? { host } : {};
}

/** GPUs of a rack that a run has: as many hosts of each rack it is on, as Slurm's --segment hands them out (16 of an NVL72's 18 to 64). */
function segment(domain: number, gpusPerNode: number, nodes: number): number {
  let hosts = Math.max(1, Math.floor(domain / gpusPerNode));
  while (nodes % hosts !== 0) hosts--;
  return Math.max(hosts * gpusPerNode, Math.min(domain, gpusPerNode));
}

/** What a row says of its hosts; a bus is told by its wire rate. */
function hostOf(host: NonNullable<Row['hardware']['host']>): HostFacts {
  const { memoryGiB, dramGBps, pcieGBpsPerGpu, gpusPerLink, cpu, coresBound } = host;
  return {
    ...(memoryGiB ? { memoryBytes: memoryGiB * 2 ** 30 } : {}),
    ...(dramGBps ? { memoryBandwidth: dramGBps * 1e9 } : {}),
    ...(pcieGBpsPerGpu ? { pcieBandwidth: pcieGBpsPerGpu * 1e9 } : {}),
    ...(gpusPerLink ? { gpusPerLink } : {}),
    ...(cpu ? { cpu } : {}),
    ...(coresBound ? { coresBound } : {}),
  };
}

function stackOf(row: Row, assumptions: string[]): Stack {
  const facts = row.stack ?? {};
  const named = facts.name && listStacks().includes(facts.name) ? facts.name : 'generic';
  if (named !== facts.name) assumptions.push('software stack generic');
  const stack = loadStack(named === 'torch-fsdp2' && compiles(row) ? 'torch-fsdp2-compiled' : named);
  const stated = ATTENTION_KERNELS.find((one) => one === facts.attentionKernel);
  const kernel = stated ?? (facts.attentionKernel === 'flash' ? flashOf(stack, row) : stack.attentionKernel);
  const graphs = { none: 'none', partial: 'partial', 'full-iteration': 'full' }[facts.cudaGraphs ?? ''] as
    | Stack['cudaGraphs']
    | undefined;
  const found: Stack = {
    ...stack,
    attentionKernel: kernel,
    dropoutMasks: facts.dropout ?? stack.dropoutMasks,
    lossKernel: (facts.lossKernel as Stack['lossKernel'] | null | undefined) ?? stack.lossKernel,
    gradAccumulationFusion: facts.gradAccumulationFusion ?? stack.gradAccumulationFusion,
    state: statesOfRow(row, stack.state),
    cudaGraphs: graphs ?? stack.cudaGraphs,
    routing: routingOf(row) ?? stack.routing,
    overlap: overlapOf(stack, row),
    ...(accumulatesWhole(row) ? { accumulatesWhole: true } : {}),
    moeDispatcher: dispatcherOf(facts.moeDispatcher) ?? usualDispatcher(stack, row, assumptions),
    compiled: row.config.torchCompile ?? stack.compiled,
    ...(facts.elementwise === 'eager' || facts.elementwise === 'fused'
      ? { elementwise: facts.elementwise }
      : {}),
    ...(facts.shardedEnds === 'apart' || facts.shardedEnds === 'with-root'
      ? { shardedEnds: facts.shardedEnds }
      : {}),
  };
  return wholeIteration(found, row);
}

/** What it says, or what async tensor parallelism needs. */
function compiles({ config: { torchCompile, overlapWords } }: Row): boolean {
  return torchCompile ?? /async TP/.test(overlapWords ?? '');
}

function routingOf({ stack, notes }: Row): Stack['routing'] | undefined {
  const words = /token-drop MoE/.test(notes ?? '') ? 'token-drop' : stack?.routing;
  if (words === 'natural' || words === 'token-drop') return words;
  return words === 'forced-balanced' ? 'balanced' : undefined;
}

/** Without a second micro-batch there is nothing to add up. */
function accumulatesWhole({ config, hardware }: Row): boolean {
  const ranks = config.dp ?? hardware.gpus / ((config.tp ?? 1) * (config.pp ?? 1) * (config.cp ?? 1));
  const several = (config.globalBatch ?? 0) > (config.microBatch ?? 0) * ranks;
  return several && /no_sync keeps whole/.test(config.overlapWords ?? '');
}

/**
 * Overlap switches the source states. Whether tensor parallelism ran over userbuffers most do not: the share that is fitted to all of
 * them stands for those.
 */
function overlapOf(stack: Stack, { config }: Row): Stack['overlap'] {
  const words = config.overlapWords ?? '';
  const average = /tp-comm-overlap/.test(words) ? undefined : stack.overlap.userbuffers;
  const tensor = /tp_linear_async|TP async/i.test(words)
    ? Math.max(stack.overlap.tensorParallel, 0.48)
    : (average ?? stack.overlap.tensorParallel);
  const expert = config.recipe?.moe_a2a_overlap === true ? EXPERTS_OVERLAPPED : stack.overlap.expertParallel;
  const data = /no overlap_comm/.test(words) ? 0 : stack.overlap.dataParallel;
  return { ...stack.overlap, dataParallel: data, tensorParallel: tensor, expertParallel: expert };
}

/** Racks of one scale-up domain came with HybridEP, which needs one, recipes of experts on FSDP with DeepEP (NeMo AutoModel); elsewhere the stack's own. */
function usualDispatcher(stack: Stack, row: Row, assumptions: string[]) {
  const { model, hardware, config } = row;
  if (!(model.moe || model.hybrid) || (config.ep ?? 1) === 1) return stack.moeDispatcher;
  const rack = (hardware.fastDomainGpus ?? 0) > (hardware.gpusPerNode ?? 8);
  const drops = routingOf(row) === 'token-drop';
  const usual = drops
    ? 'alltoall'
    : rack && stack.id === 'megatron-core'
      ? 'hybridep'
      : stack.fullySharded
        ? 'deepep'
        : stack.moeDispatcher;
  assumptions.push(`MoE dispatcher ${usual}`);
  return usual;
}

function dispatcherOf(words: string | null | undefined): Stack['moeDispatcher'] | undefined {
  if (!words) return undefined;
  if (/hybrid/.test(words)) return 'hybridep';
  if (/deepep/.test(words)) return 'deepep';
  return /gather/.test(words) ? 'allgather' : 'alltoall';
}

/** The stack's own generation; of an unnamed stack what was current that year. */
function flashOf(stack: Stack, row: Row): Stack['attentionKernel'] {
  if (stack.attentionKernel !== 'unfused' && stack.id !== 'generic') return stack.attentionKernel;
  const year = row.year ?? 2024;
  return year <= 2022 ? 'flash1' : year <= 2023 ? 'flash2' : 'flash3';
}
