#!/usr/bin/env python3
"""Checks `rbm-train analyze --model FILE --json` against formulas of its own.

Needs Python 3.9 or later and numpy, and shares no code with the program.

    python3 tests/reference/check_model.py MODEL.safetensors ANALYSIS.json
    python3 tests/reference/check_model.py --fresh PROGRAM [SEED]     # makes models of several sizes, runs the program on each

Prints, for every key, the largest difference of any entry relative to that entry, or to 1e-6 of the key's largest entry where the
entry is smaller still. Exit code 1 where one exceeds 1e-8, or 1e-6 for what an iteration solves. Keys that come from random numbers
(p-values, quantiles, distances from rotated copies) cannot agree in digits: the distance from rotated copies is drawn again and
compared in standard errors (5 allowed), p-values that follow from an exact law are checked like everything else.

Units are {0, 1}, E(v, h) = -v.W.h - b.v - c.h, W = U diag(lambda) V^T with the entry of largest magnitude in each left vector positive.
Where the program has a formula by modes, the one here goes another way if there is one: the Gaussian limit by one determinant in
the space of units, the spherical closure by minimising a convex function, distribution functions by quadrature.
"""
import json
import math
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np

EXACT, SOLVER = 1e-8, 1e-6
ENUMERATED = 20  # largest layer that this program enumerates


# ---------------------------------------------------------------- files

def read_model(path):
    raw = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
    tensors = {}
    for name in ("weight", "visible_bias", "hidden_bias"):
        entry = header[name]
        start, end = entry["data_offsets"]
        kind = {"F32": "<f4", "F64": "<f8"}[entry["dtype"]]
        tensors[name] = np.frombuffer(data[start:end], kind).astype(float).reshape(entry["shape"])
    return tensors["weight"], tensors["visible_bias"], tensors["hidden_bias"]


def write_model(path, W, b, c):
    header, data = {}, b""
    for name, tensor in (("weight", W), ("visible_bias", b), ("hidden_bias", c)):
        raw = np.ascontiguousarray(tensor, "<f8").tobytes()
        header[name] = dict(dtype="F64", shape=list(tensor.shape), data_offsets=[len(data), len(data) + len(raw)])
        data += raw
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


# ---------------------------------------------------------------- physics

sigmoid = lambda t: np.where(t > 0, 1 / (1 + np.exp(-np.abs(t))), np.exp(-np.abs(t)) / (1 + np.exp(-np.abs(t))))
softplus = lambda t: np.logaddexp(0.0, t)


def decompose(W):
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    V = Vt.T.copy()
    for k in range(len(s)):
        if U[np.argmax(np.abs(U[:, k])), k] < 0:
            U[:, k] *= -1
            V[:, k] *= -1
    return U, s, V


def enumerate_states(W, b, c):
    """ln Z, <v>, <h>, <v h^T> by summing over all states of the smaller layer, in chunks."""
    if W.shape[1] > W.shape[0]:
        ln_z, h, v, hv = enumerate_states(W.T, c, b)
        return ln_z, v, h, hv.T
    M = W.shape[1]
    chunks = np.array_split(np.arange(2 ** M), max(1, 2 ** M // 4096))
    parts = []
    for states in chunks:
        H = ((states[:, None] >> np.arange(M)) & 1).astype(float)
        parts.append(H @ c + softplus(b + H @ W.T).sum(1))
    top = max(p.max() for p in parts)
    ln_z = top + math.log(sum(np.exp(p - top).sum() for p in parts))
    v, h, vh = np.zeros(len(b)), np.zeros(M), np.zeros(W.shape)
    for states, part in zip(chunks, parts):
        H = ((states[:, None] >> np.arange(M)) & 1).astype(float)
        p = np.exp(part - ln_z)
        mean = sigmoid(b + H @ W.T) * p[:, None]
        v, h, vh = v + mean.sum(0), h + p @ H, vh + mean.T @ H
    return ln_z, v, h, vh


def gaussian_ln_z(W, b, c):
    """E[exp(v.W.h + b.v + c.h)] over Gaussian units of mean 1/2 and variance 1/4, all at once in the space of units."""
    N, M = W.shape
    A = np.block([[np.zeros((N, N)), W], [W.T, np.zeros((M, M))]])
    mean, q = np.full(N + M, 0.5), np.concatenate([b, c])
    g = q + A @ mean
    sign, logdet = np.linalg.slogdet(np.eye(N + M) - A / 4)
    return (N + M) * math.log(2) + 0.5 * mean @ A @ mean + q @ mean + 0.5 * g @ np.linalg.solve(4 * np.eye(N + M) - A, g) - 0.5 * logdet


def mean_field(W, b, c):
    """From m = 1/2, by damped iteration; the naive mean-field free energy in its entropic form."""
    mh = np.full(len(c), 0.5)
    for _ in range(200000):
        mv = sigmoid(b + W @ mh)
        new = sigmoid(c + W.T @ mv)
        if np.abs(new - mh).max() < 1e-15:
            break
        mh = 0.5 * (mh + new)
    mv = sigmoid(b + W @ mh)
    entropy = lambda f: (softplus(f) - f * sigmoid(f)).sum()  # of a unit with field f
    gamma = -(mv @ W @ mh + b @ mv + c @ mh) - entropy(b + W @ mh) - entropy(c + W.T @ mv)
    return gamma, b + W @ mh, c + W.T @ mv


def spherical(lam, N, M):
    """Minimises N a/4 + M d/4 - sum ln(ad - lambda^2) - (N-R) ln a - (M-R) ln d, which is convex, by Newton's method."""
    R = len(lam)
    scale = max(4.0, lam[0]) * 2
    a = d = scale

    def value(a, d):
        gap = a * d - lam ** 2
        if a <= 0 or d <= 0 or gap.min() <= 0:
            return math.inf
        return N * a / 4 + M * d / 4 - np.log(gap).sum() - (N - R) * math.log(a) - (M - R) * math.log(d)

    for _ in range(500):
        gap = a * d - lam ** 2
        gradient = np.array([N / 4 - (d / gap).sum() - (N - R) / a, M / 4 - (a / gap).sum() - (M - R) / d])
        cross = (lam ** 2 / gap ** 2).sum()
        hessian = np.array([[(d ** 2 / gap ** 2).sum() + (N - R) / a ** 2, cross],
                            [cross, (a ** 2 / gap ** 2).sum() + (M - R) / d ** 2]])
        step = np.linalg.solve(hessian, gradient)
        t, here = 1.0, value(a, d)
        while value(a - t * step[0], d - t * step[1]) > here + 1e-12 * abs(here):
            t /= 2
            if t < 1e-12:
                return a, d
        a, d = a - t * step[0], d - t * step[1]
        if np.abs(step).max() < 1e-15 * scale:
            break
    return a, d


# ---------------------------------------------------------------- random matrices

NODES, WEIGHTS = np.polynomial.legendre.leggauss(400)


def quadrature(f, low, high):
    x = 0.5 * (high - low) * NODES + 0.5 * (high + low)
    return 0.5 * (high - low) * (WEIGHTS * f(x)).sum()


def marchenko_pastur_cdf(l, N, M):
    """Share of singular values up to l for entries of unit variance, by quadrature of the density of p = l^2."""
    low, high = (math.sqrt(N) - math.sqrt(M)) ** 2, (math.sqrt(N) + math.sqrt(M)) ** 2
    p = min(max(l * l, low), high)
    middle, half = 0.5 * (high + low), 0.5 * (high - low)
    phi = math.acos(min(1.0, max(-1.0, (middle - p) / half)))
    if min(N, M) == max(N, M):  # low = 0: sin^2/(1 - cos) = 1 + cos
        return (phi + math.sin(phi)) * half / (2 * math.pi * min(N, M))
    return quadrature(lambda t: (half * np.sin(t)) ** 2 / (middle - half * np.cos(t)), 0, phi) / (2 * math.pi * min(N, M))


def bulk(lam, N, M):
    R = len(lam)
    median = 0.5 * (lam[(R - 1) // 2] + lam[R // 2])
    low, high = abs(math.sqrt(N) - math.sqrt(M)), math.sqrt(N) + math.sqrt(M)
    a, b = low, high
    for _ in range(100):
        middle = 0.5 * (a + b)
        a, b = (middle, b) if marchenko_pastur_cdf(middle, N, M) < 0.5 else (a, middle)
    scale = median / (0.5 * (a + b))
    p, q = math.sqrt(max(max(N, M) - 1, 1)), math.sqrt(min(N, M))
    threshold = math.sqrt((p + q) ** 2 + 2.0234 * (p + q) * (1 / p + 1 / q) ** (1 / 3))
    without = lambda k: math.sqrt((lam[k:] ** 2).sum() / ((N - k) * (M - k)))
    outliers, settled = 0, False
    while not settled:
        count = max(int((lam > scale * threshold).sum()), outliers)
        if count >= R:
            break
        settled = scale == without(outliers) and count == outliers
        outliers, scale = count, without(count)
    while outliers > 0 and lam[outliers - 1] <= without(outliers - 1) * threshold:
        outliers -= 1
    scale = without(outliers)
    found = [k for k in range(R) if lam[k] > scale * threshold]
    F = [marchenko_pastur_cdf(l / scale, N, M) for l in np.sort(lam)]
    ks = max(max(abs(f - i / R), abs((i + 1) / R - f)) for i, f in enumerate(F))
    return dict(scale=scale, scale_error=scale / math.sqrt(2 * (N - outliers) * (M - outliers)), edges=[scale * low, scale * high],
                outlier_threshold=scale * threshold, above_edge=int((lam > scale * high).sum()), outliers=found,
                separation=[(lam[k] - scale * high) / (scale * high) for k in found], ks=dict(distance=ks))


def level_spacing(lam):
    gaps = np.diff(np.sort(lam))
    ratios = np.array([min(s, t) / max(s, t) for s, t in zip(gaps, gaps[1:]) if max(s, t) > 0])
    if len(ratios) < 2:
        return None
    return dict(mean=ratios.mean(), error=ratios.std(ddof=1) / math.sqrt(len(ratios)), count=len(ratios))


def moment(n, *powers):
    """E of a product of even powers of entries of a uniform unit vector in n dimensions."""
    odd = lambda p: math.prod(range(p - 1, 0, -2))
    return math.prod(odd(p) for p in powers) / math.prod(n + 2 * i for i in range(sum(powers) // 2))


def entry_tail(n, m):
    if n == 1:
        return 1.0
    f = lambda t: np.cos(t) ** (n - 2)
    start, width = math.asin(m), 12 / math.sqrt(n)  # beyond the width nothing is left
    tail = quadrature(f, start, min(start + width, math.pi / 2))
    return tail / quadrature(f, 0, min(width, math.pi / 2))


def vector_symmetry(vectors, null):
    """`null` is the program's answer: which law it used follows from its number of simulations."""
    n, count = vectors.shape
    ipr = (vectors ** 4).sum(0)
    mean = n * moment(n, 4)
    variance = n * moment(n, 8) + n * (n - 1) * moment(n, 4, 4) - mean ** 2 if n > 1 else 0.0
    covariance = 0.0
    if count > 1:
        # A second column is uniform in the space orthogonal to the first: E[v_i^4 | u] = 3 (1 - u_i^2)^2 / ((n-1)(n+1)).
        same = moment(n, 4) - 2 * moment(n, 6) + moment(n, 8)
        other = moment(n, 4) - 2 * moment(n, 4, 2) + moment(n, 4, 4)
        covariance = 3 / ((n - 1) * (n + 1)) * (n * same + n * (n - 1) * other) - mean ** 2
    error = math.sqrt(max(0.0, variance / count + (count - 1) / count * covariance))
    largest = np.abs(vectors).max(0)
    mode = int(largest.argmax())
    out = dict(units=n, vectors=count, ipr=dict(mean=ipr.mean(), null=mean, null_error=error), largest_of_modes=largest.tolist(),
               largest=dict(value=largest[mode], mode=mode, unit=int(np.abs(vectors[:, mode]).argmax()),
                            p_value=min(1.0, n * count * entry_tail(n, largest[mode]))))
    median = n * count * entry_tail(n, null["largest"]["null_median"]) / math.log(2)
    out["largest"]["null_median"] = null["largest"]["null_median"] * (1 + (median - 1 if n > 1 and median < 1.5 else 0))
    if null["ipr"]["simulations"] == 0:
        out["ipr"]["p_value"] = math.erfc(abs(ipr.mean() - mean) / error / math.sqrt(2))
    if n >= 4:
        centred = vectors - vectors.mean(0)
        kurtosis = n * (centred ** 4).sum(0) / (centred ** 2).sum(0) ** 2 - 3
        error = math.sqrt(24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5)) / count)
        out["kurtosis_of_modes"] = kurtosis.tolist()
        out["kurtosis"] = dict(mean=kurtosis.mean(), null=3 * (n - 1) / (n + 1) - 3, null_error=error)
        if null["kurtosis"]["simulations"] == 0:
            out["kurtosis"]["p_value"] = math.erfc(abs(kurtosis.mean() + 6 / (n + 1)) / error / math.sqrt(2))
    return out


def rotation_distances(W, bins, draws, rng):
    """Jensen-Shannon divergences of the entries of W from those of Q_U W Q_V^T, with whole Haar matrices."""
    def haar(n):
        q, r = np.linalg.qr(rng.standard_normal((n, n)))
        return q * np.sign(np.diag(r))

    rms = math.sqrt((W ** 2).mean())
    edges = np.linspace(-6, 6, bins + 1)
    share = lambda A: np.histogram(np.clip(A / rms, -5.999999, 5.999999), edges)[0] / A.size
    own, out = share(W), []
    for _ in range(draws):
        other = share(haar(W.shape[0]) @ W @ haar(W.shape[1]).T)
        middle = 0.5 * (own + other)
        term = lambda p: (p[p > 0] * np.log(p[p > 0] / middle[p > 0])).sum()
        out.append(0.5 * (term(own) + term(other)))
    return np.array(out)


# ---------------------------------------------------------------- comparison

def expected(W, b, c, found):
    N, M = W.shape
    U, lam, V = decompose(W)
    R = len(lam)
    bt, ct = U.T @ b, V.T @ c
    gamma, fv, fh = mean_field(W, b, c)
    dv, dh = sigmoid(fv) * sigmoid(-fv), sigmoid(fh) * sigmoid(-fh)
    dressed = np.linalg.svd(np.sqrt(dv)[:, None] * W * np.sqrt(dh), compute_uv=False)
    usable = lam >= 1e-6 * lam[0]
    saddle = lambda values: [float(v) if ok else None for v, ok in zip(values, usable)]
    with np.errstate(divide="ignore", invalid="ignore"):
        saddles = dict(saddle_x=saddle(-ct / lam), saddle_y=saddle(-bt / lam), saddle_energy=saddle(bt * ct / lam))
    deviation = math.sqrt(((W - W.mean()) ** 2).mean())
    plane = {}
    for name, unit in (("binary", 1.0), ("spin", 0.25)):
        J0, J = (N + M) * W.mean() * unit, math.sqrt(N + M) * deviation * unit
        plane[name] = dict(j0=J0, j=J, j0_over_j=abs(J0) / J if J > 0 else None, t_over_j=1 / J if J > 0 else None)
    out = dict(
        n_visible=N, n_hidden=M, singular_values=lam.tolist(), ipr_left=(U ** 4).sum(0).tolist(), ipr_right=(V ** 4).sum(0).tolist(), **saddles,
        ln_z=dict(mean_field=-gamma, onsager=-gamma + 0.5 * dv @ W ** 2 @ dh,
                  one_loop=-gamma - 0.5 * np.log1p(-dressed ** 2).sum() if dressed[0] < 1 else None,
                  gaussian=gaussian_ln_z(W, b, c) if lam[0] < 4 else None),
        dressed_singular_values=dressed.tolist(), spherical_multipliers=list(spherical(lam, N, M)),
        nonconvergent_modes=[k for k in range(R) if lam[k] >= 4], phase=dict(temperature=1.0, **plane))
    if min(N, M) <= ENUMERATED:
        ln_z, v, h, vh = enumerate_states(W, b, c)
        out["ln_z"]["exact"] = ln_z
        out["exact_moments"] = dict(v=v.tolist(), h=h.tolist(), boson_occupation=(lam * np.einsum("ik,ij,jk->k", U, vh, V)).tolist())
    out["marchenko_pastur"] = dict(bulk(lam, N, M), level_spacing=level_spacing(lam))
    rank = int(usable.sum())
    symmetry = found["symmetry"]
    out["symmetry"] = dict(left=vector_symmetry(U[:, :rank], symmetry["left"]), right=vector_symmetry(V[:, :rank], symmetry["right"]))
    if symmetry["rotation"]:
        out["symmetry"]["rotation"] = dict(entry_rms=math.sqrt((W ** 2).mean()))
    return out


def numbers(value):
    if isinstance(value, (list, tuple)):
        return [x for item in value for x in numbers(item)]
    return [value]


def compare(found, wanted, prefix=""):
    """Yields (key, relative difference); infinite where one is null and the other is not, or the lengths differ."""
    for key, value in wanted.items():
        name = prefix + key
        if isinstance(value, dict):
            if not isinstance(found.get(key), dict):
                yield name, math.inf
            else:
                yield from compare(found[key], value, name + ".")
            continue
        f, w = numbers(found.get(key)), numbers(value)
        if len(f) != len(w) or any((x is None) != (y is None) for x, y in zip(f, w)):
            yield name, math.inf
            continue
        pairs = [(x, y) for x, y in zip(f, w) if y is not None]
        floor = 1e-6 * max((abs(y) for _, y in pairs), default=0.0)
        yield name, max((abs(x - y) / max(abs(y), floor, 1e-300) for x, y in pairs), default=0.0)


def check(model, analysis, rng, table=True):
    """Prints the table of one model; returns its largest differences and whether all are within their bounds."""
    W, b, c = read_model(model)
    found = json.loads(pathlib.Path(analysis).read_text())
    worst, good = {EXACT: 0.0, SOLVER: 0.0}, True
    for key, difference in compare(found, expected(W, b, c, found)):
        bound = SOLVER if key in ("dressed_singular_values", "spherical_multipliers") else EXACT
        worst[bound] = max(worst[bound], difference)
        good &= difference <= bound
        if table or difference > bound:
            print(f"  {key:44} {difference:9.2e}{'' if difference <= bound else '   beyond ' + format(bound, 'g')}")
    rotation = found["symmetry"]["rotation"]
    z = 0.0
    if rotation and max(W.shape) <= 1000:
        own, theirs = rotation_distances(W, rotation["bins"], 19, rng), rotation["jensen_shannon"]
        error = math.hypot(own.std(ddof=1) / math.sqrt(len(own)), theirs["error"])
        z = (theirs["mean"] - own.mean()) / error if error > 0 else 0.0
        good &= abs(z) < 5
    print(f"{model}: {W.shape[0]}x{W.shape[1]}, largest difference {worst[EXACT]:.1e} (solvers {worst[SOLVER]:.1e}), "
          f"rotated copies {z:+.1f} standard errors: {'good' if good else 'BAD'}")
    return good


def fresh(program, seed):
    """Models of several sizes, couplings and biases, some critical and some broken."""
    rng, good = np.random.default_rng(seed), True
    cases = [(9, 6, .6, .3), (6, 9, .8, .3), (8, 8, 1.5, .2), (14, 10, 3.0, .2), (10, 14, 5.0, .1), (40, 12, 2., .5), (12, 40, 3., .5),
             (3, 3, 1., .5), (1, 7, 1., .5), (7, 1, 1., .5), (60, 60, 1.5, .3), (150, 80, 2.5, .3), (200, 300, 3.5, .2), (784, 500, 3., .5)]
    with tempfile.TemporaryDirectory() as directory:
        for N, M, scale, field in cases:
            model, analysis = (pathlib.Path(directory) / f"{N}x{M}.{end}" for end in ("safetensors", "json"))
            W = rng.standard_normal((N, M)) * scale / (math.sqrt(N) + math.sqrt(M))
            write_model(model, W, rng.standard_normal(N) * field, rng.standard_normal(M) * field)
            with open(analysis, "w") as out:
                subprocess.run([program, "analyze", "--model", str(model), "--json"], stdout=out, check=True)
            good &= check(model, analysis, rng, table=False)
    return good


if __name__ == "__main__":
    if len(sys.argv) in (3, 4) and sys.argv[1] == "--fresh":
        sys.exit(0 if fresh(sys.argv[2], int(sys.argv[3]) if len(sys.argv) == 4 else 1) else 1)
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(0 if check(sys.argv[1], sys.argv[2], np.random.default_rng(0)) else 1)
