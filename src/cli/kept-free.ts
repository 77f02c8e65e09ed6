import type { Cluster } from '../domain/cluster.ts';
import { InputError } from '../domain/input-error.ts';
import type { Workload } from '../domain/workload.ts';
import { formatBytes } from '../units/format.ts';
import { parseQuantity } from '../units/parse.ts';
import type { Settings } from './settings.ts';

type KeptFree = Pick<Workload, 'headroom' | 'headroomBytes' | 'reservedBytes'>;

/** What a plan must leave of each GPU: --headroom as a share or in bytes, --reserve for what others hold. Throws InputError. */
export function keptFreeFrom(cluster: Cluster, s: Settings): KeptFree {
  const free = { ...headroomFrom(s.headroom ?? '8%'), ...reserveFrom(s.reserve) };
  const { headroom, headroomBytes = 0, reservedBytes = 0 } = free;
  for (const { id, gpu } of cluster.groups) {
    const taken = Math.max(headroom * gpu.memoryBytes, headroomBytes) + reservedBytes;
    if (taken < gpu.memoryBytes) continue;
    throw new InputError({
      message: `--headroom and --reserve take ${formatBytes(taken)} of each GPU`,
      expected: `less than the ${formatBytes(gpu.memoryBytes)} of ${gpu.id} in ${id}`,
      ...(cluster.groups.length > 1 ? { hint: 'Maybe --gpu-types, to leave smaller GPUs out.' } : {}),
    });
  }
  return free;
}

function headroomFrom(text: string): Pick<KeptFree, 'headroom' | 'headroomBytes'> {
  const share = parseQuantity(text, 'share');
  if (share.ok && share.value >= 0 && share.value < 0.9) return { headroom: share.value };
  const bytes = parseQuantity(text, 'bytes');
  if (bytes.ok && bytes.value >= 0) return { headroom: 0, headroomBytes: bytes.value };
  throw new InputError({
    message: `--headroom is "${text}"`,
    expected: 'a share from 0% to 90%, such as 8%, or bytes of each GPU, such as 4GiB',
    ...hinted(
      share.ok && share.value >= 1 && !text.includes('%')
        ? `Maybe "${share.value}GiB" or "${share.value}%".`
        : share.ok || bytes.ok
          ? undefined
          : bytes.hint,
    ),
  });
}

function reserveFrom(text: string | undefined): Pick<KeptFree, 'reservedBytes'> {
  if (text === undefined) return {};
  const bytes = parseQuantity(text, 'bytes');
  if (bytes.ok && bytes.value >= 0) return bytes.value === 0 ? {} : { reservedBytes: bytes.value };
  const share = parseQuantity(text, 'share');
  throw new InputError({
    message: `--reserve is "${text}"`,
    expected: 'bytes of each GPU, such as 20GiB',
    ...hinted(
      share.ok && text.includes('%')
        ? `Maybe --headroom ${text.trim()}, which is a share, or bytes: "20GiB".`
        : bytes.ok
          ? undefined
          : bytes.hint,
    ),
  });
}

function hinted(hint: string | undefined): { readonly hint?: string } {
  return hint === undefined ? {} : { hint };
}
