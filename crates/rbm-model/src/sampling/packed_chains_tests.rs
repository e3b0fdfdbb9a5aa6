use super::{Chains, PackedChains};
use crate::gradient::{Offsets, PhaseSamples};
use crate::noise::{NoiseKey, stream};
use crate::ops;
use crate::optim::{Rule, Step};
use crate::update::{self, OptimizerState};
use crate::{BitMatrix, Rbm, RbmConfig};
use burn::tensor::{Device, Tensor};

fn model(n: usize, m: usize) -> Rbm {
    let config = RbmConfig::new(n, m).with_weight_std(0.3).with_seed(2);
    let mean = vec![0.3; n];
    config
        .init_from_data_mean(&mean, 50, &Device::flex())
        .unwrap()
}

/// Few chains go through dense products; beyond 2^20 weights forty do not yet.
const SHAPES: [[usize; 3]; 4] = [[1, 1, 70], [70, 33, 130], [33, 130, 3], [1030, 1030, 40]];

#[test]
fn they_are_the_same_chains() {
    for [n, m, count] in SHAPES {
        let rbm = model(n, m);
        let mut chains = Chains::from_biases(&rbm, count, 7, stream::CHAINS);
        let mut packed = PackedChains::from_biases(&rbm, count, 7, stream::CHAINS);
        assert_eq!(PackedChains::from(&chains), packed, "{n} x {m}");
        for sweeps in [1, 0, 2] {
            chains.sweep(&rbm, sweeps);
            packed.sweep(&rbm, sweeps);
            assert_eq!(PackedChains::from(&chains), packed, "{n} x {m}");
        }
        let back = PackedChains::from(&packed.to_chains(&rbm.device()));
        assert_eq!(back, packed);
        assert_eq!(packed.count(), count);
    }
}

#[test]
fn an_update_with_them_is_sweeps_and_then_an_ascent() {
    let step = Step {
        rate: 0.1,
        l1: 0.01,
        l2: 0.02,
        rule: Rule::Momentum { decay: 0.5 },
    };
    for [n, m, count] in SHAPES {
        let rbm = model(n, m);
        let key = NoiseKey::new(1, stream::SAMPLE);
        let zeros = |units| Tensor::zeros([units], &rbm.device());
        let (batch, _) = ops::sample_layer(Tensor::zeros([20, n], &rbm.device()), zeros(n), key);
        let offsets = Offsets {
            visible: zeros(n) + 0.3,
            hidden: zeros(m) + 0.4,
        };
        let mut chains = Chains::from_biases(&rbm, count, 7, stream::CHAINS);
        let mut packed = PackedChains::from(&chains);
        for sweeps in [1, 3, 0] {
            let data = PhaseSamples {
                hidden: rbm.hidden_probabilities(batch.clone()),
                visible: batch.clone(),
            };
            let hidden = chains.sweep(&rbm, sweeps);
            let samples = PhaseSamples {
                visible: chains.visible.clone(),
                hidden,
            };
            let mut moments = [(); 2].map(|()| OptimizerState::zeros(&rbm, 1));
            let [first, second] = &mut moments;
            let (expected, expected_mean) =
                update::from_samples(rbm.clone(), first, data, samples, offsets.clone(), step);
            let with = (&mut packed, sweeps);
            let (found, mean) = update::pcd(
                rbm.clone(),
                second,
                BitMatrix::from_tensor(batch.clone()),
                with,
                offsets.clone(),
                step,
            );
            assert_eq!(PackedChains::from(&chains), packed, "{n} x {m}, {sweeps}");
            let close = |a: Tensor<1>, b: Tensor<1>| {
                // Sums in f32, in another order where the hidden units are taken in blocks.
                let size: f32 = b.clone().abs().max().into_scalar();
                let difference: f32 = (a - b).abs().max().into_scalar();
                assert!(
                    difference < 1e-6 * (1.0 + size),
                    "{n} x {m}, {sweeps}: {difference}"
                );
            };
            close(mean, expected_mean);
            close(
                found.weight.val().reshape([-1]),
                expected.weight.val().reshape([-1]),
            );
            close(found.visible_bias.val(), expected.visible_bias.val());
            close(found.hidden_bias.val(), expected.hidden_bias.val());
            close(
                second.weight[0].clone().reshape([-1]),
                first.weight[0].clone().reshape([-1]),
            );
        }
    }
}
