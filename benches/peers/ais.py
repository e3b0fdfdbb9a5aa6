#!/usr/bin/env python3
"""AIS of a model file here and in torch, in turns.

    pip install torch numpy
    cargo build --example ais
    python3 benches/peers/ais.py MODEL.safetensors [--temperatures 10000] [--rounds 3]

Both anneal 100 chains from uniform units through linear temperatures, one Gibbs sweep each.
The torch loop is f32 on the CPU, with the draws as `rand < p`.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "evaluators"))
import ais as reader  # noqa: E402  (reads model files)


def anneal(weight, b, c, temperatures, chains):
    draw = lambda p: (torch.rand_like(p) < p).float()  # noqa: E731
    softplus = torch.nn.functional.softplus
    v = draw(torch.full((chains, len(b)), 0.5))
    log_weights = torch.zeros(chains, dtype=torch.float64)
    before = 0.0
    for step in range(1, temperatures + 1):
        beta = step / temperatures
        x = torch.addmm(c, v, weight)
        work = (softplus(beta * x) - softplus(before * x)).sum(1)
        log_weights += ((beta - before) * (v @ b) + work).double()
        if step < temperatures:
            h = draw(torch.sigmoid_(beta * x))
            v = draw(torch.sigmoid_(beta * torch.addmm(b, h, weight.t())))
        before = beta
    start = (len(b) + len(c)) * math.log(2)
    return start + (torch.logsumexp(log_weights, 0) - math.log(chains)).item()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--program", default=str(ROOT / "target" / "debug" / "examples" / "ais"))
    parser.add_argument("--temperatures", type=int, default=10_000)
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    a = parser.parse_args()
    parameters = [torch.tensor(x, dtype=torch.float32) for x in reader.read_model(a.model)]
    times = {"ours": [], "torch": []}
    for _ in range(a.rounds):
        command = [a.program, a.model, str(a.temperatures), str(a.chains)]
        ours = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        times["ours"].append(ours["seconds"])
        start = time.perf_counter()
        with torch.no_grad():
            ln_z = anneal(*parameters, a.temperatures, a.chains)
        times["torch"].append(time.perf_counter() - start)
        print(f"ln Z: ours {ours['ln_z']:.2f}, torch {ln_z:.2f}", file=sys.stderr)
    ours, theirs = (statistics.median(times[key]) for key in ("ours", "torch"))
    print(f"{a.temperatures} temperatures, {a.chains} chains: {ours:.2f} s, torch {theirs:.2f} s, {theirs / ours:.1f}x")


if __name__ == "__main__":
    main()
