/** A host's name without its domain; addresses stay whole. */
function shortName(host: string): string {
  return /^[\d.]+$/.test(host) || host.includes(':') ? host : host.split('.')[0]!;
}

/** Where each host stands in `known`: by its whole name, else by the short one where only one host has it; -1: nowhere. */
export function positions(hosts: readonly string[], known: readonly string[]): number[] {
  const whole = indexes(known, (name) => name.toLowerCase());
  const short = indexes(known, (name) => shortName(name).toLowerCase());
  return hosts.map((host) => {
    const exact = whole.get(host.toLowerCase());
    if (exact !== undefined) return exact[0]!;
    const near = short.get(shortName(host).toLowerCase()) ?? [];
    return near.length === 1 ? near[0]! : -1;
  });
}

function indexes(names: readonly string[], key: (name: string) => string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [i, name] of names.entries()) found.set(key(name), [...(found.get(key(name)) ?? []), i]);
  return found;
}
