import type { Dtype } from '../domain/dtype.ts';
import {
  type AttentionCurve,
  GEMM_DTYPES,
  type GemmCurve,
  type GpuSpec,
  PEAK_DTYPES,
} from '../domain/gpu.ts';
import type { Provenance } from '../domain/provenance.ts';
import {
  type AttentionDocument,
  type GemmCurveDocument,
  type GpuDocument,
  gpuSchema,
} from '../schema/gpu.ts';
import { bundled, type Document, dataFolder, listNames, readDocument, validateDocument } from './document.ts';
import { quantityAt } from './quantity-at.ts';

const FOLDER = dataFolder('hardware-profiles', 'gpus');
const loaded = new Map<string, GpuSpec>();

export function listGpus(): string[] {
  return listNames(FOLDER);
}

/** A GPU by id (or a YAML path). Errors are InputErrors that name file, line and value. */
export function loadGpu(id: string): GpuSpec {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const document = readDocument(id.endsWith('.yaml') ? id : bundled('GPU', FOLDER, id));
  const gpu = gpuFrom(document);
  loaded.set(id, gpu);
  return gpu;
}

function gpuFrom(document: Document): GpuSpec {
  const doc = validateDocument(document, gpuSchema);
  const peakFlops: Partial<Record<Dtype, number>> = {};
  for (const dtype of PEAK_DTYPES) {
    const text = doc.peak[dtype];
    if (text !== undefined) peakFlops[dtype] = quantityAt(document, `/peak/${dtype}`, text, 'flops');
  }
  const kernels = doc.like === undefined ? own(document, doc, peakFlops) : relative(doc, peakFlops);
  return {
    id: doc.id,
    name: doc.name,
    vendor: doc.vendor,
    architecture: doc.architecture,
    multiprocessors: doc.multiprocessors,
    peakFlops,
    memoryBytes: quantityAt(document, '/memory/size', doc.memory.size, 'bytes'),
    memoryBandwidth: quantityAt(document, '/memory/bandwidth', doc.memory.bandwidth, 'bandwidth'),
    powerWatts: quantityAt(document, '/power', doc.power, 'power'),
    streamEfficiency: doc.streamEfficiency,
    sustainedSlowdown: doc.sustainedSlowdown,
    dollarsPerHour: doc.price?.perGpuHour ?? null,
    gemm: kernels.gemm,
    attention: kernels.attention,
    provenance: {
      peak: doc.peak.provenance,
      memory: doc.memory.provenance,
      gemm: kernels.provenance,
      attention: kernels.provenance,
      price: doc.price === undefined ? 'assumed' : 'datasheet',
    },
  };
}

interface Kernels {
  readonly gemm: GpuSpec['gemm'];
  readonly attention: AttentionCurve;
  readonly provenance: Provenance;
}

/** fp16 and bf16 share tensor cores and curve. */
function own(document: Document, doc: GpuDocument, peaks: GpuSpec['peakFlops']): Kernels {
  if (doc.gemm === undefined || doc.attention === undefined) {
    throw new Error(`${doc.id}: neither gemm and attention curves nor like`);
  }
  const gemm: Partial<Record<Dtype, GemmCurve>> = {};
  for (const dtype of GEMM_DTYPES) {
    const curve = doc.gemm[dtype];
    if (curve !== undefined) gemm[dtype] = gemmFrom(document, `/gemm/${dtype}`, curve);
  }
  if (peaks.fp16 !== undefined && gemm.bf16 !== undefined) gemm.fp16 = gemm.bf16;
  return {
    gemm,
    attention: attentionFrom(document, doc.attention),
    provenance: doc.gemm.provenance,
  };
}

function gemmFrom(document: Document, at: string, curve: GemmCurveDocument): GemmCurve {
  return {
    peakFlops: quantityAt(document, `${at}/peak`, curve.peak, 'flops'),
    maxEfficiency: curve.maxEfficiency,
    fixedSeconds: quantityAt(document, `${at}/fixedTime`, curve.fixedTime, 'time'),
    kOverhead: curve.kOverhead,
    throttleDepth: curve.throttleDepth,
    throttleSeconds: quantityAt(document, `${at}/throttleTime`, curve.throttleTime, 'time'),
    memoryEfficiency: curve.memoryEfficiency,
    quantPasses: curve.quantPasses,
  };
}

function attentionFrom(document: Document, a: AttentionDocument): AttentionCurve {
  return {
    peakFlops: quantityAt(document, '/attention/peak', a.peak, 'flops'),
    efficiencyHeadDim128: a.efficiencyHeadDim128,
    efficiencyHeadDim64: a.efficiencyHeadDim64,
    startupTokens: a.startupTokens,
    fixedSeconds: quantityAt(document, '/attention/fixedTime', a.fixedTime, 'time'),
    memoryEfficiency: a.memoryEfficiency,
    waveQuantisation: a.waveQuantisation,
  };
}

/** A relative's curves at this GPU's own peaks: an assumption, and marked as one. */
function relative(doc: GpuDocument, peaks: GpuSpec['peakFlops']): Kernels {
  const { gpu, efficiencyRatio } = doc.like!;
  const sibling = loadGpu(gpu);
  const base = sibling.gemm.bf16!;
  const gemm: Partial<Record<Dtype, GemmCurve>> = {};
  for (const dtype of ['bf16', 'fp16', 'fp8'] as const) {
    const peak = peaks[dtype];
    if (peak === undefined) continue;
    const curve = sibling.gemm[dtype] ?? base;
    gemm[dtype] = { ...curve, peakFlops: peak, maxEfficiency: curve.maxEfficiency * efficiencyRatio };
  }
  const attention = {
    ...sibling.attention,
    peakFlops: peaks.bf16 ?? peaks.fp16 ?? sibling.attention.peakFlops,
    efficiencyHeadDim128: sibling.attention.efficiencyHeadDim128 * efficiencyRatio,
    efficiencyHeadDim64: sibling.attention.efficiencyHeadDim64 * efficiencyRatio,
  };
  const same = Math.abs(efficiencyRatio - 1) < 0.02 && sibling.architecture === doc.architecture;
  return { gemm, attention, provenance: same ? 'fitted' : 'assumed' };
}
