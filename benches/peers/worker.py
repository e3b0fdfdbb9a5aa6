#!/usr/bin/env python3
"""One peer that times updates and Gibbs sweeps on request; see compare.py.

    worker.py torch-rand | torch-bernoulli | rbms

Reads a JSON object a line from standard input (visible, hidden, batch_size, chains,
gibbs_steps, steps) and answers each with one: lists `update_s` and `sweeps_s` of wall times in
seconds, of whole PCD updates and of `gibbs_steps` sweeps alone. Everything is f32 on the CPU.

The torch peers are the fastest plain loops we could write: the centred gradient by two matrix
products, updates in place, and draws either by `rand < p` or by `torch.bernoulli`.
"""

import json
import sys
import time

import torch

DENSITY = 0.13
WARM_UP = 2


class Plain:
    """A PCD loop in torch operations."""

    def __init__(self, case, draw):
        n, m = case["visible"], case["hidden"]
        self.draw = draw
        self.weight = 0.01 * torch.randn(n, m)
        self.visible_bias = torch.full((n,), -2.0)
        self.hidden_bias = torch.zeros(m)
        self.mu = torch.full((n,), DENSITY)
        self.hidden_mean = torch.full((m,), 0.5)
        self.v = (torch.rand(case["chains"], n) < DENSITY).float()
        self.h = (torch.rand(case["chains"], m) < 0.5).float()

    def sweeps(self, count):
        for _ in range(count):
            field = torch.addmm(self.visible_bias, self.h, self.weight.t())
            self.v = self.draw(field.sigmoid_())
            probabilities = torch.addmm(self.hidden_bias, self.v, self.weight).sigmoid_()
            self.h = self.draw(probabilities)
        return probabilities

    def update(self, batch, sweeps):
        data = torch.addmm(self.hidden_bias, batch, self.weight).sigmoid_()
        model = self.sweeps(sweeps)
        v = batch - self.mu
        w = self.v - self.mu
        h = data - self.hidden_mean
        q = model - self.hidden_mean
        gradient = torch.mm(v.t(), h).div_(len(v)).sub_(torch.mm(w.t(), q).div_(len(w)))
        visible = batch.mean(0) - self.v.mean(0) - gradient @ self.hidden_mean
        hidden = data.mean(0) - model.mean(0) - self.mu @ gradient
        self.weight.add_(gradient, alpha=0.01)
        self.visible_bias.add_(visible, alpha=0.01)
        self.hidden_bias.add_(hidden, alpha=0.01)
        self.hidden_mean.lerp_(data.mean(0), 0.01)


class Rbms:
    """The `rbms` package (pip install rbms), by its own training step."""

    def __init__(self, case):
        from rbms.bernoulli_bernoulli.classes import BBRBM
        from rbms.training.pcd import fit_batch_pcd

        n, m = case["visible"], case["hidden"]
        cpu = torch.device("cpu")
        self.model = BBRBM(
            weight_matrix=0.01 * torch.randn(n, m),
            vbias=torch.full((n,), -2.0),
            hbias=torch.zeros(m),
            device=cpu,
            dtype=torch.float32,
        )
        self.fit = fit_batch_pcd
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01, maximize=True)
        # Its gradient goes into tensors that must be there already.
        for parameter in self.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        self.chains = self.model.init_chains(case["chains"])

    def sweeps(self, count):
        self.chains = self.model.sample_state(chains=self.chains, n_steps=count, beta=1.0)

    def update(self, batch, sweeps):
        self.optimizer.zero_grad(set_to_none=False)
        weights = torch.ones(len(batch))
        self.chains, _ = self.fit(
            batch=(batch, weights),
            parallel_chains=self.chains,
            params=self.model,
            gibbs_steps=sweeps,
            beta=1.0,
        )
        self.optimizer.step()


PEERS = {
    "torch-rand": lambda case: Plain(case, lambda p: (torch.rand_like(p) < p).float()),
    "torch-bernoulli": lambda case: Plain(case, torch.bernoulli),
    "rbms": Rbms,
}


def main():
    make = PEERS[sys.argv[1]]
    torch.manual_seed(0)
    peers = {}
    for line in sys.stdin:
        case = json.loads(line)
        key = json.dumps({k: v for k, v in case.items() if k != "steps"})
        n, sweeps = case["visible"], case["gibbs_steps"]
        if key not in peers:
            batches = [(torch.rand(case["batch_size"], n) < DENSITY).float() for _ in range(4)]
            peers[key] = (make(case), batches)
        peer, batches = peers[key]
        answer = {"update_s": [], "sweeps_s": []}
        with torch.no_grad():
            for step in range(WARM_UP + case["steps"]):
                start = time.perf_counter()
                peer.update(batches[step % 4], sweeps)
                middle = time.perf_counter()
                peer.sweeps(sweeps)
                end = time.perf_counter()
                if step >= WARM_UP:
                    answer["update_s"].append(middle - start)
                    answer["sweeps_s"].append(end - middle)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
