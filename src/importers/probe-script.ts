/**
 * What to run on a cluster so that `cluster import` can learn it: one file for each tool that is there. A file is kept
 * only where it holds what its importer looks for, so that none of them stops the import.
 */
export const PROBE_SCRIPT = `#!/usr/bin/env bash
# Collects what shardwright's "cluster import" reads into one folder:
#   bash probe.sh [FOLDER]                  on one host of each kind (the folder may be shared)
#   HOSTS=a,b bash probe.sh [FOLDER]        also measures between these hosts, with mpirun (Open MPI) and ssh
# It writes into FOLDER alone, and measures with the GPUs of the hosts for some minutes.
set -u
out=\${1:-shardwright-probe}
host=$(hostname -s 2>/dev/null || uname -n)
kept=0
if ! mkdir -p "$out"; then exit 1; fi

have() { command -v "$1" >/dev/null 2>&1; }

# keep FILE PATTERN COMMAND...: the output, if the command succeeds and a line matches; else no file.
keep() {
  local file="$out/$host-$1" pattern=$2
  shift 2
  if timeout 900 "$@" >"$file" 2>/dev/null </dev/null && grep -Eq "$pattern" "$file"; then
    kept=$((kept + 1))
    echo "$file"
  else
    rm -f "$file"
    return 1
  fi
}

# GPUs of this host, and how they and the network cards are joined.
gpus=0
if have nvidia-smi; then
  gpus=$(nvidia-smi --list-gpus 2>/dev/null | grep -c '^GPU ')
  query=name,memory.total,pcie.link.gen.max,pcie.link.width.max,mig.mode.current
  keep nvidia-smi-query.csv 'MiB' nvidia-smi --query-gpu="$query" --format=csv ||
    keep nvidia-smi-query.csv 'MiB' nvidia-smi --query-gpu=name,memory.total --format=csv
  keep nvidia-smi-topo.txt 'GPU0' nvidia-smi topo -m
fi
if have rocm-smi; then
  if [ "$gpus" -eq 0 ]; then gpus=$(rocm-smi --showproductname --csv 2>/dev/null | grep -c '^card'); fi
  keep rocm-smi-product.txt 'Card [Ss]eries' rocm-smi --showproductname --showmeminfo vram
  keep rocm-smi-topo.txt 'Link Type' rocm-smi --showtopo
elif have amd-smi; then
  keep amd-smi-static.txt 'MARKET_NAME' amd-smi static
  keep amd-smi-topo.txt 'LINK TYPE TABLE' amd-smi topology
fi

# Rate and layer of the network ports of this host.
if have ibstat; then
  keep ibstat.txt 'Link layer' ibstat
elif have ibv_devinfo; then
  keep ibv-devinfo.txt 'link_layer' ibv_devinfo -v
fi

# Hosts as Slurm knows them, by the first of these that answers.
if have scontrol || have sinfo; then
  keep scontrol-nodes.json '"gres"' scontrol show nodes --json ||
    keep scontrol-nodes.txt '^NodeName=' scontrol show nodes ||
    keep sinfo.txt 'gpu:' sinfo -N -o '%N|%G|%f|%m|%c|%T'
fi

# Collectives inside this host (nccl-tests, or rccl-tests on AMD, on the path).
if [ "$gpus" -gt 1 ]; then
  for test in all_reduce all_gather reduce_scatter alltoall; do
    if have "\${test}_perf"; then
      keep "$test-\${gpus}gpu.txt" '^ +[0-9]' "\${test}_perf" -b 8 -e 2G -f 4 -g "$gpus"
    fi
  done
fi

# Between hosts: the first two as a pair, all of them with one process for each GPU as a matrix.
if [ -n "\${HOSTS:-}" ] && have mpirun; then
  IFS=, read -r -a hosts <<<"$HOSTS"
  if [ "\${#hosts[@]}" -lt 2 ]; then
    echo "HOSTS=$HOSTS: two hosts or more, with commas between them" >&2
  else
    pair="\${hosts[0]}:1,\${hosts[1]}:1"
    slots=$((gpus > 0 ? gpus : 1))
    all=$(printf "%s:$slots," "\${hosts[@]}")
    if have sendrecv_perf; then
      keep sendrecv-2host.txt '^ +[0-9]' mpirun -np 2 -H "$pair" sendrecv_perf -b 8 -e 2G -f 4 -g 1
    fi
    if have osu_latency; then keep osu-latency.txt '^[0-9]' mpirun -np 2 -H "$pair" osu_latency; fi
    if have osu_bw; then keep osu-bw.txt '^[0-9]' mpirun -np 2 -H "$pair" osu_bw; fi
    if have mpiGraph; then
      keep mpigraph.txt '^Send' mpirun -np $((slots * \${#hosts[@]})) -H "\${all%,}" mpiGraph 1048576 100 50
    fi
  fi
fi

if [ "$kept" -eq 0 ]; then
  rmdir "$out" 2>/dev/null
  echo "nothing collected: none of nvidia-smi, rocm-smi, scontrol, sinfo answered on $host" >&2
  exit 1
fi
echo "$kept files; now: shardwright cluster import $out/*"
`;
