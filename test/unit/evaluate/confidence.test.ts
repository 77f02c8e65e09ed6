import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/catalogue/clusters.ts';
import { loadModel } from '../../../src/catalogue/models.ts';
import { loadStack } from '../../../src/catalogue/stacks.ts';
import type { Cluster, NodeGroup } from '../../../src/domain/cluster.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Provenance } from '../../../src/domain/provenance.ts';
import { assumptionsOf, provenanceOf } from '../../../src/evaluate/confidence.ts';
import { errorBand } from '../../../src/evaluate/error-band.ts';
import { MIXED, planned } from '../frameworks/fixture.ts';

/** All that is said of a group, as well known as that. */
function known(group: NodeGroup, all: Provenance): NodeGroup {
  const { gpu, intraNode, nic } = group;
  const provenance = { gemm: all, attention: all, memory: all, peak: all };
  return {
    ...group,
    provenance: all,
    gpu: { ...gpu, provenance: { ...gpu.provenance, ...provenance } },
    intraNode: { ...intraNode, provenance: all },
    nic: { ...nic, measured: nic.link.bandwidth, link: { ...nic.link, provenance: all } },
  };
}

/** H100s and A100s of which the figures are measured, but for the change. */
function on(change: (groups: NodeGroup[]) => NodeGroup[], over: Partial<Cluster> = {}): Problem {
  const groups = change(MIXED.cluster.groups.map((group) => known(group, 'measured')));
  return { ...MIXED, cluster: { ...MIXED.cluster, groups, assumptions: [], links: [], ...over } };
}

const BOTH = planned(MIXED, 'tp=8,pp=4,dp=2,layers=26/26/14/14');
const H100 = planned(MIXED, 'tp=8,pp=4,dp=1,groups=h100');
const MEASURED = on((groups) => groups);

describe('the weakest figure', () => {
  it('is that of a GPU or link in use, whichever it is of', () => {
    expect(provenanceOf(MEASURED, BOTH)).toBe('measured');
    const weak = 'assumed';
    const changes: ((group: NodeGroup) => NodeGroup)[] = [
      ...(['gemm', 'attention', 'memory', 'peak'] as const).map((figure) => (group: NodeGroup) => ({
        ...group,
        gpu: { ...group.gpu, provenance: { ...group.gpu.provenance, [figure]: weak } },
      })),
      (group) => ({ ...group, provenance: weak }),
      (group) => ({ ...group, intraNode: { ...group.intraNode, provenance: weak } }),
      (group) => ({ ...group, nic: { ...group.nic, link: { ...group.nic.link, provenance: weak } } }),
    ];
    for (const [i, change] of changes.entries()) {
      const problem = on(([h100, a100]) => [h100!, change(a100!)]);
      expect(provenanceOf(problem, BOTH), `${i}`).toBe(weak);
      expect(provenanceOf(problem, H100), `${i}`).toBe('measured');
    }
  });

  it('is that of a link between groups only where the plan has both ends of it', () => {
    const [link] = loadCluster('two-regions').value.links;
    expect(link).toMatchObject({ from: 0, to: 1 });
    const problem = on((groups) => groups, { links: [{ ...link!, provenance: 'datasheet' }] });
    expect(provenanceOf(problem, BOTH)).toBe('datasheet');
    expect(provenanceOf(problem, H100)).toBe('measured');
  });

  it('is not that of a network that one node has no use for', () => {
    const weak = on((groups) =>
      groups.map((one) => ({ ...known(one, 'measured'), nic: known(one, 'assumed').nic })),
    );
    expect(provenanceOf(weak, H100)).toBe('assumed');
    const one = on((groups) =>
      groups.map((group) => ({ ...group, nic: known(group, 'assumed').nic, nodes: 1 })),
    );
    expect(provenanceOf(one, H100)).toBe('measured');
  });
});

describe('the error to expect', () => {
  const stack = { ...MIXED.stack, timeMultiplier: { value: 1, width: 0 } };
  const band = (over: Partial<Problem>) => errorBand({ ...MEASURED, stack, ...over }, BOTH);
  const precision = (name: Problem['workload']['precision']) => ({
    workload: { ...MIXED.workload, precision: name },
  });

  it('is that of published runs of the kind, where all else is known', () => {
    expect(band({})).toBeCloseTo(0.11, 12);
    expect(band({ model: loadModel('mixtral-8x7b').value })).toBeCloseTo(0.2, 12);
    expect(band({ model: loadModel('mixtral-8x7b').value, ...precision('fp8') })).toBeCloseTo(0.2, 12);
  });

  it('adds up with the weakest figure and the spread of the stack as independent errors do', () => {
    const wide = { stack: { ...stack, timeMultiplier: { value: 1, width: 0.12 } } };
    expect(band(wide)).toBeCloseTo(Math.hypot(0.11, 0.12), 12);
    const { cluster } = on(([h100, a100]) => [h100!, known(a100!, 'assumed')]);
    expect(band({ ...wide, cluster })).toBeCloseTo(Math.hypot(0.11, 0.12, 0.15), 12);
    const widths = (['measured', 'fitted', 'datasheet', 'assumed'] as const).map((all) =>
      band({ cluster: on((groups) => groups.map((group) => known(group, all))).cluster }),
    );
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
    expect(new Set(widths).size).toBe(4);
  });

  it('is wider between hosts whose network nobody measured, and not inside one', () => {
    const { cluster } = on((groups) =>
      groups.map((group) => {
        const { nic, ...rest } = known(group, 'measured');
        return { ...rest, nic: { ...nic, measured: null } };
      }),
    );
    const open = { ...MEASURED, stack, cluster };
    expect(errorBand(open, BOTH)).toBeCloseTo(Math.hypot(0.11, 0.1), 12);
    expect(errorBand(open, planned(open, 'tp=8,groups=h100:8'))).toBeCloseTo(0.11, 12);
  });

  it('is wider on GPUs whose clocks no runs tell', () => {
    const { cluster } = on((groups) =>
      groups.map((group) => ({
        ...known(group, 'measured'),
        gpu: { ...known(group, 'measured').gpu, sustainedFit: null },
      })),
    );
    expect(band({ cluster })).toBeCloseTo(Math.hypot(0.11, 0.12), 12);
    const experts = { cluster, model: loadModel('mixtral-8x7b').value };
    expect(band(experts)).toBeCloseTo(Math.hypot(0.2, 0.12, 0.12), 12);
    const groups = cluster.groups.map((group) => ({ ...group, gpu: { ...group.gpu, expertRuns: true } }));
    expect(band({ ...experts, cluster: { ...cluster, groups } })).toBeCloseTo(Math.hypot(0.2, 0.12), 12);
  });
});

describe('what is assumed', () => {
  it('is what the cluster says, and what GPUs in use lack', () => {
    const scaled = 'a100-40-sxm: GEMM speed scaled from a100-80-sxm, not measured';
    const problem = on(([h100, a100]) => [h100!, known(a100!, 'assumed')], {
      assumptions: ['of the cluster'],
    });
    expect(assumptionsOf(problem, BOTH)).toEqual(['of the cluster', scaled]);
    expect(assumptionsOf(problem, H100)).toEqual(['of the cluster']);
  });

  it('is a wider format where a GPU in use has no arithmetic of the one asked', () => {
    const fp8 = { ...MEASURED, workload: { ...MIXED.workload, precision: 'fp8' as const } };
    expect(assumptionsOf(fp8, BOTH)).toEqual([
      'a100-40-sxm: no fp8 arithmetic of its own; priced at the next wider format',
    ]);
    expect(assumptionsOf(fp8, H100)).toEqual([]);
  });

  it('is the stack where none is named', () => {
    expect(assumptionsOf({ ...MEASURED, stack: loadStack('generic') }, BOTH)).toEqual([
      'software stack not named: generic kernels and overlap',
    ]);
  });
});
