import { describe, expect, it } from 'vitest';
import { clusterFromText } from '../../src/catalogue/clusters.ts';
import { gpuIdOf, productOf } from '../../src/catalogue/gpu-names.ts';
import { listGpus, loadGpu } from '../../src/catalogue/gpus.ts';
import type { Dtype } from '../../src/domain/dtype.ts';
import type { GpuSpec } from '../../src/domain/gpu.ts';
import { renderCluster } from '../../src/importers/draft/render.ts';
import { problemOf } from '../../src/runs/problem.ts';
import type { Row } from '../../src/runs/row.ts';
import { search } from '../../src/search/search.ts';
import { imported } from '../fixtures/imported.ts';
import { query, sinfoLine } from '../fixtures/inventory.ts';
import { problem } from '../fixtures/problem.ts';

const VENDOR = {
  nvidia: 'NVIDIA',
  amd: 'AMD Instinct',
  intel: 'Intel',
  google: 'Google',
  amazon: 'AWS',
  huawei: 'Huawei',
};

/** As a driver prints a name: vendor, name, form. */
function printed({ vendor, product }: GpuSpec, name: string): string {
  const form = product.form === 'package' || product.form === 'server' ? '' : ` ${product.form ?? ''}`;
  return `${VENDOR[vendor]} ${name}${form}`.trim();
}

describe('every GPU of the catalogue, by its YAML file alone', () => {
  it.each(listGpus())('%s is imported by each of its names, and the file loads', (id) => {
    const gpu = loadGpu(id);
    const { names, standsInFor } = gpu.product;
    for (const name of [...names, ...standsInFor]) {
      const mib = Math.floor(gpu.memoryBytes / 2 ** 20);
      const { draft, cluster } = imported({ 'smi.csv': query(printed(gpu, name), mib, 4) });
      expect(draft.groups.map((group) => group.gpu)).toEqual([id]);
      expect(cluster.groups[0]!.gpu.id).toBe(id);
      expect(renderCluster(draft)).toContain(`gpu: ${id} # `);
      const slurm = imported({ 's.txt': sinfoLine('n[1-2]', `gpu:${name.replaceAll(' ', '_')}:4`) });
      expect(productOf(name, null)!.ids).toContain(id);
      expect(productOf(name, null)!.ids).toContain(slurm.cluster.groups[0]!.gpu.id);
    }
  });

  it.each(listGpus())('%s has a peak for each curve, and none that curves are not a share of', (id) => {
    const gpu = loadGpu(id);
    for (const dtype of Object.keys(gpu.gemm) as Dtype[]) expect(gpu.peakFlops[dtype]).toBeGreaterThan(0);
    for (const curve of [...Object.values(gpu.gemm), gpu.attention])
      expect(curve).not.toHaveProperty('peakFlops');
    for (const [dtype, peak] of Object.entries(gpu.peakFlops)) expect(peak, dtype).toBeGreaterThan(1e12);
  });

  it.each(listGpus())('%s plans on hosts as they are sold', (id) => {
    const gpu = loadGpu(id);
    const { intraNode, nic } = imported({ 'z.json': machine(id, 2) }).cluster.groups[0]!;
    const cluster = clusterFromText(
      `schema: shardwright.cluster/1
groups:
  - { id: a, gpu: ${id}, nodes: 2, gpusPerNode: 2, intraNode: ${intraNode.id}, nic: { link: ${nic.link.id}, perNode: ${nic.perNode} } }`,
      'sold.yaml',
    );
    const precision = gpu.peakFlops.bf16 === undefined ? 'fp16' : 'bf16';
    const base = problem('llama-3.2-1b', 'dgx-h100-8', {
      globalBatchSize: 8,
      sequenceLength: 1024,
      precision,
    });
    const workload = { ...base.workload, optimizer: 'adamw' };
    const [best] = search({ ...base, workload, cluster }, { top: 1, maxEvaluations: 20 }).plans;
    expect(best!.estimate.stepSeconds).toBeGreaterThan(0);
  });

  it.each(listGpus())('%s is scored by its id and by its name', (id) => {
    const gpu = loadGpu(id);
    const of = (name: string) => problemOf(row(name), []).cluster.groups[0]!;
    expect(of(id).gpu).toBe(gpu);
    const name = printed(gpu, gpu.product.names[0]!);
    expect(of(name).gpu.id).toBe(gpuIdOf(name, null));
    expect(of(id).intraNode.topology).not.toBe('network');
  });
});

/** Zorse's cluster_info.json names GPUs by the id too. */
function machine(id: string, gpus: number): string {
  return JSON.stringify({ machines: [{ machine: 'n1', gpus: Array(gpus).fill({ name: id }) }] });
}

function row(gpu: string): Row {
  return {
    id: 'r',
    group: 'g',
    model: { layers: 2, hidden: 128, heads: 2 },
    sequenceLength: 128,
    hardware: { gpu, gpus: 16, gpusPerNode: 8 },
    config: { globalBatch: 16 },
    measured: {},
  };
}
