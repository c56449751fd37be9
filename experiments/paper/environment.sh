# What the jobs of this folder have in common: each sources this file, from the root of the repository.
# Before you submit, set DATA: the folder that holds cifar-10-binary.tar.gz, imagenet32/ and imagenet64/.

set -eu
: "${DATA:?Set DATA to the folder of the data sets.}"
: "${RUNS:=$PWD/runs/paper}" "${XLA:=$PWD/xla}"
export STRATA_XLA_PLUGIN=$XLA STRATA_CACHE_DIR=${STRATA_CACHE_DIR:-$RUNS/cache}

# XLA for NVIDIA GPUs with all that it needs of CUDA but the driver. Where nodes have no network, run this line before.
install_xla() { pip install --quiet --target "$XLA" "jax-cuda13-plugin[with-cuda]"; }
[ -d "$XLA" ] || install_xla

# A job step. When Slurm's warning has made it save and stop, with 130, the job returns to the queue; there it resumes.
step() {
  local status=0
  srun "$@" || status=$?
  if [ "$status" -eq 130 ]; then exec scontrol requeue "$SLURM_JOB_ID"; fi
  return "$status"
}
