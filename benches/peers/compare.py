#!/usr/bin/env python3
"""The same training step here and in torch and rbms, in turns; prints the README's table.

    pip install torch rbms
    cargo build --release -p rbm-train
    python3 benches/peers/compare.py [--program target/release/rbm-train] [--rounds 7] [--json]

In every round each program makes some updates of each case, one program after the other, so
that a machine whose speed drifts slows all alike. Given are medians over all rounds; ratios
are of those medians. `alone` are Gibbs sweeps without the rest of the update.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = [(128, 1), (128, 10), (500, 1), (500, 10)]


class Ours:
    name = "rbm-train"

    def __init__(self, program):
        self.program = program

    def time(self, case):
        arguments = [self.program, "bench", "--json", "--device", "flex", "--kernel", "auto"]
        for key, value in case.items():
            arguments += ["--" + key.replace("_", "-"), str(value)]
        output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        (result,) = json.loads(output)["results"]
        update = [result["step_ms"]["median"] / 1e3]
        return update, [case["gibbs_steps"] / result["pure_sweeps_per_s"]]


class Worker:
    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "benches" / "peers" / "worker.py"), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def time(self, case):
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} stopped; its message is above")
        answer = json.loads(line)
        return [statistics.median(answer[key]) for key in ("update_s", "sweeps_s")]


def median(values):
    flat = [x for value in values for x in (value if isinstance(value, list) else [value])]
    return statistics.median(flat)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(ROOT / "target" / "release" / "rbm-train"))
    parser.add_argument("--peers", default="torch-rand,torch-bernoulli,rbms")
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    programs = [Ours(arguments.program)] + [Worker(p) for p in arguments.peers.split(",") if p]
    times = {}
    for _ in range(arguments.rounds):
        for rows, sweeps in CASES:
            case = {
                "visible": 784,
                "hidden": arguments.hidden,
                "batch_size": rows,
                "chains": rows,
                "gibbs_steps": sweeps,
                "steps": 20 if sweeps == 1 else 6,
            }
            for program in programs:
                times.setdefault((program.name, rows, sweeps), []).append(program.time(case))
    rows_out = []
    for (name, rows, sweeps), measured in times.items():
        update, alone = (median([m[k] for m in measured]) for k in (0, 1))
        ours = [median([m[k] for m in times[(Ours.name, rows, sweeps)]]) for k in (0, 1)]
        rows_out.append(
            {
                "program": name,
                "rows": rows,
                "gibbs_steps": sweeps,
                "step_ms": 1e3 * update,
                "sweeps_per_s": sweeps / update,
                "alone_per_s": sweeps / alone,
                "ours_faster": update / ours[0],
                "ours_faster_alone": alone / ours[1],
            }
        )
    if arguments.json:
        print(json.dumps({"cpus": os.cpu_count(), "results": rows_out}, indent=2))
        return
    print(f"784 x {arguments.hidden}, PCD-k, batch = chains = B, f32, {os.cpu_count()} CPUs")
    print("| B | k | program | update, ms | sweeps/s | sweeps/s alone | ours faster | alone |")
    print("|---|---|---|---|---|---|---|---|")
    for r in sorted(rows_out, key=lambda r: (r["rows"], r["gibbs_steps"])):
        print(
            f"| {r['rows']} | {r['gibbs_steps']} | {r['program']} | {r['step_ms']:.2f} "
            f"| {r['sweeps_per_s']:.0f} | {r['alone_per_s']:.0f} "
            f"| {r['ours_faster']:.1f}x | {r['ours_faster_alone']:.1f}x |"
        )


if __name__ == "__main__":
    main()
