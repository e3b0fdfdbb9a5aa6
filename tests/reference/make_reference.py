"""Independent numpy reference for the formulas of crates/rbm-analysis.

python3 make_reference.py OUTDIR [SEED]   (needs numpy; scipy for the spherical closure)

Writes one JSON file a model: parameters in, expected values out (float64). Nothing here shares code with the project.
"""
import json, pathlib, sys
import numpy as np
from scipy.optimize import fsolve

sigmoid = lambda t: 1.0 / (1.0 + np.exp(-t))
softplus = lambda t: np.logaddexp(0.0, t)
logsumexp = lambda t: t.max() + np.log(np.exp(t - t.max()).sum())


def svd(W):
    U, s, Vt = np.linalg.svd(W, full_matrices=True)
    V = Vt.T
    for k in range(len(s)):                       # sign convention: largest entry of each left vector positive
        if U[np.argmax(np.abs(U[:, k])), k] < 0:
            U[:, k] *= -1; V[:, k] *= -1
    return U, s, V


def exact(W, b, c):
    """ln Z and the exact moments <v>, <h>, <v h^T> by enumerating the hidden layer."""
    M = W.shape[1]
    H = ((np.arange(2 ** M)[:, None] >> np.arange(M)) & 1).astype(float)
    field = b + H @ W.T
    logw = H @ c + softplus(field).sum(1)
    lnZ = logsumexp(logw); p = np.exp(logw - lnZ)
    mv = sigmoid(field)
    return lnZ, p @ mv, p @ H, (mv * p[:, None]).T @ H


def mean_field(W, b, c):
    mh = np.full(W.shape[1], 0.5)
    for _ in range(100000):
        mv = sigmoid(b + W @ mh); new = sigmoid(c + W.T @ mv)
        if np.abs(new - mh).max() < 1e-14: break
        mh = 0.5 * (mh + new)
    ent = lambda q: -(q * np.log(q) + (1 - q) * np.log1p(-q))
    return -(mv @ W @ mh + b @ mv + c @ mh) - ent(mv).sum() - ent(mh).sum(), mv, mh


def gaussian_ln_z(W, b, c):
    N, M = W.shape; R = min(N, M)
    U, lam, V = svd(W)
    if lam[0] >= 4: return None
    bt, ct = U.T @ b, V.T @ c
    mx, my = U.T @ np.full(N, .5), V.T @ np.full(M, .5)
    total = (N + M) * np.log(2)
    for k in range(R):
        xs, ys, t = -ct[k] / lam[k], -bt[k] / lam[k], lam[k] / 4
        u, w = (mx[k] + my[k] - xs - ys) / 2 ** .5, (my[k] - mx[k] + xs - ys) / 2 ** .5
        total += -bt[k] * ct[k] / lam[k] + lam[k] / 2 * (u * u / (1 - t) - w * w / (1 + t)) - .5 * np.log(1 - t * t)
    for k in range(R, N): total += bt[k] * mx[k] + bt[k] ** 2 / 8
    for k in range(R, M): total += ct[k] * my[k] + ct[k] ** 2 / 8
    return total


def spherical(lam, N, M):
    R = len(lam)
    def eq(p):
        a, d = np.exp(p); g = a * d - lam ** 2
        if (g <= 0).any(): return [10.0, 10.0]
        return [(d / g).sum() + (N - R) / a - N / 4, (a / g).sum() + (M - R) / d - M / 4]
    start = np.log(np.maximum(4.0, lam[0]) * np.array([1.05, 1.05]))
    sol, _, ok, _ = fsolve(eq, start, full_output=True, xtol=1e-13)
    return [float(v) for v in np.exp(sol)] if ok == 1 else None


def case(name, rng, N, M, scale, field):
    W = rng.standard_normal((N, M)) * scale * 2 / (np.sqrt(N) + np.sqrt(M))
    b, c = rng.standard_normal(N) * field, rng.standard_normal(M) * field
    U, lam, V = svd(W)
    lnZ, ev, eh, evh = exact(W, b, c)
    F, mv, mh = mean_field(W, b, c)
    dv, dh = mv * (1 - mv), mh * (1 - mh)
    dressed = np.linalg.svd(np.sqrt(dv)[:, None] * W * np.sqrt(dh), compute_uv=False)
    v = (rng.random((4, N)) < .5).astype(float); h = (rng.random((4, M)) < .5).astype(float)
    R = min(N, M)
    out = dict(
        name=name, n_visible=N, n_hidden=M, weight=W.tolist(), visible_bias=b.tolist(), hidden_bias=c.tolist(),
        states=dict(v=v.tolist(), h=h.tolist(), energy=(-(v @ W * h).sum(1) - v @ b - h @ c).tolist(),
                    free_energy=(-v @ b - softplus(c + v @ W).sum(1)).tolist(),
                    x=(v @ U[:, :R]).tolist(), y=(h @ V[:, :R]).tolist()),
        singular_values=lam.tolist(), ipr_left=(U[:, :R] ** 4).sum(0).tolist(), ipr_right=(V[:, :R] ** 4).sum(0).tolist(),
        saddle_x=(-(V.T @ c)[:R] / lam).tolist(), saddle_y=(-(U.T @ b)[:R] / lam).tolist(),
        saddle_energy=((U.T @ b)[:R] * (V.T @ c)[:R] / lam).tolist(),
        ln_z=dict(exact=lnZ, mean_field=-F, onsager=-F + .5 * dv @ W ** 2 @ dh,
                  one_loop=float(-F - .5 * np.log1p(-dressed ** 2).sum()) if dressed[0] < 1 else None,
                  gaussian=gaussian_ln_z(W, b, c)),
        dressed_singular_values=dressed.tolist(), spherical_multipliers=spherical(lam, N, M),
        exact_moments=dict(v=ev.tolist(), h=eh.tolist(), boson_occupation=(lam * np.diag(U[:, :R].T @ evh @ V[:, :R])).tolist()))
    return out


if __name__ == "__main__":
    out, rng = pathlib.Path(sys.argv[1]), np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 2503)
    out.mkdir(parents=True, exist_ok=True)
    for name, N, M, scale, field in [("weak_tall", 9, 6, .5, .3), ("weak_wide", 6, 9, .8, .3), ("square", 8, 8, 1.5, .2),
                                     ("near_critical", 12, 8, 2.5, .2), ("broken", 10, 7, 7., .1), ("no_bias", 10, 6, 1., 0.)]:
        (out / f"{name}.json").write_text(json.dumps(case(name, rng, N, M, scale, field), indent=1))
