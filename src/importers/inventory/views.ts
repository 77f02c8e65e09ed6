import { loadGpu } from '../../catalogue/gpus.ts';
import { at, type HostFact, least, type TopologyFact } from '../facts/facts.ts';
import { isUntyped, type KnownGpus, productIn } from './identified.ts';

/** Facts, each host once, and what was taken for granted. */
interface Seen {
  readonly facts: readonly HostFact[];
  readonly unknown: readonly string[];
}

/**
 * What tools show of hosts without names, put together: two tools show one host, as do two outputs of one tool of which each
 * says what the other lacks; alike outputs of one tool are of several hosts. Hosts that a log of nccl-tests names count where
 * no other source names any.
 */
export function seenOnce(
  facts: readonly HostFact[],
  topologies: readonly TopologyFact[],
  gpus: KnownGpus,
): Seen {
  const logged = facts.filter(({ hosts, atLeast }) => hosts.length > 0 && atLeast === true);
  const named = facts.filter(({ hosts, atLeast }) => hosts.length > 0 && atLeast !== true);
  const bare = facts.filter(({ hosts }) => hosts.length === 0);
  const whole = bare.filter((one) => one.atLeast !== true);
  const views = together(
    [
      ...whole,
      ...bare.filter((one) => one.atLeast === true).map((one) => raised(one, whole, topologies, gpus)),
    ],
    gpus,
  );
  if (named.length > 0) return { facts: [...named, ...views], unknown: [] };
  const typed = views.filter((one) => !isUntyped(one));
  const shows = (one: HostFact) => (other: HostFact) =>
    sameKind(one, other, gpus) && other.counted !== true && other.gpusPerHost >= one.gpusPerHost;
  const fits = logged.filter((one) => typed.length === 0 || typed.some(shows(one)));
  if (fits.length === 0) return { facts: ownHosts(views), unknown: [] };
  const hosts = mostOf(fits).map((one) => raised(one, typed, topologies, gpus));
  const [first] = fits;
  return {
    facts: [...hosts, ...views],
    unknown: [
      `whether there are hosts beside the ${new Set(hosts.flatMap((one) => one.hosts)).size} that ${at(first!)} names: none assumed`,
      ...hosts
        .filter((one) => one.atLeast === true)
        .map(
          (one) =>
            `whether ${one.hosts.join()} has GPUs beside the ${one.gpusPerHost} that ${at(one)} used: none assumed`,
        ),
    ],
  };
}

/** One kind of GPU on one host, of as many as any run used there. */
function mostOf(logged: readonly HostFact[]): HostFact[] {
  const found = new Map<string, HostFact>();
  for (const one of logged) {
    const key = `${one.hosts.join()}/${one.gpuName}`;
    if (one.gpusPerHost > (found.get(key)?.gpusPerHost ?? 0)) found.set(key, one);
  }
  return [...found.values()];
}

/** A host that showed only some of its GPUs, with all that another tool saw on such a host. */
function raised(
  fact: HostFact,
  whole: readonly HostFact[],
  topologies: readonly TopologyFact[],
  gpus: KnownGpus,
): HostFact {
  const product = productIn(gpus, fact);
  const vendor = product === null ? null : loadGpu(product.ids[0]!).vendor;
  const counts = [
    ...whole.filter((one) => sameKind(fact, one, gpus)).map(({ gpusPerHost }) => gpusPerHost),
    ...topologies.filter((one) => one.vendor === vendor).map((one) => one.gpus),
  ].filter((count) => count >= fact.gpusPerHost);
  const [count] = counts;
  if (count === undefined) return fact;
  const { atLeast: _, ...rest } = fact;
  return { ...rest, gpusPerHost: count };
}

/** Whether two names can be of one product. */
function sameKind(a: HostFact, b: HostFact, gpus: KnownGpus): boolean {
  if (isUntyped(a) || isUntyped(b)) return true;
  const [one, other] = [productIn(gpus, a), productIn(gpus, b)];
  if (one === null || other === null) return a.gpuName === b.gpuName;
  return one.ids.some((id) => other.ids.includes(id));
}

/** Each host once, with what all its views say. */
function together(facts: readonly HostFact[], gpus: KnownGpus): HostFact[] {
  const hosts: { fact: HostFact; views: HostFact[] }[] = [];
  for (const fact of facts) {
    const known = hosts.find(
      ({ fact: one, views }) =>
        one.counted !== true &&
        fact.counted !== true &&
        one.gpusPerHost === fact.gpusPerHost &&
        sameKind(one, fact, gpus) &&
        views.every((view) => view.tool !== fact.tool || lacks(view, fact)),
    );
    if (known === undefined) hosts.push({ fact, views: [fact] });
    else {
      known.views.push(fact);
      known.fact = joined(known.fact, fact, gpus);
    }
  }
  return hosts.map(({ fact }) => fact);
}

/** One names the product and the other its memory: `--showproductname` and `--showmeminfo vram` in files of their own. */
function lacks(a: HostFact, b: HostFact): boolean {
  return isUntyped(a) !== isUntyped(b);
}

function joined(a: HostFact, b: HostFact, gpus: KnownGpus): HostFact {
  const open = (one: HostFact) =>
    isUntyped(one) ? Number.POSITIVE_INFINITY : (productIn(gpus, one)?.ids.length ?? 99);
  const [exact, other] = open(b) < open(a) ? [b, a] : [a, b];
  return {
    ...exact,
    memoryMiB: least([exact.memoryMiB, other.memoryMiB]),
    pcieGeneration: least([exact.pcieGeneration, other.pcieGeneration]),
    features: [...new Set([...exact.features, ...other.features])],
    // Of a host with several kinds, all kinds take the first view's word for where they stand.
    ...(a.among === undefined && b.among === undefined ? {} : { among: (a.among ?? b.among)! }),
  };
}

/** A host with GPUs of several kinds has a name, made up, that all of them stand under. */
function ownHosts(facts: readonly HostFact[]): HostFact[] {
  const keys = [...new Set(facts.flatMap(({ among }) => among?.host ?? []))];
  return facts.map((fact) =>
    fact.among === undefined
      ? fact
      : { ...fact, hosts: [madeUpName(keys.indexOf(fact.among.host))], count: 1 },
  );
}

/** `host-1` */
function madeUpName(index: number): string {
  return `host-${index + 1}`;
}
