#!/usr/bin/env bash
# Everything that a graphics processor can show, in one go: tests of the kernels (wgpu) and of whole runs,
# agreement with the CPU, and speed. From the root of the project:
#
#     benches/gpu.sh [FEATURES] [DEVICES]        e.g. benches/gpu.sh wgpu,cuda flex,wgpu,cuda:0
#
# wgpu wants a Vulkan (or Metal, DirectX 12) driver, cuda NVIDIA's driver and the CUDA toolkit's NVRTC.
set -euo pipefail
cd "$(dirname "$0")/.."
features=${1:-wgpu}
devices=${2:-flex,${features}}

cargo build -p rbm-train -p rbm --features "$features"
program=target/debug/rbm-train
cargo test --workspace --features "$features" cube
for device in ${devices//,/ }; do
    RBM_TEST_DEVICE=$device cargo test --workspace --features "$features" --test integration backends
done
"$program" bench --agreement --device "$devices"
"$program" bench --device "$devices" --kernel packed --hidden 500,3000 --batch-size 128,500,2000 --gibbs-steps 1,10
for device in ${devices//,/ }; do
    "$program" train --device "$device" --epochs 2 --no-report --overwrite --out "target/gpu/${device//:/-}"
done
