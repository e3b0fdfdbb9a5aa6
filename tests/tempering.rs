//! Tempering from outside: as a learner, and as a way to sample.

use crate::support::{assert_same_run, fail, json, program, run, succeed};
use burn::tensor::Device;
use rbm_model::{Parameters, Rbm, file};
use tempfile::tempdir;

const PT: &str = "--learner pt --replicas 4 --dataset mnist --limit 1500 --hidden 40 --epochs 3 \
                  --batch-size 50 --chains 30 --evaluate-every 40 --no-report";

#[test]
fn a_tempered_run_resumes_and_repeats_bit_for_bit() {
    let dir = tempdir().unwrap();
    for (threads, out) in [("1", "one"), ("2", "two")] {
        let output = program(dir.path(), &format!("train {PT} --out {out}"))
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
    }
    assert_same_run(&dir.path().join("one"), &dir.path().join("two"));
    succeed(
        dir.path(),
        &format!("train {PT} --stop-after 1 --out parts"),
    );
    succeed(dir.path(), "resume parts --no-report");
    assert_same_run(&dir.path().join("one"), &dir.path().join("parts"));
}

#[test]
fn a_tempered_run_resumes_where_levels_are_laid_anew() {
    let dir = tempdir().unwrap();
    let flags = "train --learner pt --replicas 5 --dataset bars-and-stripes --hidden 8 --epochs 300 \
                 --batch-size 10 --chains 20 --no-report";
    succeed(dir.path(), &format!("{flags} --out whole"));
    // Three updates an epoch, so levels change after epochs 83, 166 and 250.
    succeed(dir.path(), &format!("{flags} --stop-after 100 --out parts"));
    succeed(dir.path(), "resume parts --no-report");
    assert_same_run(&dir.path().join("whole"), &dir.path().join("parts"));
}

#[test]
fn samples_by_every_method_come_with_diagnostics_and_quality() {
    let dir = tempdir().unwrap();
    succeed(
        dir.path(),
        "train --dataset bars-and-stripes --hidden 12 --batch-size 10 --epochs 400 --gibbs-steps 5 \
         --learner pt --replicas 4 --chains 20 --no-report --out run",
    );
    for method in ["gibbs", "tempering", "trajectory"] {
        let from = if method == "gibbs" {
            "--from random"
        } else {
            ""
        };
        let arguments = format!(
            "sample run --method {method} {from} --chains 100 --gibbs-steps 200 --quality \
             --out {method} --json"
        );
        let found = json(&succeed(dir.path(), &arguments));
        assert_eq!(found["samples"], 100);
        let mixing = &found["mixing"];
        assert_eq!(mixing["free_energy"]["draws"], 100);
        assert_eq!(mixing["modes"].as_array().unwrap().len(), 5);
        let quality = &found["quality"];
        assert_eq!(
            quality["rows"], 30,
            "the data has no held-out rows: {quality}"
        );
        assert!(quality["free_energy"]["ks_distance"].is_number());
        assert!(dir.path().join(method).join("quality/index.html").exists());
        if method == "gibbs" {
            assert!(found["tempering"].is_null());
        } else {
            let tempering = &found["tempering"];
            let rates = tempering["swap_rates"].as_array().unwrap();
            let levels = tempering["levels"].as_array().unwrap().len();
            assert_eq!(rates.len() + 1, levels);
            assert!(rates.iter().all(|r| r.as_f64().unwrap() > 0.2), "{rates:?}");
            assert!(tempering["round_trips"].as_u64().unwrap() > 50);
            assert!(mixing["largest_r_hat"].as_f64().unwrap() < 1.1, "{mixing}");
        }
    }
    let text = succeed(
        dir.path(),
        "sample --model run/model.safetensors --method tempering --gibbs-steps 40 --out plain",
    );
    assert!(
        text.contains("swap rates") && text.contains("R-hat"),
        "{text}"
    );
    // What the run's own folder of samples holds, the report shows.
    succeed(
        dir.path(),
        "sample run --gibbs-steps 10 --quality --from data --chains 30",
    );
    succeed(dir.path(), "report run");
    let page = std::fs::read_to_string(dir.path().join("run/report/index.html")).unwrap();
    assert!(page.contains("adversarial accuracy"));
    for (flags, part) in [
        ("run --method tempering --from random", "--from"),
        ("run --method tempering --swap-rate 1.5", "--swap-rate"),
        (
            "--model run/model.safetensors --method trajectory",
            "snapshots",
        ),
        ("--model run/model.safetensors --quality", "--dataset"),
    ] {
        fail(dir.path(), &format!("sample {flags}"), 2, &[part]);
    }
}

#[test]
fn a_preset_comes_before_file_and_flags() {
    let dir = tempdir().unwrap();
    std::fs::write(dir.path().join("s.toml"), "[training]\nbatch_size = 17\n").unwrap();
    succeed(
        dir.path(),
        "train --preset best --config s.toml --hidden 6 --dataset bars-and-stripes --epochs 2 \
         --no-report --out run",
    );
    let config = std::fs::read_to_string(dir.path().join("run/config.toml")).unwrap();
    for line in ["batch_size = 17", "hidden = 6", "epochs = 2"] {
        assert!(config.contains(line), "{line}: {config}");
    }
    fail(dir.path(), "train --preset worst", 2, &["worst"]);
    fail(
        dir.path(),
        "train --learner pt --replicas 1",
        2,
        &["levels"],
    );
}

/// What `sample` from random starts says, on standard output and on standard error.
fn said_of(model: &Parameters, arguments: &str) -> (String, String) {
    let dir = tempdir().unwrap();
    let rbm = Rbm::from_parameters(model, &Device::flex());
    std::fs::write(
        dir.path().join("m.safetensors"),
        file::to_bytes(&rbm).unwrap(),
    )
    .unwrap();
    let output = run(
        dir.path(),
        &format!("sample --model m.safetensors --from random {arguments}"),
    );
    assert!(output.status.success());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn chains_that_do_not_mix_or_cannot_be_judged_are_said_so() {
    // All units on and all off are equally likely, with nothing in between.
    let (n, m, w) = (10, 2, 4.0);
    let fields = |count: usize| -0.5 * w * count as f64;
    let two_wells =
        Parameters::new(n, m, vec![w; n * m], vec![fields(m); n], vec![fields(n); m]).unwrap();
    let (_, said) = said_of(&two_wells, "--gibbs-steps 200");
    assert!(
        said.contains("have not mixed (R-hat ") && said.contains("--method tempering"),
        "{said}"
    );
    let (_, said) = said_of(&two_wells, "--gibbs-steps 7");
    assert!(said.contains("7 sweeps are too few to tell"), "{said}");

    let free = Parameters::new(n, m, vec![0.0; n * m], vec![0.5; n], vec![0.0; m]).unwrap();
    let (_, said) = said_of(&free, "--gibbs-steps 200");
    assert!(!said.contains("mixed"), "{said}");

    let frozen = Parameters::new(n, m, vec![0.0; n * m], vec![500.0; n], vec![0.0; m]).unwrap();
    let (lines, said) = said_of(&frozen, "--gibbs-steps 200");
    assert!(
        lines.contains("R-hat undefined, since nothing moved"),
        "{lines}"
    );
    assert!(
        !lines.contains("NaN") && said.contains("have not mixed"),
        "{lines}{said}"
    );
}

/// Half of an image given: the picture, the arrays, and what is known stays.
#[test]
fn rows_with_missing_values_are_completed() {
    let dir = tempdir().unwrap();
    let dir = dir.path();
    succeed(
        dir,
        "train --dataset bars-and-stripes --hidden 12 --batch-size 10 --epochs 1500 --learning-rate 0.2 --schedule constant \
         --gibbs-steps 5 --no-report --out run",
    );
    // The first row of a 4x4 image that can only be horizontal stripes, and a stripe that is missing altogether.
    std::fs::write(
        dir.join("some.csv"),
        "1,1,1,1,0,,,,,,,,,,,\n1,1,1,1,0,0,0,0,,,,,1,1,1,1\n",
    )
    .unwrap();
    let arguments = "sample run --clamp some.csv --chains 20 --gibbs-steps 400 --json";
    let found = json(&succeed(dir, arguments));
    assert_eq!(
        (&found["rows"], &found["free_units"], &found["exact_rows"]),
        (&2.into(), &15.into(), &2.into())
    );
    let bytes = std::fs::read(dir.join("run/samples/clamped-probabilities.npy")).unwrap();
    let p: Vec<f32> = bytes[128..]
        .as_chunks()
        .0
        .iter()
        .map(|b| f32::from_le_bytes(*b))
        .collect();
    assert_eq!(p[..5], [1.0, 1.0, 1.0, 1.0, 0.0]);
    // A well-trained model continues the stripe that is off.
    assert!(p[5..8].iter().all(|p| *p < 0.1), "{p:?}");
    let bits = std::fs::read(dir.join("run/samples/clamped-samples.npy")).unwrap();
    assert_eq!(bits.len(), 128 + 2 * 20 * 16);
    assert!(
        bits[128..].as_chunks::<16>().0[..20]
            .iter()
            .all(|row| row[..5] == [1, 1, 1, 1, 0])
    );
    assert!(dir.join("run/samples/clamped.png").exists());
    assert_eq!(succeed(dir, arguments), succeed(dir, arguments));
    // What it wrote belongs to the run.
    succeed(
        dir,
        "train --dataset bars-and-stripes --hidden 12 --epochs 1 --no-report --out run --overwrite",
    );
    std::fs::write(dir.join("wide.csv"), "0,1,\n").unwrap();
    fail(
        dir,
        "sample run --clamp wide.csv",
        1,
        &["3 columns", "16 visible units"],
    );
    fail(
        dir,
        "sample run --clamp some.csv --method tempering",
        2,
        &["--clamp goes with neither"],
    );
}
