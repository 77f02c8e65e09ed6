import { InputError } from '../domain/input-error.ts';
import { routingSchema } from '../schema/routing.ts';
import { type Document, readDocument, validateDocument } from './document.ts';

/** What a trace of a router says. */
export interface RoutingTrace {
  /** Tokens of each expert, layer by layer. */
  readonly loads: readonly (readonly number[])[];
  /** Experts of each token, layer by layer; null: only loads are known. */
  readonly routes: readonly (readonly (readonly number[])[])[] | null;
}

/** A file of loads or routes for a model of so many experts a layer. Throws InputError. */
export function loadRouting(path: string, experts: number): RoutingTrace {
  const document = readDocument(path);
  const { loads, routes } = validateDocument(document, routingSchema);
  if ((loads === undefined) === (routes === undefined))
    throw new InputError({
      message: `${path} has ${loads === undefined ? 'neither loads nor routes' : 'loads and routes'}`,
      expected: 'one of them',
      at: document.locate(''),
    });
  if (loads !== undefined) {
    for (const [l, layer] of loads.entries())
      if (layer.length !== experts || layer.some((load) => !Number.isFinite(load) || load < 0))
        throw refused(
          document,
          `/loads/${l}`,
          `${layer.length} loads in layer ${l}`,
          `${experts}, one for each expert, none below 0`,
        );
    return { loads, routes: null };
  }
  return { loads: counted(document, routes!, experts), routes: routes! };
}

function counted(
  document: Document,
  routes: readonly (readonly (readonly number[])[])[],
  experts: number,
): number[][] {
  const layers = routes[0]!.length;
  const loads = Array.from({ length: layers }, () => new Array<number>(experts).fill(0));
  for (const [t, token] of routes.entries()) {
    if (token.length !== layers)
      throw refused(
        document,
        `/routes/${t}`,
        `token ${t} has ${token.length} layers`,
        `${layers}, as the first has`,
      );
    for (const [l, chosen] of token.entries())
      for (const expert of chosen) {
        if (expert >= experts)
          throw refused(document, `/routes/${t}/${l}`, `expert ${expert}`, `0 to ${experts - 1}`);
        loads[l]![expert]! += 1;
      }
  }
  return loads;
}

function refused(document: Document, at: string, message: string, expected: string): InputError {
  return new InputError({ message, expected, at: document.locate(at) });
}
