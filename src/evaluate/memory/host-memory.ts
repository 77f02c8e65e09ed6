import { type HostEstimate, type Parts, total, type Verdict } from '../../domain/estimate.ts';
import type { MemoryTerm } from '../../domain/memory-term.ts';
import { type Host, hostOf } from '../../hardware/host.ts';
import { having } from '../../techniques/index.ts';
import type { StageProfile } from '../stage-profile.ts';
import type { StageContent } from './content.ts';
import { termBytes } from './gathered.ts';

type Elsewhere = HostEstimate['device'];

/** What one GPU has on one device elsewhere, by part. */
export interface Elsewheres {
  readonly device: Elsewhere;
  readonly parts: Parts;
}

/** GPUs in a row that have the same elsewhere. */
export interface Keeper extends Elsewheres {
  readonly profile: StageProfile;
  readonly firstDevice: number;
  readonly devices: number;
}

/** Operating system, and one process for each GPU with its libraries: logs of mauryaavinash95/deep-optimizer-states-results, 16 to 28 GiB before anything is laid out, of four. */
const PROCESS_BYTES = 6 * 2 ** 30;

/**
 * Pinned memory is given out in powers of two, and engines keep staging copies: the same logs come to 24 to 28 B a parameter where the
 * list says 18; RoundPipe's documentation to 1.5 times the model.
 */
const PINNED = 1.5;

/** The study's logs of used memory: 0.2 below to 0.3 above what is predicted (test/unit/evaluate/offload.test.ts). */
const HOST_ERROR = 0.25;

/** Of one GPU of a stage, at the most that micro-batches in flight make it; empty where all lies on the GPU. */
export function elsewhere(
  terms: readonly MemoryTerm[],
  content: StageContent,
  fronts: readonly (readonly number[])[],
): Elsewheres[] {
  const found: Elsewheres[] = [];
  for (const device of ['host', 'disk'] as const) {
    const own = terms.filter((term) => term.device === device);
    if (own.length === 0) continue;
    const parts: Record<string, number> = {};
    for (const term of own) {
      const most = Math.max(...fronts.map((alive) => termBytes(term, content, alive)));
      parts[term.part] = (parts[term.part] ?? 0) + most;
    }
    if (total(parts) > 0) found.push({ device, parts });
  }
  return found;
}

/** The fullest host of each node group, and its drives: what all GPUs on it have there. */
export function hostEstimates(keepers: readonly Keeper[]): HostEstimate[] {
  const places = new Map<
    string,
    { device: Elsewhere; group: number; host: Host; parts: Record<string, number>; pinned: number }
  >();
  for (const { device, parts, profile, firstDevice, devices } of keepers) {
    const { group } = profile.context;
    for (let gpu = firstDevice; gpu < firstDevice + devices; gpu++) {
      const node = Math.floor((gpu - group.firstDevice) / group.gpusPerNode);
      const key = `${device}/${group.hosts[node] ?? `${group.index}:${node}`}`;
      const place = places.get(key) ?? {
        device,
        group: group.index,
        host: hostOf(group),
        parts: {},
        pinned: 0,
      };
      places.set(key, place);
      const pinned = pinnedParts(profile);
      for (const part in parts) {
        place.parts[part] = (place.parts[part] ?? 0) + parts[part]!;
        if (pinned?.includes(part) ?? true) place.pinned += parts[part]!;
      }
    }
  }
  const fullest = new Map<string, HostEstimate>();
  for (const { device, group, host, parts, pinned } of places.values()) {
    const one = judged(device, group, host, parts, pinned);
    const before = fullest.get(`${device}/${group}`);
    if (before === undefined || one.bytes > before.bytes) fullest.set(`${device}/${group}`, one);
  }
  return [...fullest.values()];
}

const PINNING = having('pins');

/** null: whatever lies there. */
function pinnedParts({ context: { techniques } }: StageProfile): readonly string[] | null {
  for (const one of PINNING) {
    const parts = one.pins(one.of(techniques));
    if (parts !== null) return parts;
  }
  return null;
}

function judged(device: Elsewhere, group: number, host: Host, laid: Parts, pinned: number): HostEstimate {
  const parts: Parts =
    device === 'disk'
      ? laid
      : {
          ...laid,
          'pinned memory beyond that': (PINNED - 1) * pinned,
          'system and processes': PROCESS_BYTES * host.gpus,
        };
  const bytes = total(parts);
  const limitBytes = device === 'disk' ? host.disk.bytes : host.memoryBytes;
  return { device, group, parts, bytes, limitBytes, verdict: verdictOf(bytes, limitBytes) };
}

function verdictOf(bytes: number, limit: number): Verdict {
  if (bytes > limit) return 'does-not-fit';
  return bytes * (1 + HOST_ERROR) > limit ? 'tight' : 'fits';
}
