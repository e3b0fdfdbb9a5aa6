//! What is replaced, what is kept, and what is not believed.

use super::*;
use crate::checkpoint::Status;
use std::fs;

fn manifest(seed: u64) -> Manifest {
    Manifest {
        format: Manifest::FORMAT.into(),
        version: "0".into(),
        dataset: "bars-and-stripes".into(),
        dataset_digest: String::new(),
        provenance: String::new(),
        n_visible: 6,
        n_hidden: 2,
        image_shape: Some((2, 3)),
        train_rows: 5,
        test_rows: 0,
        seed,
        device: "flex".into(),
        adapter: None,
        parent: None,
        status: Status::Running,
        step: 0,
    }
}

fn fill(run: &RunDir, seed: u64) -> Result<(), RunError> {
    run.write_settings(&Settings::default())?;
    run.write_manifest(&manifest(seed))
}

#[test]
fn nothing_is_replaced_unless_asked_and_only_runs_are() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("run");
    let create = |overwrite, seed| RunDir::create(&root, overwrite, |run| fill(run, seed));
    let seed = || RunDir::open(&root).unwrap().manifest().unwrap().seed;
    fs::create_dir(&root).unwrap();
    fs::write(root.join("note.txt"), "mine").unwrap();
    assert!(matches!(create(false, 1), Err(RunError::Exists { .. })));
    assert!(matches!(create(true, 1), Err(RunError::NotARun { .. })));
    fs::remove_file(root.join("note.txt")).unwrap();
    create(false, 1).unwrap();
    let error = create(false, 2).unwrap_err().to_string();
    assert!(
        error.contains("--overwrite") && error.contains("resume"),
        "{error}"
    );
    let failed = RunDir::create(&root, true, |run| {
        run.write(&run.root().join("missing/file"), b"x")
    });
    assert!(failed.is_err());
    assert_eq!(seed(), 1);
    // Nor one that somebody trains.
    let trained = RunDir { root: root.clone() }.lock().unwrap();
    assert!(matches!(create(true, 2), Err(RunError::Busy { .. })));
    assert_eq!(seed(), 1);
    drop(trained);
    create(true, 2).unwrap();
    assert_eq!(seed(), 2);
    // Another process makes the same run meanwhile.
    let other = dir.path().join("other");
    let late = RunDir::create(&other, false, |_| {
        RunDir::create(&other, false, |run| fill(run, 3))?;
        Ok(())
    });
    assert!(matches!(late, Err(RunError::Exists { .. })));
    assert!(RunDir::open(&other).is_ok());
    fs::remove_dir_all(&other).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_run_is_recognized_by_its_content_and_replaced_only_if_nothing_else_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("mine");
    let overwrite = |seed| RunDir::create(&root, true, |run| fill(run, seed));
    fs::create_dir(&root).unwrap();
    fs::write(root.join("thesis.tex"), "x").unwrap();
    // Of a web page, a package, or a run of something else.
    let config = toml::to_string(&Settings::default()).unwrap();
    let other = RunDir { root: root.clone() };
    let mut stranger = manifest(0);
    stranger.format = "other".into();
    let stranger = serde_json::to_string(&stranger).unwrap();
    for (text, config) in [("{}", ""), ("{}", &config), (&stranger, &config)] {
        fs::write(root.join("manifest.json"), text).unwrap();
        fs::write(root.join("config.toml"), config).unwrap();
        let error = overwrite(1).unwrap_err().to_string();
        assert!(error.contains("manifest.json"), "{error}");
        assert_eq!(fs::read(root.join("thesis.tex")).unwrap(), b"x");
    }
    fill(&other, 0).unwrap();
    fs::write(root.join("config.toml"), "[tool]\nname = 1\n").unwrap();
    assert!(matches!(overwrite(1), Err(RunError::NotARun { .. })));
    fill(&other, 0).unwrap();
    let error = overwrite(1).unwrap_err().to_string();
    assert!(error.contains("also holds `thesis.tex`"), "{error}");

    fs::remove_file(root.join("thesis.tex")).unwrap();
    let written = [
        "snapshots/step-00000010.safetensors",
        "samples/quality/figures/neighbors.svg",
        "samples/samples.npy",
        "evaluation.json",
        "features-test.npy",
        "report/data/spectrum.csv",
        "report/.abc.tmp",
        "report/index.html",
        "checkpoint/state.safetensors",
        "metrics.csv",
        ".writing-abc",
    ];
    for file in written {
        let file = root.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }
    for other in [
        "snapshots/copy.safetensors",
        "report/notes.md",
        "old/data.csv",
    ] {
        let file = root.join(other);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "x").unwrap();
        let error = overwrite(1).unwrap_err().to_string();
        let named = other.strip_suffix("/data.csv").unwrap_or(other);
        assert!(error.contains(&format!("`{named}`")), "{error}");
        fs::remove_file(&file).unwrap();
    }
    fs::remove_dir(root.join("old")).unwrap();
    overwrite(1).unwrap();
    assert_eq!(RunDir::open(&root).unwrap().manifest().unwrap().seed, 1);
}
