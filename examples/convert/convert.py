#!/usr/bin/env python3
"""Models of other programs to safetensors files that rbm-train reads, and back.

    convert.py import FILE OUT.safetensors [--update N]
    convert.py export MODEL.safetensors OUT

What FILE or OUT is, its ending says:

    .h5, .hdf5        rbms 0.5 and 0.6 (PyTorch): of the updates that the archive holds, the last or N; exported as update 0
    .pkl, .joblib     scikit-learn's BernoulliRBM. A pickle runs code when it is read: import those of your own only
    .jld2             RestrictedBoltzmannMachines.jl, written by `jldsave(FILE; w = rbm.w, a = rbm.visible.θ, b = rbm.hidden.θ)`

Binary units {0, 1} only; a model of other units is refused. Needs numpy and safetensors, and h5py, scikit-learn or joblib for
their files. Numbers keep their type where safetensors has it; rbm-train takes F64, F32, F16 and BF16.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

HDF5 = (".h5", ".hdf5")
PICKLED = (".pkl", ".joblib")
METADATA = {"units": "binary 0/1"}


def from_rbms(path, update):
    """weight_matrix [visible, hidden], vbias, hbias below update_N/params."""
    import h5py

    with h5py.File(path) as file:
        kind = file["model_type"][()].decode() if "model_type" in file else "BBRBM"
        if kind != "BBRBM":
            sys.exit(f"{path}: a model of type {kind}; only BBRBM has binary units on both sides")
        updates = sorted(int(key.removeprefix("update_")) for key in file if key.startswith("update_"))
        if not updates:
            sys.exit(f"{path}: no update_N in it: not an archive of rbms")
        update = updates[-1] if update is None else update
        if update not in updates:
            sys.exit(f"{path}: no update {update}; there are {updates}")
        of = file[f"update_{update}"]
        of = of["params"] if "params" in of else of
        return [of[name][()] for name in ("weight_matrix", "vbias", "hbias")]


def to_rbms(path, weight, visible_bias, hidden_bias):
    import h5py

    with h5py.File(path, "w") as file:
        file["model_type"] = "BBRBM"
        params = file.create_group("update_0/params")
        for name, values in (("weight_matrix", weight), ("vbias", visible_bias), ("hbias", hidden_bias)):
            params[name] = values


def pickles():
    try:
        import joblib as module
    except ImportError:
        import pickle

        class module:
            load = staticmethod(lambda path: pickle.loads(Path(path).read_bytes()))
            dump = staticmethod(lambda model, path: Path(path).write_bytes(pickle.dumps(model)))

    return module


def from_sklearn(path):
    """components_ [hidden, visible]."""
    model = pickles().load(path)
    if type(model).__name__ != "BernoulliRBM":
        sys.exit(f"{path}: a {type(model).__name__}; expected scikit-learn's BernoulliRBM")
    return model.components_.T, model.intercept_visible_, model.intercept_hidden_


def to_sklearn(path, weight, visible_bias, hidden_bias):
    from sklearn.neural_network import BernoulliRBM

    model = BernoulliRBM(n_components=len(hidden_bias))
    # What fit() would have left.
    model.components_ = np.ascontiguousarray(weight.T)
    model.intercept_visible_, model.intercept_hidden_ = visible_bias, hidden_bias
    model.n_features_in_ = len(visible_bias)
    pickles().dump(model, path)


def from_julia(path):
    """w, a, b; HDF5 shows Julia's columns as rows, so w comes as [hidden, visible]."""
    import h5py

    with h5py.File(path) as file:
        missing = {"w", "a", "b"} - set(file)
        if missing:
            sys.exit(f"{path}: {', '.join(sorted(missing))} missing; write w = rbm.w, a = rbm.visible.θ, b = rbm.hidden.θ")
        weight, a, b = (file[name][()] for name in ("w", "a", "b"))
    # Layers of images have one axis for rows and one for columns.
    return weight.reshape(b.size, a.size).T, a.ravel(), b.ravel()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("direction", choices=["import", "export"])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--update", type=int, help="update of an rbms archive [default: the last]")
    args = parser.parse_args()
    if args.direction == "import":
        ending = args.source.suffix
        if ending in HDF5:
            parts = from_rbms(args.source, args.update)
        elif ending in PICKLED:
            parts = from_sklearn(args.source)
        elif ending == ".jld2":
            parts = from_julia(args.source)
        else:
            parser.error(f"{args.source}: unknown ending `{ending}`")
        names = ("weight", "visible_bias", "hidden_bias")
        save_file({name: np.ascontiguousarray(part) for name, part in zip(names, parts)}, args.target, METADATA)
    else:
        model = load_file(args.source)
        parts = [model[name] for name in ("weight", "visible_bias", "hidden_bias")]
        ending = args.target.suffix
        if ending in HDF5:
            to_rbms(args.target, *parts)
        elif ending in PICKLED:
            to_sklearn(args.target, *parts)
        elif ending == ".jld2":
            parser.error("export to .h5, and read its update_0/params with HDF5.jl")
        else:
            parser.error(f"{args.target}: unknown ending `{ending}`")


if __name__ == "__main__":
    main()
