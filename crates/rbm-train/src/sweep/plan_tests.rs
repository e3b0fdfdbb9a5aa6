use super::*;
use crate::settings::LearnerKind;

fn plan(text: &str) -> Result<Plan, PlanError> {
    Plan::new([toml::from_str(text).unwrap()])
}

fn names(plan: &Plan) -> Vec<&str> {
    plan.runs.iter().map(|run| run.name.as_str()).collect()
}

#[test]
fn every_combination_once_with_the_seed_fastest() {
    let plan = plan(
        "replicas = 2\n[learner]\nkind = [\"cd\", \"pcd\"]\n[model]\nhidden = [8, 16]\n[training]\nseed = 5",
    )
    .unwrap();
    assert_eq!(
        names(&plan),
        [
            "hidden-8,learner-cd,seed-5",
            "hidden-8,learner-cd,seed-6",
            "hidden-8,learner-pcd,seed-5",
            "hidden-8,learner-pcd,seed-6",
            "hidden-16,learner-cd,seed-5",
            "hidden-16,learner-cd,seed-6",
            "hidden-16,learner-pcd,seed-5",
            "hidden-16,learner-pcd,seed-6",
        ]
    );
    let mut expected = Settings::default();
    expected.model.hidden = 16;
    expected.learner.kind = LearnerKind::Cd;
    expected.training.seed = 6;
    assert_eq!(plan.runs[5].settings, expected);
}

#[test]
fn names_are_safe_and_say_what_varies() {
    let found = plan(
        "[data]\ndataset = [\"mnist\", \"../some data/set 1.npz\"]\ndigits = [[0, 1], [7]]\n\
         [optimizer]\nlearning_rate = [0.0001, 1]\nbeta1 = [0.5]\n",
    )
    .unwrap();
    let names = names(&found);
    assert_eq!(names.len(), 8);
    assert_eq!(
        names[0],
        "dataset-mnist,digits-0+1,learning-rate-0.0001,optimizer-beta1-0.5,seed-0"
    );
    assert_eq!(
        names[7],
        "dataset-set-1.npz,digits-7,learning-rate-1,optimizer-beta1-0.5,seed-0"
    );
    assert_eq!(found.runs[7].settings.data.digits, Some(vec![7]));
    // One set of labels does not vary.
    let one = plan("[data]\ndigits = [0, 1]").unwrap();
    assert_eq!(one.runs[0].settings.data.digits, Some(vec![0, 1]));
    assert_eq!(one.runs[0].name, "seed-0");
}

#[test]
fn layers_and_lists_of_seeds() {
    let layers = [
        "replicas = 3\n[model]\nhidden = [2, 3]",
        "[model]\nhidden = 4",
    ];
    let tables = layers.map(|text| toml::from_str(text).unwrap());
    let layered = Plan::new(tables).unwrap();
    assert_eq!(names(&layered), ["seed-0", "seed-1", "seed-2"]);
    assert_eq!(layered.runs[2].settings.model.hidden, 4);
    let seeds = plan("[training]\nseed = [3, 17]").unwrap();
    assert_eq!(names(&seeds), ["seed-3", "seed-17"]);
    let both = plan("replicas = 2\n[training]\nseed = [3, 17]").unwrap_err();
    assert!(both.to_string().contains("list of seeds"), "{both}");
}

#[test]
fn what_no_run_can_have_is_refused_with_its_name() {
    for (text, part) in [
        ("replicas = 0", "replicas"),
        ("replicas = \"two\"", "replicas"),
        ("replicas = 4000000000", "replicas"),
        ("replica = 2", "replica"),
        ("[model]\nhiden = [3]", "hiden"),
        ("[model]\nhidden = []", "model.hidden"),
        ("[model]\nhidden = [3, 3]", "model.hidden"),
        ("[model]\nhidden = [3, 0]", "model.hidden"),
        ("[model]\nhidden = [3, \"x\"]", "hidden"),
        ("[learner]\nkind = [\"cd\", \"pdc\"]", "pdc"),
        ("[data]\ndataset = [\"a/x.csv\", \"b/x.csv\"]", "x.csv"),
        ("[training]\nseed = \"x\"", "training.seed"),
        ("model = 3", "model"),
        ("training = 3", "training"),
    ] {
        let error = plan(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn a_sweep_is_settled_once() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("sweep");
    let first = plan("replicas = 2\n[model]\nhidden = [8, 16]").unwrap();
    first.write_or_verify(&out).unwrap();
    first.write_or_verify(&out).unwrap();
    assert_eq!(Plan::of_directory(&out).unwrap(), first);
    let other = plan("replicas = 3\n[model]\nhidden = [8, 17]\n[data]\nlimit = 9").unwrap();
    let error = other.write_or_verify(&out).unwrap_err().to_string();
    for part in [
        "`model.hidden` is [8, 16] there and [8, 17] here",
        "`replicas` is 2 there and 3 here",
        "`data.limit` is not set there and 9 here",
    ] {
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(error.matches("there").count(), 3, "{error}");
    let mine = dir.path().join("mine");
    std::fs::create_dir(&mine).unwrap();
    std::fs::write(mine.join("thesis.tex"), "x").unwrap();
    let error = first.write_or_verify(&mine).unwrap_err().to_string();
    assert!(error.contains("holds `thesis.tex`"), "{error}");
    assert!(!mine.join("sweep.toml").exists());
    // A sweep that has lost its sweep.toml, which the settings given now need not be.
    std::fs::remove_file(out.join("sweep.toml")).unwrap();
    first.write_or_verify(&out).unwrap();
    std::fs::remove_file(out.join("sweep.toml")).unwrap();
    let run = out.join("runs/hidden-8,seed-0");
    std::fs::create_dir(&run).unwrap();
    let settings = toml::to_string(&first.runs[0].settings).unwrap();
    std::fs::write(run.join("config.toml"), settings).unwrap();
    let error = other.write_or_verify(&out).unwrap_err().to_string();
    let found = "holds `runs/hidden-8,seed-0` and no sweep.toml";
    assert!(error.contains(found), "{error}");
    assert!(!out.join("sweep.toml").exists());
    first.write_or_verify(&out).unwrap();
}
