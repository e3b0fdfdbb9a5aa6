//! Burn's remote backend: a method of [`RbmOps`] travels to the server as one operation, and runs
//! there as the server's own backend runs it, packed kernels included. Nothing comes back before it is read.
//!
//! A server must know the operations: give it [`operations`].

mod server;
mod wire;

use super::{ModelPrimitives, ParameterPrimitives, RbmOps, SamplePrimitives, Sweeps};
use crate::noise::NoiseKey;
use crate::optim::Step;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Remote, TensorMetadata};
use burn::remote::CustomOpClient;
use burn::server::CustomOpIr;
use burn_ir::{ScalarIr, TensorIr};
pub use server::{operations, server};
use wire::Signature;

impl RbmOps for Remote {
    fn sample_layer(
        field: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let inputs = [field, bias];
        let [states, probabilities] = send(&wire::SAMPLE_LAYER, inputs, wire::of_key(key));
        (states, probabilities)
    }

    fn gibbs_sweeps(
        weight: FloatTensor<Self>,
        visible_bias: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        sweeps: Sweeps,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let device = hidden.device();
        let most = wire::most_sweeps(&weight.shape(), &hidden.shape());
        let mut inputs = [weight, visible_bias, hidden_bias, hidden];
        let mut left = sweeps;
        while left.count > most {
            let piece = wire::of_sweeps(Sweeps {
                count: most,
                ..left
            });
            let [_, hidden, _] = send(&wire::GIBBS_SWEEPS, inputs.clone(), piece);
            inputs[3] = hidden;
            left.first_step = left.first_step.wrapping_add(most);
            left.count -= most;
            // Nothing waits behind the piece at work, or the server would go on with it when this
            // client has left. Errors are Burn's way to say that the server is lost.
            if let Err(error) = Self::sync(&device) {
                panic!("{error}");
            }
        }
        let [visible, hidden, probabilities] =
            send(&wire::GIBBS_SWEEPS, inputs, wire::of_sweeps(left));
        (visible, hidden, probabilities)
    }

    fn hidden_probabilities(
        weight: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        visible: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let inputs = [weight, hidden_bias, visible];
        let [probabilities] = send(&wire::HIDDEN_PROBABILITIES, inputs, vec![]);
        probabilities
    }

    fn sample_hidden(
        weight: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        visible: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let inputs = [weight, hidden_bias, visible];
        let [states, probabilities] = send(&wire::SAMPLE_HIDDEN, inputs, wire::of_key(key));
        (states, probabilities)
    }

    fn activate(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let [probabilities] = send(&wire::ACTIVATE, [field, bias], vec![]);
        probabilities
    }

    fn softplus_sum(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let [sum] = send(&wire::SOFTPLUS_SUM, [field, bias], vec![]);
        sum
    }

    fn shifted_softplus_sum(
        field: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        units: Vec<u32>,
        signs: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let units = units.into_iter().map(|unit| ScalarIr::UInt(unit.into()));
        let inputs = [field, weight, signs];
        let [sum] = send(&wire::SHIFTED_SOFTPLUS_SUM, inputs, units.collect());
        sum
    }

    fn correlation_difference(
        data_visible: FloatTensor<Self>,
        data_hidden: FloatTensor<Self>,
        model_visible: FloatTensor<Self>,
        model_hidden: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let inputs = [data_visible, data_hidden, model_visible, model_hidden];
        let [difference] = send(&wire::CORRELATION_DIFFERENCE, inputs, vec![]);
        difference
    }

    fn update(
        model: ModelPrimitives<Self>,
        samples: SamplePrimitives<Self>,
        step: Step,
    ) -> (ModelPrimitives<Self>, FloatTensor<Self>) {
        let [a, b, c, d, e, f, g, h, i, mean] =
            send(&wire::UPDATE, flatten(model, samples), wire::of_step(step));
        (parameters([a, b, c, d, e, f, g, h, i]), mean)
    }
}

/// Queues an operation on the server that holds `inputs`, and names what it will make.
fn send<const IN: usize, const OUT: usize>(
    signature: &Signature<IN, OUT>,
    inputs: [FloatTensor<Remote>; IN],
    scalars: Vec<ScalarIr>,
) -> [FloatTensor<Remote>; OUT] {
    let dtype = inputs[0].dtype();
    let client = CustomOpClient::new(&inputs[0].device());
    let shapes = signature.made(&inputs.each_ref().map(TensorMetadata::shape));
    let inputs = inputs.map(|tensor| tensor.into_ir());
    let outputs = shapes.map(|shape| TensorIr::uninit(client.create_empty_handle(), shape, dtype));
    let operation = CustomOpIr::with_scalars(signature.name, &inputs, &outputs, scalars);
    match client.register(operation).try_into() {
        Ok(outputs) => outputs,
        Err(_) => unreachable!("an operation makes what it declares"),
    }
}

fn of_parameters<B: Backend>(model: ModelPrimitives<B>) -> [FloatTensor<B>; 9] {
    let (w, b, c) = (model.weight, model.visible_bias, model.hidden_bias);
    [
        w.value, w.first, w.second, b.value, b.first, b.second, c.value, c.first, c.second,
    ]
}

fn parameters<B: Backend>(tensors: [FloatTensor<B>; 9]) -> ModelPrimitives<B> {
    let mut tensors = tensors.into_iter();
    let mut next = || match (tensors.next(), tensors.next(), tensors.next()) {
        (Some(value), Some(first), Some(second)) => ParameterPrimitives {
            value,
            first,
            second,
        },
        _ => unreachable!("nine tensors are three times three"),
    };
    ModelPrimitives {
        weight: next(),
        visible_bias: next(),
        hidden_bias: next(),
    }
}

fn flatten<B: Backend>(
    model: ModelPrimitives<B>,
    samples: SamplePrimitives<B>,
) -> [FloatTensor<B>; 15] {
    let [a, b, c, d, e, f, g, h, i] = of_parameters(model);
    let s = samples;
    let (data, chains) = (
        [s.data_visible, s.data_hidden],
        [s.model_visible, s.model_hidden],
    );
    let ([j, k], [l, m]) = (data, chains);
    [
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        i,
        j,
        k,
        l,
        m,
        s.visible_offset,
        s.hidden_offset,
    ]
}

fn unflatten<B: Backend>(
    tensors: [FloatTensor<B>; 15],
) -> (ModelPrimitives<B>, SamplePrimitives<B>) {
    let [
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        i,
        j,
        k,
        l,
        m,
        visible_offset,
        hidden_offset,
    ] = tensors;
    let samples = SamplePrimitives {
        data_visible: j,
        data_hidden: k,
        model_visible: l,
        model_hidden: m,
        visible_offset,
        hidden_offset,
    };
    (parameters([a, b, c, d, e, f, g, h, i]), samples)
}
