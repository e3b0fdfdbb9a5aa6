//! The model crate on its own, as another Burn project would use it: persistent contrastive
//! divergence by hand on bars and stripes, with the exact likelihood.
//!
//! `cargo run --example library`

use burn::tensor::{Device, Tensor};
use rbm_model::gradient::{Gradient, PhaseSamples};
use rbm_model::noise::stream;
use rbm_model::partition::Enumeration;
use rbm_model::sampling::Chains;
use rbm_model::{ModelError, RbmConfig, ops};

fn main() -> Result<(), ModelError> {
    let device = Device::default();
    let patterns = bars_and_stripes(3);
    let n_visible = patterns[0].len();
    let host: Vec<f64> = patterns.iter().flatten().map(|x| f64::from(*x)).collect();
    let data = Tensor::<1>::from_floats(patterns.concat().as_slice(), &device)
        .reshape([patterns.len(), n_visible]);

    let mut rbm = RbmConfig::new(n_visible, 8)
        .with_weight_std(0.1)
        .init(&device)?;
    let mut chains = Chains::from_biases(&rbm, 200, 1, stream::CHAINS);
    for update in 0..=4000 {
        if update % 1000 == 0 {
            let likelihood = Enumeration::new(&rbm.parameters()?)?.log_likelihood(&host);
            println!("update {update:4}: log-likelihood {likelihood:.3} nats a pattern");
        }
        let hidden =
            ops::hidden_probabilities(rbm.weight.val(), rbm.hidden_bias.val(), data.clone());
        let data = PhaseSamples {
            visible: data.clone(),
            hidden,
        };
        let hidden = chains.sweep(&rbm, 5);
        let model = PhaseSamples {
            visible: chains.visible.clone(),
            hidden,
        };
        let gradient = Gradient::from_samples(data, model);
        rbm.weight = rbm.weight.map(|w| w + gradient.weight * 0.2);
        rbm.visible_bias = rbm.visible_bias.map(|b| b + gradient.visible_bias * 0.2);
        rbm.hidden_bias = rbm.hidden_bias.map(|c| c + gradient.hidden_bias * 0.2);
    }
    println!("best possible: {:.3}", -(patterns.len() as f64).ln());
    Ok(())
}

/// All images of `side` x `side` pixels made of full rows or of full columns.
fn bars_and_stripes(side: usize) -> Vec<Vec<f32>> {
    let mut patterns = Vec::new();
    for choice in 0..1usize << side {
        let on = |k: usize| (choice >> k & 1) as f32;
        patterns.push((0..side * side).map(|i| on(i / side)).collect());
        patterns.push((0..side * side).map(|i| on(i % side)).collect());
    }
    patterns.sort_by(|a: &Vec<f32>, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    patterns.dedup();
    patterns
}
