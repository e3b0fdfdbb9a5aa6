//! `rbm-train analyze` on a model file and on a whole run.

use crate::support::{fail, json, succeed};
use tempfile::tempdir;

#[test]
fn a_whole_run_is_analysed_snapshot_by_snapshot() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        "train --dataset bars-and-stripes --hidden 8 --epochs 60 --learning-rate 0.1 --batch-size 10 --out run --no-report",
    );
    let text = succeed(dir.path(), "analyze run --pca --modes 3 --json");
    let analysis = json(&text);
    // The latest model's keys stay where they are for a model file.
    assert_eq!(analysis["singular_values"].as_array().unwrap().len(), 8);
    for key in [
        "/symmetry/left/ipr/p_value",
        "/symmetry/rotation/jensen_shannon/p_value",
        "/phase/spin/t_over_j",
    ] {
        assert!(analysis.pointer(key).unwrap().is_number(), "{key}");
    }
    let snapshots = analysis["run"]["snapshots"].as_array().unwrap();
    let steps: Vec<u64> = snapshots
        .iter()
        .map(|s| s["step"].as_u64().unwrap())
        .collect();
    assert!(steps.len() > 5 && steps.is_sorted(), "{steps:?}");
    for snapshot in snapshots {
        assert_eq!(snapshot["overlaps_with_last"].as_array().unwrap().len(), 3);
        assert!(snapshot["ln_z"]["exact"].is_number());
        assert!(snapshot["phase"]["binary"]["j0_over_j"].is_number());
    }
    // The last snapshot is the latest model, and overlaps with itself.
    let last = snapshots.last().unwrap();
    assert_eq!(last["singular_values"], analysis["singular_values"]);
    let overlap = &last["overlaps_with_last"][0];
    assert!((overlap["group_overlap"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let tracks = analysis["run"]["tracks"].as_array().unwrap();
    assert_eq!(tracks.len(), 3);
    for (mode, track) in tracks.iter().enumerate() {
        let points = track["points"].as_array().unwrap();
        assert_eq!(points.len(), steps.len());
        let end = points.last().unwrap();
        assert_eq!((&track["mode"], &end["mode"]), (&mode.into(), &mode.into()));
        assert_eq!(end["singular_value"], analysis["singular_values"][mode]);
    }
    let data = &analysis["run"]["data"];
    assert!(data["along_modes"][0]["share"].as_f64().unwrap() > 0.0);
    // Bars and stripes: 30 images of 16 pixels, whose variance is 1/4 a pixel by symmetry.
    assert!(data["variances"][0].as_f64().unwrap() <= 4.0);

    assert_eq!(
        text,
        succeed(dir.path(), "analyze run --pca --modes 3 --json")
    );
    let text = succeed(dir.path(), "analyze run --latest --field 2 --json");
    let analysis = json(&text);
    assert!(analysis.get("run").is_none());
    let field = &analysis["field"];
    for key in [
        "landau",
        "model_occupations",
        "data_occupations",
        "free_energies",
    ] {
        assert_eq!(field[key].as_array().unwrap().len(), 2, "{key}");
    }
    assert_eq!(field["diffusion"].as_array().unwrap().len(), 4);
    // 16 visible units: the exact curve is there beside the sampled one.
    assert!(field["free_energies"][0]["exact"].is_array());
    let table = succeed(
        dir.path(),
        "analyze --model run/model.safetensors --field 1",
    );
    assert!(table.contains("barrier"), "{table}");

    let table = succeed(dir.path(), "analyze run --pca");
    for part in ["sigma", "rotation test", "followed back", "best component"] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    let latest = json(&succeed(
        dir.path(),
        "analyze run --latest --rotations 0 --json",
    ));
    assert!(latest.get("run").is_none() && latest["symmetry"]["rotation"].is_null());
    assert!(latest["notes"]["symmetry.rotation"].is_string());
    fail(
        dir.path(),
        "analyze --model run/model.safetensors --pca",
        2,
        &["--pca", "run"],
    );
}
