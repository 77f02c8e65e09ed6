import { groupOfDevice } from '../domain/cluster.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { placesOf } from '../launch-folder/ranks.ts';

/** What one failure takes with it. */
export interface BlastRadius {
  readonly group: string;
  /** A tray of a rack is a host too; a switch of its fast domain takes the rack. */
  readonly of: 'host' | 'rack';
  readonly gpus: number;
  /** Copies of the model that have a GPU there, at most, and how many there are. */
  readonly copies: number;
  readonly ofCopies: number;
}

/** Of each node group that a plan uses: its hosts, and its fast domains where those are more. */
export function blastRadii({ cluster }: Problem, plan: Plan): BlastRadius[] {
  const places = placesOf(plan);
  const copyOf = ({ pipeline, dp }: (typeof places)[number]) => `${pipeline}/${dp}`;
  const ofCopies = new Set(places.map(copyOf)).size;
  const radii = new Map<string, BlastRadius & { readonly stopped: Map<number, Set<string>> }>();
  for (const place of places) {
    const group = groupOfDevice(cluster, place.device);
    const inside = place.device - group.firstDevice;
    for (const [of, gpus] of [
      ['host', group.gpusPerNode],
      ['rack', group.fastDomainGpus],
    ] as const) {
      if (of === 'rack' && gpus <= group.gpusPerNode) continue;
      const key = `${group.index}/${of}`;
      const radius = radii.get(key) ?? { group: group.id, of, gpus, copies: 0, ofCopies, stopped: new Map() };
      radii.set(key, radius);
      const where = Math.floor(inside / gpus);
      radius.stopped.set(where, (radius.stopped.get(where) ?? new Set()).add(copyOf(place)));
    }
  }
  return [...radii.values()].map(({ stopped, ...radius }) => ({
    ...radius,
    copies: Math.max(...[...stopped.values()].map(({ size }) => size)),
  }));
}
