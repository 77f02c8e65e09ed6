import { fixed } from './coefficient.ts';

/** What a host's memory, its bus and its CPU reach: see host.ts. */
export const HOST_DEFINITIONS = {
  cpuUpdateShare: fixed(
    0.3,
    "share of the peak of a host's memory that the CPU's optimizer reaches, all processes together, 30 B a parameter",
    'logs of mauryaavinash95/deep-optimizer-states-results: EPYC 7543P 0.28; two Xeon Gold 6330 (RoundPipe, arXiv 2604.27085) 0.27; a host of 96 cores 0.33',
  ),
  cpuUpdateAlone: fixed(
    0.21,
    'the same that one process reaches alone',
    'the same logs: 1.42 to 1.49 G parameters a second on 204.8 GB/s',
  ),
  cpuUpdateBound: fixed(
    1.45,
    'how much faster it is where each process is bound to the cores and the memory of one NUMA domain',
    'the same logs, runs with --bind_cores_to_rank: 2.97 against 1.93 to 2.05 G parameters a second',
  ),
  cpuUpdateWriteBack: fixed(
    0.22,
    'share of that time in which updated 16-bit weights go up: interleaved updates do it beside the next',
    'the same logs: what the step comes to as strides grow',
  ),
  hostCopyShare: fixed(
    0.6,
    "share of the peak of a host's memory that copies of all GPUs reach together",
    'the same logs: what subgroups updated on the GPU add',
  ),
  pcieEfficiency: fixed(
    0.75,
    'fraction of the wire rate of PCIe that large pinned copies reach',
    'usual: 20 to 25 GB/s of 32, 50 of 64',
  ),
  drainEfficiency: fixed(
    0.48,
    'the same beside the kernels of backward',
    'the same logs: what backward takes more with one GPU a host and with two, four',
  ),
  drainHidden: fixed(
    0.4,
    'share of the last backward that hides gradients on their way to the host',
    'the same logs: backward of micro-batches of one and of four sequences',
  ),
  pagedCopies: fixed(
    19e9,
    'bytes/s of all copies together from memory that is not pinned, each waited for',
    'ITcarrot/RoundPipe-artifact@e44270a, exp/raw-data.csv: what a step of Qwen3-235B with adapters takes on 1 to 8 GPUs beyond its share of the compute, 17 to 21 GB/s of 940 GB',
  ),
  unpinnedFlush: fixed(
    3.3e9,
    'bytes/s at which one process hands 16-bit gradients to its CPU in the open, unpinned and widened there',
    'the same logs, backward without and with asynchronous gradients: 2.2 to 4.2 GB/s',
  ),
} as const;
