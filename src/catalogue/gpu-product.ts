import type { GpuHost, GpuProduct } from '../domain/gpu.ts';
import { InputError } from '../domain/input-error.ts';
import type { GpuDocument } from '../schema/gpu.ts';
import { GPU_RANGES } from '../schema/ranges.ts';
import { alike, maybe } from '../units/nearest.ts';
import type { Document } from './document.ts';
import { listLinks } from './links.ts';
import { quantityAt } from './quantity-at.ts';

/** What names it. */
export function productFrom(document: Document, { product }: GpuDocument): GpuProduct {
  return {
    names: product.names,
    standsInFor: product.standsInFor ?? [],
    others: product.others ?? [],
    memoryGb: quantityAt(document, '/product/memory', product.memory, 'bytes', GPU_RANGES.memory) / 1e9,
    namesHostMemory: product.namesHostMemory ?? false,
    form: product.form ?? null,
    rank: product.rank ?? 1,
    dieOf: product.dieOf ?? null,
  };
}

/** What its hosts are built with. */
export function hostFrom(
  document: Document,
  { host: { pcie, peerToPeer, scaleUp, network } }: GpuDocument,
): GpuHost {
  const at = '/host/scaleUp';
  const ports = (of: NonNullable<typeof scaleUp>) =>
    of.ports === undefined
      ? null
      : {
          ...of.ports,
          rate: quantityAt(document, `${at}/ports/rate`, of.ports.rate, 'bandwidth', GPU_RANGES.port),
        };
  if (scaleUp !== undefined) linkAt(document, `${at}/link`, scaleUp.link);
  linkAt(document, '/host/network/link', network.link);
  if (network.efa !== undefined) linkAt(document, '/host/network/efa', network.efa);
  return {
    pcie,
    peerToPeer,
    scaleUp:
      scaleUp === undefined
        ? null
        : {
            link: scaleUp.link,
            usual: scaleUp.usual,
            ports: ports(scaleUp),
            beyondHost: scaleUp.beyondHost ?? false,
            domainGpus: scaleUp.domainGpus ?? null,
          },
    network: { link: network.link, cardPer: network.cardPer, efa: network.efa ?? null },
  };
}

/** A kind of link that a profile names has to be in the catalogue. */
function linkAt(document: Document, pointer: string, id: string): void {
  if (listLinks().includes(id)) return;
  const hint = maybe(alike(id, listLinks()));
  throw new InputError({
    message: `no link "${id}"`,
    expected: 'a link of hardware-profiles/links',
    at: document.locate(pointer),
    ...(hint === undefined ? {} : { hint }),
  });
}
