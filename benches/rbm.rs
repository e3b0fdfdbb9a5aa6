//! Sweeps, updates, free energies and decompositions over sizes: `cargo bench`.
//!
//! One argument chooses, e.g. `cargo bench -- sweep`. Rates are in units (visible plus hidden)
//! drawn a second for sweeps and updates. `rbm-train bench` compares backends and paths;
//! `benches/peers/` compares with other packages.

use burn::tensor::Device;
use divan::Bencher;
use divan::counter::ItemsCount;
use rbm_analysis::reciprocal::{Vectors, leading_singular_values, svd, weight_matrix};
use rbm_model::noise::{Sequence, stream};
use rbm_model::sampling::Chains;
use rbm_model::{BitMatrix, Rbm, RbmConfig};
use rbm_train::settings::{ChainCount, Settings};
use rbm_train::{Batch, State};

const VISIBLE: usize = 784;
const HIDDEN: [usize; 4] = [100, 500, 1000, 5000];
const ROWS: [usize; 5] = [1, 16, 128, 500, 5000];

fn main() {
    // On a thread of the pool, as the program does it.
    rayon::scope(|_| divan::main());
}

fn model(hidden: usize) -> Rbm {
    let mean = vec![0.13; VISIBLE];
    let config = RbmConfig::new(VISIBLE, hidden).with_seed(1);
    config
        .init_from_data_mean(&mean, 1000, &Device::flex())
        .expect("a valid size")
}

fn data(rows: usize) -> BitMatrix {
    let mut random = Sequence::new(1, stream::SHUFFLE, 0);
    BitMatrix::from_fn(rows, VISIBLE, |_, _| random.next_uniform() < 0.13)
}

/// One Gibbs sweep of 500 hidden units.
#[divan::bench(args = ROWS)]
fn sweep_by_chains(bencher: Bencher, chains: usize) {
    sweep(bencher, 500, chains);
}

/// One Gibbs sweep of 128 chains.
#[divan::bench(args = HIDDEN)]
fn sweep_by_hidden(bencher: Bencher, hidden: usize) {
    sweep(bencher, hidden, 128);
}

fn sweep(bencher: Bencher, hidden: usize, count: usize) {
    let rbm = model(hidden);
    let mut chains = Chains::from_biases(&rbm, count, 1, stream::CHAINS);
    bencher
        .counter(ItemsCount::new(count * (VISIBLE + hidden)))
        .bench_local(|| chains.sweep(&rbm, 1));
}

/// One PCD-1 update of 500 hidden units, as many chains as rows.
#[divan::bench(args = ROWS)]
fn update_by_rows(bencher: Bencher, rows: usize) {
    update(bencher, 500, rows);
}

/// One PCD-1 update of 128 rows and chains.
#[divan::bench(args = HIDDEN)]
fn update_by_hidden(bencher: Bencher, hidden: usize) {
    update(bencher, hidden, 128);
}

fn update(bencher: Bencher, hidden: usize, rows: usize) {
    let mut settings = Settings::default();
    settings.learner.chains = ChainCount::Count(rows);
    let mut state = Some(State::new(
        &settings,
        model(hidden),
        &vec![0.13; VISIBLE],
        rows,
    ));
    let batch = Batch::new(data(rows), (0..rows as u32).collect());
    bencher
        .counter(ItemsCount::new(rows * (VISIBLE + hidden)))
        .bench_local(|| {
            let next = state
                .take()
                .map(|s| s.update(&settings, batch.clone(), 0.01));
            state = next;
        });
}

/// Free energies of rows under 500 hidden units.
#[divan::bench(args = ROWS)]
fn free_energy(bencher: Bencher, rows: usize) {
    let (rbm, rows) = (model(500), data(rows).to_tensor(&Device::flex()));
    bencher.bench_local(|| rbm.free_energy(rows.clone()));
}

/// All singular values and vectors.
#[divan::bench(args = [100, 500, 1000])]
fn decomposition(bencher: Bencher, hidden: usize) {
    let weight = weight_matrix(&model(hidden).parameters().expect("finite"));
    bencher.bench_local(|| svd(weight.as_ref(), Vectors::Thin));
}

/// The ten leading singular values, as monitoring takes them.
#[divan::bench(args = [100, 500, 1000])]
fn leading_values(bencher: Bencher, hidden: usize) {
    let weight = model(hidden).weight.val().into_data();
    let weight: Vec<f32> = weight.iter::<f32>().collect();
    bencher.bench_local(|| leading_singular_values(&weight, VISIBLE, hidden, 10));
}
