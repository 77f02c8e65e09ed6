import { InputError } from '../domain/input-error.ts';
import { type CollectiveCurve, LINK_LAYERS, type LinkSpec } from '../domain/link.ts';
import { type CurveDocument, linkSchema } from '../schema/link.ts';
import { CLUSTER_RANGES, LINK_RANGES } from '../schema/ranges.ts';
import { dataFolder } from './data-folder.ts';
import { bundled, type Document, listNames, readDocument, validateDocument } from './document.ts';
import { quantityAt } from './quantity-at.ts';

const FOLDER = dataFolder('hardware-profiles', 'links');
const loaded = new Map<string, LinkSpec>();

export function listLinks(): string[] {
  return listNames(FOLDER);
}

/** A link by id. */
export function loadLink(id: string): LinkSpec {
  const known = loaded.get(id);
  if (known !== undefined) return known;
  const link = linkFrom(readDocument(bundled('link', FOLDER, id)));
  loaded.set(id, link);
  return link;
}

function linkFrom(document: Document): LinkSpec {
  const doc = validateDocument(document, linkSchema);
  const network = doc.topology === 'network';
  if (network !== (doc.layer !== undefined))
    throw new InputError({
      message: network ? `network link "${doc.id}" states no layer` : `layer is "${doc.layer}"`,
      expected: network ? LINK_LAYERS.join(', ') : `none: topology ${doc.topology} lies inside a node`,
      at: document.locate(network ? '' : '/layer'),
    });
  const time = (key: 'latencyPerDoubling' | 'latencyPerNode') =>
    doc[key] === undefined ? 0 : quantityAt(document, `/${key}`, doc[key], 'time', LINK_RANGES[key]);
  return {
    id: doc.id,
    name: doc.name,
    names: doc.names ?? [],
    devices: doc.devices ?? [],
    topology: doc.topology,
    vendor: doc.vendor ?? null,
    layer: doc.layer ?? null,
    bandwidth: quantityAt(document, '/bandwidth', doc.bandwidth, 'bandwidth', LINK_RANGES.bandwidth),
    efficiency: doc.efficiency,
    perFlow:
      doc.perFlow === undefined
        ? null
        : quantityAt(document, '/perFlow', doc.perFlow, 'bandwidth', LINK_RANGES.perFlow),
    fill: doc.fill === undefined ? 0 : quantityAt(document, '/fill', doc.fill, 'bytes', LINK_RANGES.fill),
    largeMessages:
      doc.largeMessages === undefined
        ? null
        : {
            from: quantityAt(
              document,
              '/largeMessages/from',
              doc.largeMessages.from,
              'bytes',
              LINK_RANGES.from,
            ),
            efficiency: doc.largeMessages.efficiency,
          },
    latency: quantityAt(document, '/latency', doc.latency, 'time', LINK_RANGES.latency),
    latencyPerDoubling: time('latencyPerDoubling'),
    latencyPerNode: time('latencyPerNode'),
    inSwitchReduction:
      doc.inSwitchReduction === undefined
        ? null
        : {
            minGpus: doc.inSwitchReduction.minGpus,
            busBandwidth: quantityAt(
              document,
              '/inSwitchReduction/busBandwidth',
              doc.inSwitchReduction.busBandwidth,
              'bandwidth',
              LINK_RANGES.busBandwidth,
            ),
          },
    collectives: curvesFrom(document, '/collectives', doc.collectives ?? []),
    portsPerNode: doc.portsPerNode ?? null,
    environment: doc.environment ?? {},
    provenance: doc.provenance,
  };
}

/** Measured collectives that stand at `pointer` of a document. */
export function curvesFrom(
  document: Document,
  pointer: string,
  curves: readonly CurveDocument[],
): CollectiveCurve[] {
  return curves.map(({ collective, gpus, lines }, i) => ({
    collective,
    gpus,
    lines: lines.map(({ latency, bandwidth }, j) => {
      const at = `${pointer}/${i}/lines/${j}`;
      return {
        latency: quantityAt(
          document,
          `${at}/latency`,
          latency,
          'time',
          CLUSTER_RANGES['collectives.latency'],
        ),
        bandwidth: quantityAt(
          document,
          `${at}/bandwidth`,
          bandwidth,
          'bandwidth',
          CLUSTER_RANGES['collectives.bandwidth'],
        ),
      };
    }),
  }));
}
