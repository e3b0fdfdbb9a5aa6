#!/bin/bash
# A sweep as a Slurm array: every task does its part of the runs, all in one shared directory.
#
#   sbatch examples/slurm/sweep.sh DIR --preset paper
#   sbatch --array=0-9 --export=ALL,SHARDS=10 examples/slurm/sweep.sh DIR --hidden 64,128 --replicas 5
#
# Arguments are those of `rbm-train sweep` after its --out. Submitted again, finished runs are skipped and
# stopped or killed ones go on from their checkpoint; a single part again: --array=2.
#
# Without Slurm, on several machines that share the directory (GNU parallel):
#
#   parallel -S host1,host2,host3,host4 -j1 --wd . rbm-train sweep --preset paper --out DIR --shard {}/4 ::: 0 1 2 3
#
#SBATCH --job-name=rbm-sweep
#SBATCH --array=0-3
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --output=rbm-sweep-%A-%a.log
# Two minutes before the time is over, all runs stop at a checkpoint.
#SBATCH --signal=B:TERM@120

set -euo pipefail
out=${1:?usage: sbatch sweep.sh DIR [flags of rbm-train sweep]}
shift
# Not SLURM_ARRAY_TASK_COUNT: with --array=2 that is 1, and the part would be another one.
shards=${SHARDS:-4}
export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# In the place of the shell, so that the signal arrives.
exec "${RBM_TRAIN:-rbm-train}" sweep --out "$out" "$@" --shard "$SLURM_ARRAY_TASK_ID/$shards"
