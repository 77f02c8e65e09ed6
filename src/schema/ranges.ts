/** Least and most that a quantity can physically be, as a file writes it, and of what. */
export interface QuantityRange {
  readonly from: string;
  readonly to: string;
  readonly of: string;
}

/** Five times the fastest port announced (1.6 Tb/s), and the slowest that a training run was ever put on. */
const PORT = { from: '1 MB/s', to: '1 TB/s', of: 'one port of a network card' } as const;
const WAY = { from: '1 kB/s', to: '1000 TB/s', of: 'a link between groups' } as const;
/** Light takes 133 ms around half the earth; a switch a tenth of a microsecond. */
const DELAY = { from: '50 ns', to: '2 s', of: 'one transfer between hosts' } as const;

/** Of a cluster file, by key. What rests on other figures of the file is held to those as well. */
export const CLUSTER_RANGES = {
  'nic.bandwidth': PORT,
  'nic.measured': PORT,
  'nic.perFlow': { ...PORT, of: 'what one GPU reaches on another host' },
  'nic.latency': DELAY,
  'links.bandwidthPerNode': { ...WAY, to: '100 TB/s', of: 'what transfers of one node reach' },
  'links.sharedBandwidth': WAY,
  'links.perFlow': { ...WAY, to: '1 TB/s', of: 'one flow' },
  'links.latency': DELAY,
  'measured.bandwidth': { ...WAY, to: '100 TB/s', of: 'what one node sends to another' },
  'measured.perFlow': { ...WAY, to: '10 TB/s', of: 'what one GPU sends to another node' },
  'measured.latency': { ...DELAY, from: '0 us' },
  'collectives.latency': { from: '1 ns', to: '2 s', of: 'a collective inside one node' },
  'collectives.bandwidth': { from: '1 MB/s', to: '100 TB/s', of: 'a collective inside one node' },
  intraNodeMeasured: { from: '1 MB/s', to: '10 TB/s', of: 'what one GPU reaches to another of its host' },
  memory: { from: '1 GiB', to: '10 TiB', of: 'the memory of one GPU' },
  usableMemory: { from: '1 GiB', to: '10 TiB', of: 'the memory of one GPU' },
  powerCap: { from: '10 W', to: '10 kW', of: 'one GPU' },
  'host.memory': { from: '1 GiB', to: '1024 TiB', of: 'one host' },
  'host.memoryBandwidth': { from: '1 GB/s', to: '100 TB/s', of: 'all memory channels of one host' },
  'host.pcie': { from: '100 MB/s', to: '2 TB/s', of: "one GPU's link to its host" },
  'host.disk.size': { from: '1 GB', to: '100 PB', of: 'the drives of one host' },
  'host.disk.read': { from: '1 MB/s', to: '10 TB/s', of: 'the drives of one host' },
  'host.disk.write': { from: '1 MB/s', to: '10 TB/s', of: 'the drives of one host' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** Of a GPU file. */
export const GPU_RANGES = {
  peak: { from: '100 GFLOP/s', to: '1000 PFLOP/s', of: 'the dense peak of one GPU' },
  memory: CLUSTER_RANGES.memory,
  runtime: { from: '0 B', to: '1 TiB', of: 'what a driver and its libraries hold' },
  memoryBandwidth: { from: '10 GB/s', to: '1000 TB/s', of: 'the memory of one GPU' },
  power: CLUSTER_RANGES.powerCap,
  port: { from: '1 GB/s', to: '10 TB/s', of: 'one port of a GPU' },
  kernel: { from: '1 ns', to: '10 ms', of: 'what a kernel takes before it computes' },
  throttle: { from: '1 us', to: '10 s', of: 'how long a kernel runs before clocks fall' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** Of a link file. */
export const LINK_RANGES = {
  bandwidth: { from: '1 kB/s', to: '100 TB/s', of: 'a link, one way' },
  perFlow: { from: '1 kB/s', to: '100 TB/s', of: 'one flow' },
  fill: { from: '1 B', to: '10 GB', of: 'the buffers of a link' },
  from: { from: '1 B', to: '1 TB', of: 'a message' },
  latency: { from: '1 ns', to: '2 s', of: 'one transfer' },
  latencyPerDoubling: { from: '0 ns', to: '2 s', of: 'a step of a collective' },
  latencyPerNode: { from: '0 ns', to: '2 s', of: 'a step of a collective' },
  busBandwidth: { from: '1 MB/s', to: '100 TB/s', of: 'a collective that switches sum up' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** Of a stack file. */
export const STACK_RANGES = {
  buffer: { from: '1 B', to: '1 TB', of: 'a buffer of one GPU' },
  timePerUnit: { from: '0 ns', to: '10 ms', of: 'one launch' },
  timePerStep: { from: '0 ns', to: '60 s', of: 'what a step takes beside its kernels' },
  context: { from: '0 B', to: '100 GB', of: 'the context of one process' },
  perCommunicator: { from: '0 B', to: '10 GB', of: 'one communicator' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** Of a file of measured layers. */
export const PROFILE_RANGES = {
  pass: { from: '1 ns', to: '1000 s', of: 'a pass of one layer' },
  saved: { from: '1 B', to: '100 TB', of: 'what one layer keeps' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** Of a layer that a model file gives by its figures. */
export const GIVEN_RANGES = {
  bytes: { from: '1 B', to: '1 TB', of: 'one sample in one layer' },
  pass: { from: '1 ns', to: '1000 s', of: 'one sample in one layer' },
} as const satisfies Readonly<Record<string, QuantityRange>>;

/** A quantity of a cluster file, which says its range with what it is. */
export function ranged(key: keyof typeof CLUSTER_RANGES, description = '') {
  const { from, to } = CLUSTER_RANGES[key];
  const said = `${from} to ${to}.`;
  return { type: 'string', description: description === '' ? said : `${description} ${said}` } as const;
}
