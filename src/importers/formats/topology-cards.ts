import type { TopologyFact } from '../facts/facts.ts';

/** Columns of network devices, and the cells of GPU rows and of device rows under them. */
export interface DeviceColumns {
  readonly names: readonly (string | null)[];
  /** near[gpu][device] */
  readonly toGpus: readonly (readonly string[])[];
  /** among[a][b]; a row may be missing. */
  readonly among: readonly (readonly string[] | null)[];
}

/**
 * The cards behind a PCIe switch of some GPU (PIX, PXB): the others serve storage and logins. Ports and functions of one
 * card are one: what sits in one slot carries no more than the slot.
 */
export function cardsOf(
  columns: DeviceColumns,
): Pick<TopologyFact, 'nics' | 'nicNames' | 'nicsNear' | 'portsPerCard'> {
  const all = columns.names.map((_, device) => device);
  const near = all.filter((device) => columns.toGpus.some((row) => /^(PIX|PXB)$/.test(row[device] ?? '')));
  const counted = near.length > 0 ? near : all;
  const firsts = counted.filter(
    (device) => !counted.some((other) => isFirstPort(columns, counted, other, device)),
  );
  const names = firsts.map((device) => columns.names[device] ?? null);
  return {
    nics: firsts.length,
    nicNames: near.length > 0 && names.every((name) => name !== null) ? names : [],
    nicsNear: near.length > 0,
    portsPerCard: firsts.length === 0 ? 1 : Math.round(counted.length / firsts.length),
  };
}

/** Devices that stand for a card each, however many share a switch: EFA, Slingshot, Omni-Path. */
const WHOLE = /^(rdmap|efa|cxi|hfi)/;

/**
 * Whether `first` is the other port of the card that `device` is on: next to each other by number and by switch, and nearer to
 * each other than to a GPU, or with two such devices for each GPU.
 */
function isFirstPort(
  columns: DeviceColumns,
  counted: readonly number[],
  first: number,
  device: number,
): boolean {
  const { names, among, toGpus } = columns;
  if (device !== first + 1 || among[first]?.[device] !== 'PIX') return false;
  const [a = null, b = null] = [names[first], names[device]];
  if (a !== null && b !== null && (WHOLE.test(a) || !follows(a, b))) return false;
  const apart = [first, device].every((one) => toGpus.every((row) => row[one] !== 'PIX'));
  return apart || counted.length >= 2 * toGpus.length;
}

/** `mlx5_2` and `mlx5_3`, `rocep1s0f0` and `rocep1s0f1`: an even number and the next. */
function follows(a: string, b: string): boolean {
  const [, word, number] = /^(.*?)(\d+)$/.exec(a) ?? [];
  const [, other, next] = /^(.*?)(\d+)$/.exec(b) ?? [];
  return (
    word !== undefined && word === other && Number(number) % 2 === 0 && Number(next) === Number(number) + 1
  );
}
