import type { LinkSpec } from '../domain/link.ts';
import { type LinkDocument, linkSchema } from '../schema/link.ts';
import { bundled, type Document, dataFolder, listNames, readDocument, validateDocument } from './document.ts';
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
  const doc = validateDocument<LinkDocument>(document, linkSchema);
  const time = (key: 'latencyPerDoubling' | 'latencyPerNode') =>
    doc[key] === undefined ? 0 : quantityAt(document, `/${key}`, doc[key], 'time', false);
  return {
    id: doc.id,
    name: doc.name,
    topology: doc.topology,
    bandwidth: quantityAt(document, '/bandwidth', doc.bandwidth, 'bandwidth'),
    efficiency: doc.efficiency,
    latency: quantityAt(document, '/latency', doc.latency, 'time'),
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
            ),
          },
    collectives: (doc.collectives ?? []).map((curve, i) => ({
      collective: curve.collective,
      gpus: curve.gpus,
      lines: curve.lines.map((line, j) => ({
        latency: quantityAt(document, `/collectives/${i}/lines/${j}/latency`, line.latency, 'time'),
        bandwidth: quantityAt(
          document,
          `/collectives/${i}/lines/${j}/bandwidth`,
          line.bandwidth,
          'bandwidth',
        ),
      })),
    })),
    environment: doc.environment ?? {},
    provenance: doc.provenance,
  };
}
