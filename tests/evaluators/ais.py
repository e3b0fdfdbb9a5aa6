#!/usr/bin/env python3
"""Log partition function and log-likelihood of an RBM, independent of the Rust code.

Needs Python 3.9 or later and numpy (`pip install numpy`), and shares nothing with the
program but two file formats, which it parses itself: models (`.safetensors`) and the embedded
MNIST images (`crates/rbm-train/assets/mnist.bin`).

    python3 tests/evaluators/ais.py RUN/model.safetensors           # AIS, test images embedded
    python3 tests/evaluators/ais.py MODEL --data DIRECTORY          # MNIST-like IDX files
    python3 tests/evaluators/ais.py MODEL --data none               # ln Z only
    python3 tests/evaluators/ais.py MODEL --exact                   # enumeration, <= 20 hidden
    python3 tests/evaluators/ais.py --self-test                     # AIS against enumeration

Standard output is one JSON document, all in nats:

    ln_z                       estimate, or exact value, of ln Z
    standard_error             of ln_z, from the spread of the chains' weights (delta method)
    interval                   95 %: ln(mean weight -+ 1.96 standard errors); the lower end is
                               null where the error is as large as the weight itself
    effective_sample_size      (sum w)^2 / sum w^2, at most the number of chains
    log_likelihood             mean over images of -F(v) - ln Z: `train` over the first 10,000
                               training images, `test` over all test images
    settings                   what was asked for, sizes, and the time it took

A small effective sample size or wide interval means too few temperatures. The estimate of Z is
unbiased, so that of ln Z is low on average, and an AIS that misses modes gives a low ln Z and
too good a likelihood; neither shows in the error.

Method: annealed importance sampling (Neal 2001, doi:10.1023/A:1008923215028) as set out for RBMs
by Salakhutdinov and Murray (2008, doi:10.1145/1390156.1390266). Units are {0, 1},
E(v, h) = -v.W.h - b.v - c.h. With inverse temperature beta from 0 to 1 in equal steps,

    p*(v; beta) = exp((1 - beta) a.v + beta b.v) prod_j (1 + exp(beta (c_j + (v W)_j)))

joins independent visible units with the fields a, ln Z(0) = sum_i ln(1 + e^a_i) + M ln 2, to the
model. The fields a are those of the mean training image, ln(p / (1 - p)) with
p = (ones + 1) / (images + 2); they are 0 without data. Each chain starts from p*(v; 0), and makes
one Gibbs sweep at every temperature in between. Matrix products and fields are float32, weights
and likelihoods float64.
"""

import argparse
import gzip
import json
import math
import pathlib
import struct
import sys
import time
import zlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
EMBEDDED = ROOT / "crates" / "rbm-train" / "assets" / "mnist.bin"
TRAIN_IMAGES = 10_000
LARGEST_ENUMERATION = 20


# Files


def read_model(path):
    """W [N, M], b [N], c [M] in float64 from a safetensors file: the length of a JSON header in
    8 bytes, the header, then the tensors at the offsets it gives."""
    content = pathlib.Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    data = memoryview(content)[8 + length :]
    types = {"F32": "<f4", "F64": "<f8"}
    tensors = []
    for name in ("weight", "visible_bias", "hidden_bias"):
        if name not in header:
            sys.exit(f"{path}: no tensor `{name}`; there are {sorted(header)}")
        entry = header[name]
        if entry["dtype"] not in types:
            sys.exit(f"{path}: `{name}` is {entry['dtype']}; expected F32 or F64")
        start, end = entry["data_offsets"]
        flat = np.frombuffer(data[start:end], types[entry["dtype"]])
        tensors.append(flat.reshape(entry["shape"]).astype(np.float64))
    weight, visible, hidden = tensors
    if weight.shape != (visible.size, hidden.size):
        sys.exit(f"{path}: weight {weight.shape} for {visible.size} and {hidden.size} biases")
    return weight, visible, hidden


def read_embedded(path):
    """Training and test images, uint8 [images, height * width], from the embedded file. Its layout
    is described in crates/rbm-train/src/data/asset.rs."""
    content = pathlib.Path(path).read_bytes()
    magic, train, test, height, width, pixels, _ = struct.unpack_from("<8s6I", content)
    if magic != b"RBMBITS1":
        sys.exit(f"{path}: begins with {magic}; expected RBMBITS1")
    strips = -(-width // 7)
    packed = np.frombuffer(zlib.decompress(content[32 : 32 + pixels]), np.uint8)
    bits = np.unpackbits(packed.reshape(-1, 1), axis=1, bitorder="little")[:, :7]
    bits = bits.reshape(train + test, strips, height, 7).transpose(0, 2, 1, 3)
    images = bits.reshape(train + test, height, strips * 7)[:, :, :width]
    images = images.reshape(train + test, height * width)
    return images[:train], images[train:]


def read_idx(path):
    """Images that are on where the byte is at least 128, uint8 [images, pixels]."""
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    if content[:4] != b"\0\0\x08\x03":
        sys.exit(f"{path}: begins with {content[:4]}; expected IDX images of bytes")
    count, height, width = struct.unpack_from(">3I", content, 4)
    images = np.frombuffer(content, np.uint8, offset=16).reshape(count, height * width)
    return (images >= 128).astype(np.uint8)


def read_data(source):
    """Training and test images, or None."""
    if source == "none":
        return None
    path = pathlib.Path(source)
    if not path.is_dir():
        return read_embedded(path)
    parts = []
    for part in ("train", "t10k"):
        found = sorted(path.glob(f"{part}-images?idx3-ubyte*"))
        if not found:
            sys.exit(f"{path}: no file {part}-images-idx3-ubyte")
        parts.append(read_idx(found[0]))
    return tuple(parts)


# Formulas


def softplus(x):
    return np.logaddexp(0, x)


def log_sum_exp(x):
    largest = x.max()
    return largest + math.log(np.exp(x - largest).sum())


def free_energy(model, images):
    """F(v) = -b.v - sum_j ln(1 + exp(c_j + (v W)_j)) in float64."""
    weight, visible, hidden = model
    values = []
    for start in range(0, len(images), 2_000):
        v = images[start : start + 2_000].astype(np.float64)
        values.append(-v @ visible - softplus(v @ weight + hidden).sum(axis=1))
    return np.concatenate(values)


def exact_ln_z(model):
    """ln Z = ln sum over h of exp(c.h) prod_i (1 + exp(b_i + (W h)_i))."""
    weight, visible, hidden = model
    units = hidden.size
    if units > LARGEST_ENUMERATION:
        sys.exit(f"--exact needs at most {LARGEST_ENUMERATION} hidden units; there are {units}")
    parts = []
    for start in range(0, 2**units, 4096):
        states = np.arange(start, min(start + 4096, 2**units))
        h = (states[:, None] >> np.arange(units) & 1).astype(np.float64)
        terms = h @ hidden + softplus(h @ weight.T + visible).sum(axis=1)
        parts.append(log_sum_exp(terms))
    return log_sum_exp(np.array(parts))


def base_fields(train, visible_units):
    """Fields of independent units with the mean of the training images, slightly smoothed."""
    if train is None:
        return np.zeros(visible_units)
    ones = train.sum(axis=0, dtype=np.int64)
    return np.log((ones + 1) / (len(train) - ones + 1))


def sigmoid(x):
    """In place, on float32; exp may overflow to infinity, which gives the right 0."""
    np.negative(x, out=x)
    np.exp(x, out=x)
    x += 1
    return np.reciprocal(x, out=x)


def ais_log_weights(model, base, temperatures, chains, seed):
    """ln of each chain's importance weight, relative to Z(0) = 1; float64 [chains]."""
    weight, visible, hidden = (x.astype(np.float32) for x in model)
    back = np.ascontiguousarray(weight.T)
    fields = base.astype(np.float32)
    slope = (model[1] - base).astype(np.float32)
    random = np.random.Generator(np.random.SFC64(seed))

    def draw(field):
        uniform = random.random(field.shape, dtype=np.float32)
        return (uniform < sigmoid(field)).astype(np.float32)

    log_weights = np.zeros(chains)
    v = draw(np.tile(fields, (chains, 1)))
    step = 1 / (temperatures - 1)
    for k in range(1, temperatures):
        before, beta = np.float32((k - 1) * step), np.float32(k * step)
        field = v @ weight + hidden
        # softplus(beta x) - softplus(before x), without taking a small difference of large
        # numbers: ln(1 + sigmoid(before x) (exp((beta - before) x) - 1)).
        change = np.expm1((beta - before) * field)
        change *= sigmoid(before * field)
        np.log1p(change, out=change)
        log_weights += change.sum(axis=1, dtype=np.float64)
        log_weights += float(beta - before) * (v @ slope).astype(np.float64)
        if k < temperatures - 1:
            h = draw(beta * field)
            v = draw(fields + beta * (slope + h @ back))
    return log_weights


def estimate(model, base, temperatures, chains, seed):
    """ln Z by AIS with its error."""
    log_weights = ais_log_weights(model, base, temperatures, chains, seed)
    start = softplus(base).sum() + model[2].size * math.log(2)
    relative = np.exp(log_weights - log_weights.max())
    mean = relative.mean()
    ln_z = start + log_weights.max() + math.log(mean)
    error = relative.std(ddof=1) / math.sqrt(chains) / mean
    low = 1 - 1.96 * error
    return {
        "ln_z": ln_z,
        "standard_error": error,
        "interval": [
            ln_z + math.log(low) if low > 0 else None,
            ln_z + math.log(1 + 1.96 * error),
        ],
        "effective_sample_size": relative.sum() ** 2 / (relative**2).sum(),
    }


# Commands


def evaluate(options):
    started = time.perf_counter()
    model = read_model(options.model)
    data = read_data(options.data)
    units = model[1].size
    if data is not None and data[0].shape[1] != units:
        sys.exit(f"{options.data} has {data[0].shape[1]} pixels, the model {units} visible units")
    train, test = data if data is not None else (None, None)
    settings = {"model": str(options.model), "data": options.data}
    settings |= {"n_visible": units, "n_hidden": model[2].size}
    if options.exact:
        result = {"method": "exact", "ln_z": exact_ln_z(model), "standard_error": 0.0}
    else:
        base = base_fields(train, units)
        result = {"method": "ais"}
        result |= estimate(model, base, options.temperatures, options.chains, options.seed)
        settings |= {"temperatures": options.temperatures}
        settings |= {"chains": options.chains, "seed": options.seed}
    if data is not None:
        parts = {"train": train[:TRAIN_IMAGES], "test": test}
        result["log_likelihood"] = {
            name: -float(free_energy(model, images).mean()) - result["ln_z"]
            for name, images in parts.items()
            if len(images)
        }
    settings["seconds"] = round(time.perf_counter() - started, 3)
    result["settings"] = settings
    print(json.dumps(result, indent=2, allow_nan=False))


def check(name, good, detail):
    print(f"{'ok  ' if good else 'FAIL'} {name}: {detail}", file=sys.stderr)
    return good


def self_test():
    """AIS against enumeration on small models, and the enumeration against all joint states."""
    random = np.random.Generator(np.random.SFC64(1))

    def model(n, m, scale):
        return (
            random.normal(0, scale, (n, m)),
            random.normal(0, 0.5, n),
            random.normal(0, 0.5, m),
        )

    results = []
    w, b, c = tiny = model(4, 3, 1.0)
    states = [np.array([s >> k & 1 for k in range(7)], float) for s in range(2**7)]
    brute = sum(math.exp(s[:4] @ w @ s[4:] + b @ s[:4] + c @ s[4:]) for s in states)
    error = exact_ln_z(tiny) - math.log(brute)
    results.append(check("enumeration of 4+3 units", abs(error) < 1e-12, f"error {error:.1e}"))

    # Without couplings ln Z is known for any size, and only the visible units are annealed.
    free = (np.zeros((30, 20)), random.normal(0, 1, 30), random.normal(0, 1, 20))
    found = estimate(free, random.normal(0, 1, 30), 500, 10, 2)
    exact = softplus(free[1]).sum() + softplus(free[2]).sum()
    error = found["ln_z"] - exact
    good = abs(error) < 4 * found["standard_error"] + 1e-4
    results.append(check("AIS without couplings", good, f"error {error:+.4f}"))

    for seed, (n, m, scale) in enumerate([(20, 12, 0.3), (60, 15, 0.5), (200, 20, 0.3)]):
        small = model(n, m, scale)
        images = (random.random((500, n)) < 0.3).astype(np.uint8)
        found = estimate(small, base_fields(images, n), 5_000, 200, seed)
        exact = exact_ln_z(small)
        error, spread = found["ln_z"] - exact, found["standard_error"]
        good = abs(error) < 4 * spread + 1e-4 and spread < 0.2
        detail = f"exact {exact:.4f}, AIS {error:+.4f}, standard error {spread:.4f}"
        results.append(check(f"AIS on {n}x{m}, weights of width {scale}", good, detail))
    print(json.dumps({"passed": all(results), "checks": len(results)}))
    return 0 if all(results) else 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", help="model.safetensors")
    parser.add_argument(
        "--data",
        default=str(EMBEDDED),
        help="embedded image file, directory of IDX files, or none [the project's mnist.bin]",
    )
    parser.add_argument("--temperatures", type=int, default=5_000, help="[5000]")
    parser.add_argument("--chains", type=int, default=100, help="[100]")
    parser.add_argument("--seed", type=int, default=0, help="[0]")
    parser.add_argument("--exact", action="store_true", help="enumerate the hidden layer")
    parser.add_argument("--self-test", action="store_true", help="check this program")
    options = parser.parse_args()
    # Overflow of exp in a sigmoid is meant; see there.
    np.seterr(over="ignore")
    if options.self_test:
        return self_test()
    if options.model is None:
        parser.error("a model is needed")
    if options.temperatures < 2 or options.chains < 2:
        parser.error("at least 2 temperatures and 2 chains are needed")
    evaluate(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
