import { describe, expect, it } from 'vitest';
import { chunkLayers } from '../../../src/runs/chunk-layers.ts';
import { clusterOf } from '../../../src/runs/cluster.ts';
import type { Row } from '../../../src/runs/row.ts';

describe('layers of a row that states its final stage', () => {
  it('gives one more to the last stages before it', () => {
    expect(chunkLayers(32, 8, 1, null, 3)).toEqual([4, 4, 4, 4, 4, 4, 5, 3]);
    expect(chunkLayers(32, 8, 1, null, 2)).toEqual([4, 4, 4, 4, 4, 5, 5, 2]);
    expect(chunkLayers(32, 8, 1, null, 4)).toEqual([4, 4, 4, 4, 4, 4, 4, 4]);
  });
});

describe('a network whose rate a row does not state', () => {
  const rateOf = (gpu: string, fabric: string | null, gbpsPerGpu: number | null = null) => {
    const hardware = {
      ...{ gpu, gpus: 16, gpusPerNode: 4, intraNode: 'PCIe Gen4' },
      interNode: { fabric, gbpsPerGpu: gbpsPerGpu },
    };
    const assumptions: string[] = [];
    const { nic } = clusterOf({ hardware, config: {} } as Row, assumptions).groups[0]!;
    return { perGpu: (8 * nic.link.bandwidth * nic.perNode) / 4 / 1e9, assumptions };
  };

  it('is plain Ethernet on cards that come with no other, and RDMA where it is called that', () => {
    expect(rateOf('l40s', null)).toEqual({ perGpu: 6.25, assumptions: ['network 6.25 Gb/s per GPU'] });
    expect(rateOf('l40s', 'ethernet').perGpu).toBe(6.25);
    expect(rateOf('l40s', 'roce')).toEqual({ perGpu: 100, assumptions: ['network 100 Gb/s per GPU'] });
    expect(rateOf('l40s', 'infiniband').perGpu).toBe(100);
  });

  it('stays as stated, or as the hosts of the GPU have it', () => {
    expect(rateOf('l40s', 'roce', 25)).toEqual({ perGpu: 25, assumptions: [] });
    expect(rateOf('h100-sxm', 'roce').perGpu).toBe(rateOf('h100-sxm', null).perGpu);
  });
});
