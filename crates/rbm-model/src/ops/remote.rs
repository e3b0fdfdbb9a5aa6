//! Burn's remote backend: a method of [`RbmOps`] travels to the server as one operation, and runs
//! there as the server's own backend runs it, packed kernels included. Nothing comes back before it is read.
//!
//! A server must know the operations: give it [`operations`].

use super::{ModelPrimitives, ParameterPrimitives, RbmOps, SamplePrimitives, Sweeps, generic};
use crate::ascent::{Rule, Step};
use crate::sampling::noise::{Layer, NoiseKey};
use burn::backend::DispatchDevice;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Remote, TensorMetadata};
use burn::remote::CustomOpClient;
use burn::server::{CustomOpIr, CustomOpRegistry, HandleContainer, RemoteServer};
use burn::tensor::{Device, Shape};
use burn_ir::{BackendIr, ScalarIr, TensorIr};

impl RbmOps for Remote {
    fn sample_layer(
        field: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let shape = field.shape();
        let shapes = [shape.clone(), shape];
        let [states, probabilities] = send("rbm.sample_layer", [field, bias], shapes, of_key(key));
        (states, probabilities)
    }

    fn gibbs_sweeps(
        weight: FloatTensor<Self>,
        visible_bias: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        hidden: FloatTensor<Self>,
        sweeps: Sweeps,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let ([n, _], [rows, m]) = (generic::dims(&weight), generic::dims(&hidden));
        let shapes = [[rows, n], [rows, m], [rows, m]].map(Shape::new);
        let inputs = [weight, visible_bias, hidden_bias, hidden];
        let [visible, hidden, probabilities] =
            send("rbm.gibbs_sweeps", inputs, shapes, of_sweeps(sweeps));
        (visible, hidden, probabilities)
    }

    fn hidden_probabilities(
        weight: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        visible: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let shapes = [Shape::new([
            generic::dims(&visible)[0],
            generic::dims(&weight)[1],
        ])];
        let inputs = [weight, hidden_bias, visible];
        let [probabilities] = send("rbm.hidden_probabilities", inputs, shapes, vec![]);
        probabilities
    }

    fn sample_hidden(
        weight: FloatTensor<Self>,
        hidden_bias: FloatTensor<Self>,
        visible: FloatTensor<Self>,
        key: NoiseKey,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let shape = Shape::new([generic::dims(&visible)[0], generic::dims(&weight)[1]]);
        let (inputs, shapes) = ([weight, hidden_bias, visible], [shape.clone(), shape]);
        let [states, probabilities] = send("rbm.sample_hidden", inputs, shapes, of_key(key));
        (states, probabilities)
    }

    fn activate(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let shapes = [field.shape()];
        let [probabilities] = send("rbm.activate", [field, bias], shapes, vec![]);
        probabilities
    }

    fn softplus_sum(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let shapes = [Shape::new([generic::dims(&field)[0]])];
        let [sum] = send("rbm.softplus_sum", [field, bias], shapes, vec![]);
        sum
    }

    fn shifted_softplus_sum(
        field: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        units: Vec<u32>,
        signs: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let shapes = [Shape::new([units.len()])];
        let units = units.into_iter().map(|unit| ScalarIr::UInt(unit.into()));
        let inputs = [field, weight, signs];
        let [sum] = send("rbm.shifted_softplus_sum", inputs, shapes, units.collect());
        sum
    }

    fn correlation_difference(
        data_visible: FloatTensor<Self>,
        data_hidden: FloatTensor<Self>,
        model_visible: FloatTensor<Self>,
        model_hidden: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let columns = |matrix| generic::dims(matrix)[1];
        let shapes = [Shape::new([columns(&data_visible), columns(&data_hidden)])];
        let inputs = [data_visible, data_hidden, model_visible, model_hidden];
        let [difference] = send("rbm.correlation_difference", inputs, shapes, vec![]);
        difference
    }

    fn ascend(
        model: ModelPrimitives<Self>,
        samples: SamplePrimitives<Self>,
        step: Step,
    ) -> (ModelPrimitives<Self>, FloatTensor<Self>) {
        let mean = Shape::new([generic::dims(&samples.data_hidden)[1]]);
        let inputs: [_; 15] = flatten(model, samples);
        let of = |index: usize| inputs[index].shape();
        let shapes = [
            of(0),
            of(1),
            of(2),
            of(3),
            of(4),
            of(5),
            of(6),
            of(7),
            of(8),
            mean,
        ];
        let [a, b, c, d, e, f, g, h, i, mean] = send("rbm.ascend", inputs, shapes, of_step(step));
        (parameters([a, b, c, d, e, f, g, h, i]), mean)
    }
}

/// A server that lends devices of one backend, and knows the operations; where the devices are of
/// several backends, or lent themselves, starting it fails.
pub fn server(devices: Vec<Device>) -> RemoteServer {
    let server = RemoteServer::new(devices.iter().cloned());
    match devices.first().map(Device::as_dispatch) {
        #[cfg(feature = "flex")]
        Some(DispatchDevice::Flex(_)) => {
            server.with_custom_ops(operations::<burn::backend::Flex>())
        }
        #[cfg(feature = "ndarray")]
        Some(DispatchDevice::NdArray(_)) => {
            server.with_custom_ops(operations::<burn::backend::NdArray>())
        }
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        Some(DispatchDevice::Cube(_)) => {
            server.with_custom_ops(operations::<burn_cubecl::CubeBackend>())
        }
        _ => server,
    }
}

/// Handlers of all operations, for a server of backend `B`.
pub fn operations<B: BackendIr + RbmOps>() -> CustomOpRegistry<B> {
    let mut registry = CustomOpRegistry::new();
    registry.register("rbm.sample_layer", |handles, ir, _| {
        let ([field, bias], key) = (tensors::<B, 2>(handles, ir), key(ir));
        let (states, probabilities) = B::sample_layer(field, bias, key);
        give::<B>(handles, ir, [states, probabilities]);
    });
    registry.register("rbm.gibbs_sweeps", |handles, ir, _| {
        let [weight, visible_bias, hidden_bias, hidden] = tensors::<B, 4>(handles, ir);
        let (visible, hidden, probabilities) =
            B::gibbs_sweeps(weight, visible_bias, hidden_bias, hidden, sweeps(ir));
        give::<B>(handles, ir, [visible, hidden, probabilities]);
    });
    registry.register("rbm.hidden_probabilities", |handles, ir, _| {
        let [weight, hidden_bias, visible] = tensors::<B, 3>(handles, ir);
        let probabilities = B::hidden_probabilities(weight, hidden_bias, visible);
        give::<B>(handles, ir, [probabilities]);
    });
    registry.register("rbm.sample_hidden", |handles, ir, _| {
        let [weight, hidden_bias, visible] = tensors::<B, 3>(handles, ir);
        let (states, probabilities) = B::sample_hidden(weight, hidden_bias, visible, key(ir));
        give::<B>(handles, ir, [states, probabilities]);
    });
    registry.register("rbm.activate", |handles, ir, _| {
        let [field, bias] = tensors::<B, 2>(handles, ir);
        give::<B>(handles, ir, [B::activate(field, bias)]);
    });
    registry.register("rbm.softplus_sum", |handles, ir, _| {
        let [field, bias] = tensors::<B, 2>(handles, ir);
        give::<B>(handles, ir, [B::softplus_sum(field, bias)]);
    });
    registry.register("rbm.shifted_softplus_sum", |handles, ir, _| {
        let [field, weight, signs] = tensors::<B, 3>(handles, ir);
        let units = ir.scalars.iter().map(|unit| unit.elem()).collect();
        give::<B>(
            handles,
            ir,
            [B::shifted_softplus_sum(field, weight, units, signs)],
        );
    });
    registry.register("rbm.correlation_difference", |handles, ir, _| {
        let [data_visible, data_hidden, model_visible, model_hidden] = tensors::<B, 4>(handles, ir);
        let difference =
            B::correlation_difference(data_visible, data_hidden, model_visible, model_hidden);
        give::<B>(handles, ir, [difference]);
    });
    registry.register("rbm.ascend", |handles, ir, _| {
        let (model, samples) = unflatten::<B>(tensors::<B, 15>(handles, ir));
        let (model, mean) = B::ascend(model, samples, step(ir));
        let [a, b, c, d, e, f, g, h, i] = of_parameters(model);
        give::<B>(handles, ir, [a, b, c, d, e, f, g, h, i, mean]);
    });
    registry
}

/// Queues an operation on the server that holds `inputs`, and names what it will make.
fn send<const IN: usize, const OUT: usize>(
    name: &'static str,
    inputs: [FloatTensor<Remote>; IN],
    shapes: [Shape; OUT],
    scalars: Vec<ScalarIr>,
) -> [FloatTensor<Remote>; OUT] {
    let dtype = inputs[0].dtype();
    let client = CustomOpClient::new(&inputs[0].device());
    let inputs = inputs.map(|tensor| tensor.into_ir());
    let outputs = shapes.map(|shape| TensorIr::uninit(client.create_empty_handle(), shape, dtype));
    let operation = CustomOpIr::with_scalars(name, &inputs, &outputs, scalars);
    match client.register(operation).try_into() {
        Ok(outputs) => outputs,
        Err(_) => unreachable!("an operation makes what it declares"),
    }
}

/// The tensors that an operation is given.
fn tensors<B: BackendIr, const N: usize>(
    handles: &mut HandleContainer<B::Handle>,
    ir: &CustomOpIr,
) -> [FloatTensor<B>; N] {
    std::array::from_fn(|index| handles.get_float_tensor::<B>(&ir.inputs[index]))
}

/// Files what an operation made.
fn give<B: BackendIr>(
    handles: &mut HandleContainer<B::Handle>,
    ir: &CustomOpIr,
    made: impl IntoIterator<Item = FloatTensor<B>>,
) {
    for (output, tensor) in ir.outputs.iter().zip(made) {
        handles.register_float_tensor::<B>(&output.id, tensor);
    }
}

fn of_key(key: NoiseKey) -> Vec<ScalarIr> {
    vec![
        ScalarIr::UInt(key.seed),
        ScalarIr::UInt(key.stream.into()),
        ScalarIr::UInt(key.step),
        ScalarIr::Bool(key.layer == Layer::Hidden),
        ScalarIr::UInt(key.first_row.into()),
    ]
}

fn key(ir: &CustomOpIr) -> NoiseKey {
    NoiseKey {
        seed: ir.scalars[0].elem(),
        stream: ir.scalars[1].elem(),
        step: ir.scalars[2].elem(),
        layer: match ir.scalars[3].elem::<bool>() {
            true => Layer::Hidden,
            false => Layer::Visible,
        },
        first_row: ir.scalars[4].elem(),
    }
}

fn of_sweeps(sweeps: Sweeps) -> Vec<ScalarIr> {
    [
        sweeps.seed,
        sweeps.stream.into(),
        sweeps.first_step,
        sweeps.count,
        sweeps.first_row.into(),
    ]
    .map(ScalarIr::UInt)
    .to_vec()
}

fn sweeps(ir: &CustomOpIr) -> Sweeps {
    Sweeps {
        seed: ir.scalars[0].elem(),
        stream: ir.scalars[1].elem(),
        first_step: ir.scalars[2].elem(),
        count: ir.scalars[3].elem(),
        first_row: ir.scalars[4].elem(),
    }
}

/// Rate, penalties, which rule, its two decays and its update.
fn of_step(step: Step) -> Vec<ScalarIr> {
    let (rule, first, second, update) = match step.rule {
        Rule::Plain => (0, 0.0, 0.0, 0),
        Rule::Momentum { decay } => (1, decay, 0.0, 0),
        Rule::Adam {
            beta1,
            beta2,
            update,
        } => (2, beta1, beta2, update),
    };
    let numbers = [step.rate, step.l1, step.l2, first, second].map(ScalarIr::Float);
    let counts = [rule, update].map(ScalarIr::UInt);
    [&numbers[..], &counts[..]].concat()
}

fn step(ir: &CustomOpIr) -> Step {
    let number = |index: usize| ir.scalars[index].elem::<f64>();
    let count = |index: usize| ir.scalars[index].elem::<u64>();
    Step {
        rate: number(0),
        l1: number(1),
        l2: number(2),
        rule: match count(5) {
            0 => Rule::Plain,
            1 => Rule::Momentum { decay: number(3) },
            _ => Rule::Adam {
                beta1: number(3),
                beta2: number(4),
                update: count(6),
            },
        },
    }
}

fn of_parameters<B: burn::backend::Backend>(model: ModelPrimitives<B>) -> [FloatTensor<B>; 9] {
    let (w, b, c) = (model.weight, model.visible_bias, model.hidden_bias);
    [
        w.value, w.first, w.second, b.value, b.first, b.second, c.value, c.first, c.second,
    ]
}

fn parameters<B: burn::backend::Backend>(tensors: [FloatTensor<B>; 9]) -> ModelPrimitives<B> {
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

fn flatten<B: burn::backend::Backend>(
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

fn unflatten<B: burn::backend::Backend>(
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
