/** What to run on a cluster so that `cluster import` can learn it: one file for each tool that is there. */
export const PROBE_SCRIPT = `#!/usr/bin/env bash
# Collects what shardwright's "cluster import" reads into one folder. Run it on one host of each kind;
# the measurements at the end want two hosts or more and an MPI launcher. Nothing is changed on the hosts.
set -u
out=\${1:-shardwright-probe}
mkdir -p "$out"

have() { command -v "$1" >/dev/null 2>&1; }
keep() { # keep FILE COMMAND...: the output, or nothing when the command fails
  local file="$out/$1"
  shift
  if ! "$@" >"$file" 2>/dev/null; then rm -f "$file"; fi
}

# GPUs of this host, and how they and the network cards are joined.
if have nvidia-smi; then
  keep nvidia-smi-query.csv nvidia-smi --query-gpu=index,name,memory.total,compute_cap,pcie.link.gen.max,pcie.link.width.max,driver_version --format=csv
  keep nvidia-smi-topo.txt nvidia-smi topo -m
fi
if have rocm-smi; then keep rocm-smi-topo.txt rocm-smi --showtopo; fi

# Hosts as Slurm knows them.
if have scontrol; then keep scontrol-nodes.txt scontrol show nodes; fi
if have sinfo; then keep sinfo.txt sinfo -N -h -o '%N|%G|%f|%m|%c|%t'; fi

# Collectives inside this host (nccl-tests or rccl-tests on the path).
if have all_reduce_perf && have nvidia-smi; then
  gpus=$(nvidia-smi --list-gpus | wc -l)
  keep "all-reduce-\${gpus}gpu.txt" all_reduce_perf -b 8 -e 2G -f 4 -g "$gpus"
fi

# Between hosts: set HOSTS=a,b (one slot each) to measure a pair, or all hosts for the matrix.
if [ -n "\${HOSTS:-}" ] && have mpirun; then
  if have sendrecv_perf; then keep sendrecv-2node.txt mpirun -np 2 -H "$HOSTS" sendrecv_perf -b 8 -e 2G -f 4 -g 1; fi
  if have mpiGraph; then keep mpigraph.txt mpirun -H "$HOSTS" mpiGraph 1048576 100 50; fi
fi
echo "collected in $out; now: shardwright cluster import $out/*"
`;
