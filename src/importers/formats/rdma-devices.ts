import { type Facts, type Importer, linesOf, nothing, type PortFact } from '../facts/facts.ts';

/** One port of a device. */
interface Port {
  readonly device: string;
  readonly active: boolean;
  readonly layer: PortFact['layer'];
  readonly rate: number | null;
  readonly line: number;
}

// ibstat: CA 'mlx5_0'; ibstatus: Infiniband device 'mlx5_0' port 1 status:; ibv_devinfo: hca_id:	mlx5_0
const DEVICE = /^\s*(?:CA '([^']+)'|Infiniband device '([^']+)' port \d+ status:|hca_id:\s*(\S+))/;

/** `ibstat`, `ibstatus` and `ibv_devinfo`: rate and link layer of each port of this host; ports that are down are left out. */
export const rdmaDevices: Importer = {
  format: 'ibstat, ibv_devinfo',
  recognises: (text) =>
    linesOf(text).some((line) => DEVICE.test(line)) && /^\s*(Link layer|link_layer):/im.test(text),
  read(text, file): Facts {
    const lines = linesOf(text);
    const starts = lines.flatMap((line, i) => (DEVICE.test(line) ? [i] : []));
    const ports = starts.flatMap((start, i) =>
      portsOf(lines.slice(start, starts[i + 1] ?? lines.length), start + 1),
    );
    const active = ports.filter((port) => port.active);
    const down = ports.filter((port) => !port.active);
    const kinds = new Map<string, Port[]>();
    for (const port of active) {
      const key = `${port.layer}/${port.rate}`;
      kinds.set(key, [...(kinds.get(key) ?? []), port]);
    }
    return {
      ...nothing(this.format),
      ports: [...kinds.values()].map((alike) => ({
        host: null,
        layer: alike[0]!.layer,
        rate: alike[0]!.rate,
        count: alike.length,
        devices: [...new Set(alike.map(({ device }) => device))],
        where: { file, line: alike[0]!.line },
      })),
      notes:
        down.length === 0
          ? []
          : [
              `${down.map(({ device }) => device).join(', ')} of ${file}: ports that are not active are left out`,
            ],
    };
  },
};

/** The ports of one device, each from its line on. */
function portsOf(block: readonly string[], line: number): Port[] {
  const [, ...names] = DEVICE.exec(block[0]!)!;
  const device = names.find((name) => name !== undefined)!;
  const starts = block.flatMap((one, i) => (/^\s*port:?\s+\d+:?\s*$/i.test(one) ? [i] : []));
  const parts = starts.length === 0 ? [block] : starts.map((start, i) => block.slice(start, starts[i + 1]));
  return parts.flatMap((part) => portOf(part, device, line) ?? []);
}

function portOf(part: readonly string[], device: string, line: number): Port | null {
  const value = (key: string) =>
    part
      .map((one) => new RegExp(`^\\s*${key}:\\s*(.+?)\\s*$`, 'i').exec(one)?.[1])
      .find((found) => found !== undefined);
  const layer = value('link[_ ]layer');
  if (layer === undefined) return null;
  return {
    device,
    active: /active/i.test(value('state') ?? '') && !/inactive|inaktiv/i.test(value('state') ?? ''),
    layer: /infiniband/i.test(layer) ? 'infiniband' : /ethernet/i.test(layer) ? 'ethernet' : 'efa',
    rate: rateOf(value),
    line,
  };
}

/** `Rate: 400`, `rate: 400 Gb/sec (4X NDR)`, or `active_width: 4X (2)` times `active_speed: 100.0 Gbps (128)`; bytes/s. */
function rateOf(value: (key: string) => string | undefined): number | null {
  const stated = Number.parseFloat(value('rate') ?? '');
  if (stated > 0) return (stated * 1e9) / 8;
  const width = Number.parseInt(value('active_width') ?? '', 10);
  const speed = Number.parseFloat(value('active_speed') ?? '');
  // Lanes run a little above their name: 25.78 Gbps of EDR carry 25.
  const lane = [2.5, 5, 10, 14, 25, 50, 100, 200].findLast((one) => speed >= one * 0.99);
  return width > 0 && lane !== undefined ? (width * lane * 1e9) / 8 : null;
}
