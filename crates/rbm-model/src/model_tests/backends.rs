//! Operations of every backend against the generic path.

use super::*;

#[test]
fn backends_agree_with_the_generic_path() {
    use burn::backend::Dispatch;
    let p = small(75, 131, 0.2, 90);
    for device in devices() {
        let rbm = Rbm::from_parameters(&p, &device);
        let chains = Chains::from_biases(&rbm, 37, 3, stream::CHAINS);
        let sweeps = Sweeps {
            count: 1,
            first_step: 9,
            seed: 1,
            stream: 2,
            first_row: 0,
        };
        let (v, h, q) = ops::generic::gibbs_sweeps::<Dispatch>(
            rbm.weight.val().into_dispatch(),
            rbm.visible_bias.val().into_dispatch(),
            rbm.hidden_bias.val().into_dispatch(),
            chains.hidden.clone().into_dispatch(),
            sweeps,
        );
        let found = ops::gibbs_sweeps(
            rbm.weight.val(),
            rbm.visible_bias.val(),
            rbm.hidden_bias.val(),
            chains.hidden.clone(),
            sweeps,
        );
        // 37 x 206 draws: a uniform within rounding of its threshold is not among them.
        assert_eq!(
            host(found.visible.clone()),
            host(Tensor::<2>::from_dispatch(v))
        );
        assert_eq!(host(found.hidden), host(Tensor::<2>::from_dispatch(h)));
        let q = Tensor::<2>::from_dispatch(q);
        assert_close(&host(found.hidden_probabilities), &host(q.clone()), 1e-5);
        let (states, probabilities) = ops::sample_hidden(
            rbm.weight.val(),
            rbm.hidden_bias.val(),
            chains.visible.clone(),
            NoiseKey::new(7, 8).with_step(9).with_layer(Layer::Hidden),
        );
        let (dense, p) = ops::sample_layer(
            chains.visible.matmul(rbm.weight.val()),
            rbm.hidden_bias.val(),
            NoiseKey::new(7, 8).with_step(9).with_layer(Layer::Hidden),
        );
        assert_eq!(host(states), host(dense));

        let field = rbm.hidden_field(found.visible.clone());
        let bias = rbm.hidden_bias.val();
        let lower = || (field.clone().into_dispatch(), bias.clone().into_dispatch());
        let fast = ops::activate(field.clone(), bias.clone());
        let (f, b) = lower();
        let slow = Tensor::<2>::from_dispatch(ops::generic::activate::<Dispatch>(f, b));
        assert_close(&host(fast), &host(slow), 1e-6);
        let fast = ops::softplus_sum(field.clone(), bias.clone());
        let (f, b) = lower();
        let slow = Tensor::<1>::from_dispatch(ops::generic::softplus_sum::<Dispatch>(f, b));
        assert_close(&host(fast), &host(slow), 1e-6);
        let units: Vec<u32> = (0..37).map(|r| r * 11 % 75).collect();
        let signs = Tensor::<1>::ones([37], &device) * -1.0;
        let weight = rbm.weight.val();
        let fast =
            ops::shifted_softplus_sum(field.clone(), weight.clone(), units.clone(), signs.clone());
        let slow = ops::generic::shifted_softplus_sum::<Dispatch>(
            field.into_dispatch(),
            weight.into_dispatch(),
            units,
            signs.into_dispatch(),
        );
        assert_close(&host(fast), &host(Tensor::<1>::from_dispatch(slow)), 1e-6);
        assert_close(&host(probabilities), &host(p), 1e-5);
    }
}
