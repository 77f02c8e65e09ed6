import type { Dtype } from '../domain/dtype.ts';
import {
  type AttentionCurve,
  GEMM_DTYPES,
  type GemmCurve,
  type GpuSpec,
  PEAK_DTYPES,
} from '../domain/gpu.ts';
import { InputError } from '../domain/input-error.ts';
import type { Provenance } from '../domain/provenance.ts';
import {
  type AttentionDocument,
  type GemmCurveDocument,
  type GpuDocument,
  gpuSchema,
} from '../schema/gpu.ts';
import { GPU_RANGES } from '../schema/ranges.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, type Document, listNames, readDocument, validateDocument } from './document.ts';
import { hostFrom, productFrom } from './gpu-product.ts';
import { quantityAt } from './quantity-at.ts';

const FOLDER = dataFolder('hardware-profiles', 'gpus');
const loaded = new Map<string, GpuSpec>();

export function listGpus(): string[] {
  return listNames(FOLDER);
}

/** All of them. */
export function allGpus(): readonly GpuSpec[] {
  all ??= listGpus().map(loadGpu);
  return all;
}

let all: readonly GpuSpec[] | undefined;

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
    if (text !== undefined)
      peakFlops[dtype] = quantityAt(document, `/peak/${dtype}`, text, 'flops', GPU_RANGES.peak);
  }
  if (peakFlops.bf16 === undefined && peakFlops.fp16 === undefined)
    throw new InputError({
      message: 'peak states neither bf16 nor fp16',
      expected: 'the dense rate of a format that models are trained in',
      at: document.locate('/peak'),
    });
  const kernels = doc.like === undefined ? own(document, doc, peakFlops) : relative(document, doc, peakFlops);
  return {
    id: doc.id,
    name: doc.name,
    vendor: doc.vendor,
    architecture: doc.architecture,
    product: productFrom(document, doc),
    host: hostFrom(document, doc),
    kernels: doc.kernels,
    multiprocessors: doc.multiprocessors,
    peakFlops,
    ...(doc.peak.halfSums === undefined
      ? {}
      : {
          halfSumsFlops: quantityAt(document, '/peak/halfSums', doc.peak.halfSums, 'flops', GPU_RANGES.peak),
        }),
    memoryBytes: quantityAt(document, '/memory/size', doc.memory.size, 'bytes', GPU_RANGES.memory),
    runtimeBytes:
      doc.memory.runtime === undefined
        ? 0
        : quantityAt(document, '/memory/runtime', doc.memory.runtime, 'bytes', GPU_RANGES.runtime),
    memoryBandwidth: quantityAt(
      document,
      '/memory/bandwidth',
      doc.memory.bandwidth,
      'bandwidth',
      GPU_RANGES.memoryBandwidth,
    ),
    powerWatts: quantityAt(document, '/power', doc.power, 'power', GPU_RANGES.power),
    streamEfficiency: doc.streamEfficiency,
    sustainedSlowdown: doc.sustainedSlowdown,
    sustainedFit: doc.sustainedFit ?? null,
    dollarsPerHour: doc.price?.perGpuHour ?? null,
    gemm: kernels.gemm,
    attention: kernels.attention,
    curvesOf: doc.like?.gpu ?? null,
    expertRuns: doc.expertRuns ?? false,
    provenance: {
      peak: doc.peak.provenance,
      memory: doc.memory.provenance,
      gemm: kernels.provenance,
      attention: kernels.attentionProvenance,
      price: doc.price === undefined ? 'assumed' : 'datasheet',
      host: doc.host.provenance,
    },
  };
}

interface Kernels {
  readonly gemm: GpuSpec['gemm'];
  readonly attention: AttentionCurve;
  readonly provenance: Provenance;
  readonly attentionProvenance: Provenance;
}

/** fp16 and bf16 share tensor cores and curve; a format without a curve takes the shape of theirs, at its own peak. */
function own(document: Document, doc: GpuDocument, peaks: GpuSpec['peakFlops']): Kernels {
  if (doc.gemm === undefined || doc.attention === undefined)
    throw new InputError({
      message: `${doc.id} has no ${doc.gemm === undefined ? 'gemm' : 'attention'} curve`,
      expected: 'gemm and attention, or like: { gpu, efficiencyRatio }',
      at: document.locate(''),
    });
  const gemm: Partial<Record<Dtype, GemmCurve>> = {};
  for (const dtype of GEMM_DTYPES) {
    const curve = doc.gemm[dtype];
    if (curve === undefined) continue;
    if (peaks[dtype] === undefined)
      throw new InputError({
        message: `gemm has a curve of ${dtype}, and peak no ${dtype}`,
        expected: 'a peak for each curve, which is a share of it',
        at: document.locate(`/gemm/${dtype}`),
      });
    gemm[dtype] = gemmFrom(document, `/gemm/${dtype}`, curve);
  }
  for (const dtype of ['fp16', 'tf32', 'fp32'] as const)
    if (peaks[dtype] !== undefined && gemm.bf16 !== undefined) gemm[dtype] ??= gemm.bf16;
  return {
    gemm,
    attention: attentionFrom(document, doc.attention),
    provenance: doc.gemm.provenance,
    attentionProvenance: doc.attention.provenance,
  };
}

function gemmFrom(document: Document, at: string, curve: GemmCurveDocument): GemmCurve {
  return {
    maxEfficiency: curve.maxEfficiency,
    fixedSeconds: quantityAt(document, `${at}/fixedTime`, curve.fixedTime, 'time', GPU_RANGES.kernel),
    kOverhead: curve.kOverhead,
    throttleDepth: curve.throttleDepth,
    throttleSeconds: quantityAt(
      document,
      `${at}/throttleTime`,
      curve.throttleTime,
      'time',
      GPU_RANGES.throttle,
    ),
    memoryEfficiency: curve.memoryEfficiency,
    quantPasses: curve.quantPasses,
    grouped: curve.grouped ?? null,
  };
}

function attentionFrom(document: Document, a: AttentionDocument): AttentionCurve {
  return {
    efficiencyHeadDim128: a.efficiencyHeadDim128,
    efficiencyHeadDim64: a.efficiencyHeadDim64,
    startupTokens: a.startupTokens,
    fixedSeconds: quantityAt(document, '/attention/fixedTime', a.fixedTime, 'time', GPU_RANGES.kernel),
    memoryEfficiency: a.memoryEfficiency,
    waveQuantisation: a.waveQuantisation,
    backward: a.backward ?? null,
    backwardUnequal: a.backwardUnequal ?? null,
  };
}

/** What it reached of a peak that it does not state would be read by nobody. */
function refuseWithoutPeak(document: Document, { like }: GpuDocument, peaks: GpuSpec['peakFlops']): void {
  for (const dtype of GEMM_DTYPES) {
    const has = dtype === 'bf16' ? (peaks.bf16 ?? peaks.fp16) : peaks[dtype];
    if (like?.reached?.[dtype] === undefined || has !== undefined) continue;
    throw new InputError({
      message: `like.reached has a share of ${dtype}, and peak no ${dtype}`,
      expected: 'a peak for each share of it',
      at: document.locate(`/like/reached/${dtype}`),
    });
  }
}

/** A relative's curves at this GPU's own peaks: an assumption, and marked as one, but for what it reached itself. */
function relative(document: Document, doc: GpuDocument, peaks: GpuSpec['peakFlops']): Kernels {
  const { gpu, efficiencyRatio } = doc.like!;
  if (gpu === doc.id || !listGpus().includes(gpu))
    throw new InputError({
      message: `like.gpu is "${gpu}"`,
      expected: 'another GPU of hardware-profiles/gpus, with curves of its own',
      at: document.locate('/like/gpu'),
    });
  const { reached } = doc.like!;
  const sibling = loadGpu(gpu);
  const base = sibling.gemm.bf16!;
  const gemm: Partial<Record<Dtype, GemmCurve>> = {};
  for (const dtype of PEAK_DTYPES) {
    const curve = sibling.gemm[dtype] ?? (dtype === 'nvfp4' || dtype === 'mxfp8' ? undefined : base);
    if (peaks[dtype] === undefined || curve === undefined) continue;
    const own = reached?.[dtype === 'fp16' ? 'bf16' : dtype];
    gemm[dtype] = { ...curve, maxEfficiency: own ?? curve.maxEfficiency * efficiencyRatio };
  }
  refuseWithoutPeak(document, doc, peaks);
  const { attention: curve } = sibling;
  const share = reached?.attention ?? curve.efficiencyHeadDim128 * efficiencyRatio;
  const attention = {
    ...curve,
    efficiencyHeadDim128: share,
    efficiencyHeadDim64: (share * curve.efficiencyHeadDim64) / curve.efficiencyHeadDim128,
  };
  const same = Math.abs(efficiencyRatio - 1) < 0.02 && sibling.architecture === doc.architecture;
  const provenance = reached?.provenance ?? (same ? 'fitted' : 'assumed');
  const attentionProvenance = reached?.attentionProvenance ?? provenance;
  return { gemm, attention, provenance, attentionProvenance };
}
