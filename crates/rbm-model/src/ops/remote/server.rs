//! The server's side: operations as they come in, checked before anything is done with them.
//!
//! What does not fit, an operation of another version say, makes tensors that hold no numbers but
//! the reason; Burn ends the session of a client that reads one.

use super::wire::{self, Signature};
use super::{of_parameters, unflatten};
use crate::ops::RbmOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{DispatchDevice, TensorMetadata};
use burn::server::{CustomOpIr, CustomOpRegistry, HandleContainer, RemoteServer};
use burn::tensor::{Device, ExecutionError};
use burn_ir::{BackendIr, TensorError, TensorStatus};

/// A server that lends devices of one backend, and knows the operations, each of which may make
/// tensors of at most `limit` bytes together; where the devices are of several backends, or lent
/// themselves, starting it fails.
pub fn server(devices: Vec<Device>, limit: u64) -> RemoteServer {
    let server = RemoteServer::new(devices.iter().cloned());
    match devices.first().map(Device::as_dispatch) {
        #[cfg(feature = "flex")]
        Some(DispatchDevice::Flex(_)) => {
            server.with_custom_ops(operations::<burn::backend::Flex>(limit))
        }
        #[cfg(feature = "ndarray")]
        Some(DispatchDevice::NdArray(_)) => {
            server.with_custom_ops(operations::<burn::backend::NdArray>(limit))
        }
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        Some(DispatchDevice::Cube(_)) => {
            server.with_custom_ops(operations::<burn_cubecl::CubeBackend>(limit))
        }
        _ => server,
    }
}

/// Handlers of all operations, for a server of backend `B`; one that would make more than `limit`
/// bytes is refused before they are allocated.
pub fn operations<B: BackendIr + RbmOps>(limit: u64) -> CustomOpRegistry<B> {
    let mut registry = CustomOpRegistry::new();
    for (name, operation) in handlers::<B>() {
        registry.register(name, move |handles, ir, _| {
            if let Err(error) = operation(handles, ir, limit) {
                for output in &ir.outputs {
                    handles.set_error(output.id, error.clone());
                }
            }
        });
    }
    registry
}

type Handles<B> = HandleContainer<<B as BackendIr>::Handle>;
type Handler<B> = fn(&mut Handles<B>, &CustomOpIr, u64) -> Result<(), TensorError>;

/// All operations by name.
fn handlers<B: BackendIr + RbmOps>() -> [(&'static str, Handler<B>); 9] {
    [
        (wire::SAMPLE_LAYER.name, |handles, ir, limit| {
            answer::<B, _, _>(&wire::SAMPLE_LAYER, handles, ir, limit, |[field, bias]| {
                let key = wire::key(&ir.scalars)?;
                let (states, probabilities) = B::sample_layer(field, bias, key);
                Ok([states, probabilities])
            })
        }),
        (wire::GIBBS_SWEEPS.name, |handles, ir, limit| {
            answer::<B, _, _>(
                &wire::GIBBS_SWEEPS,
                handles,
                ir,
                limit,
                |[w, b, c, hidden]| {
                    let sweeps = wire::sweeps(&ir.scalars)?;
                    let most = wire::most_sweeps(&w.shape(), &hidden.shape());
                    if sweeps.count > most {
                        return Err(format!("{} sweeps at once, at most {most}", sweeps.count));
                    }
                    let (visible, hidden, probabilities) = B::gibbs_sweeps(w, b, c, hidden, sweeps);
                    Ok([visible, hidden, probabilities])
                },
            )
        }),
        (wire::HIDDEN_PROBABILITIES.name, |handles, ir, limit| {
            answer::<B, _, _>(
                &wire::HIDDEN_PROBABILITIES,
                handles,
                ir,
                limit,
                |[w, c, visible]| Ok([B::hidden_probabilities(w, c, visible)]),
            )
        }),
        (wire::SAMPLE_HIDDEN.name, |handles, ir, limit| {
            answer::<B, _, _>(
                &wire::SAMPLE_HIDDEN,
                handles,
                ir,
                limit,
                |[w, c, visible]| {
                    let key = wire::key(&ir.scalars)?;
                    let (states, probabilities) = B::sample_hidden(w, c, visible, key);
                    Ok([states, probabilities])
                },
            )
        }),
        (wire::ACTIVATE.name, |handles, ir, limit| {
            answer::<B, _, _>(&wire::ACTIVATE, handles, ir, limit, |[field, bias]| {
                Ok([B::activate(field, bias)])
            })
        }),
        (wire::SOFTPLUS_SUM.name, |handles, ir, limit| {
            answer::<B, _, _>(&wire::SOFTPLUS_SUM, handles, ir, limit, |[field, bias]| {
                Ok([B::softplus_sum(field, bias)])
            })
        }),
        (wire::SHIFTED_SOFTPLUS_SUM.name, |handles, ir, limit| {
            let signature = &wire::SHIFTED_SOFTPLUS_SUM;
            answer::<B, _, _>(signature, handles, ir, limit, |[field, weight, signs]| {
                let units = ir.scalars.iter().map(|unit| wire::whole(*unit));
                let units = units.collect::<Result<Vec<u32>, _>>()?;
                let (rows, n) = (signs.shape()[0], weight.shape()[0]);
                if units.len() != rows || units.iter().any(|unit| *unit as usize >= n) {
                    return Err(format!("its numbers are not {rows} units below {n}"));
                }
                Ok([B::shifted_softplus_sum(field, weight, units, signs)])
            })
        }),
        (wire::CORRELATION_DIFFERENCE.name, |handles, ir, limit| {
            let signature = &wire::CORRELATION_DIFFERENCE;
            answer::<B, _, _>(signature, handles, ir, limit, |[v, h, w, k]| {
                Ok([B::correlation_difference(v, h, w, k)])
            })
        }),
        (wire::UPDATE.name, |handles, ir, limit| {
            answer::<B, _, _>(&wire::UPDATE, handles, ir, limit, |tensors| {
                let step = wire::step(&ir.scalars)?;
                let moments = step.rule.moments();
                for places in [[1, 4, 7], [2, 5, 8]].iter().take(moments) {
                    if places
                        .iter()
                        .any(|at| tensors[*at].shape().num_elements() == 0)
                    {
                        return Err(format!("a rule with {moments} moments, and one is empty"));
                    }
                }
                let (model, samples) = unflatten::<B>(tensors);
                let (model, mean) = B::update(model, samples, step);
                let [a, b, c, d, e, f, g, h, i] = of_parameters(model);
                Ok([a, b, c, d, e, f, g, h, i, mean])
            })
        }),
    ]
}

/// Takes what an operation is given, if it is what the signature says, and files what it makes.
fn answer<B: BackendIr, const IN: usize, const OUT: usize>(
    signature: &Signature<IN, OUT>,
    handles: &mut Handles<B>,
    ir: &CustomOpIr,
    limit: u64,
    operation: impl FnOnce([FloatTensor<B>; IN]) -> Result<[FloatTensor<B>; OUT], String>,
) -> Result<(), TensorError> {
    let refuse = |reason: String| {
        TensorError::new(ExecutionError::WithContext {
            reason: format!(
                "{}: {reason}. Client and server must be of the same version",
                signature.name
            ),
        })
    };
    let (inputs, outputs) = (ir.inputs.len(), ir.outputs.len());
    if [inputs, outputs] != [IN, OUT] {
        let text = format!("{inputs} tensors to {outputs}, expected {IN} to {OUT}");
        return Err(refuse(text));
    }
    let mut tensors = Vec::with_capacity(IN);
    for (index, input) in ir.inputs.iter().enumerate() {
        if let Some(error) = handles.error(&input.id) {
            return Err(error.propagated());
        }
        let written = handles.has_handle(&input.id) && input.status != TensorStatus::NotInit;
        if !written || !input.dtype.is_float() {
            let text = format!("tensor {index} is not there, or not of real numbers");
            return Err(refuse(text));
        }
        tensors.push(handles.get_float_tensor::<B>(input));
    }
    let Ok(tensors) = <[FloatTensor<B>; IN]>::try_from(tensors) else {
        unreachable!("they have been counted")
    };
    let shapes = tensors.each_ref().map(TensorMetadata::shape);
    signature.check(&shapes).map_err(refuse)?;
    let element = ir.inputs[0].dtype.size();
    signature
        .check_size(&shapes, element, limit)
        .map_err(refuse)?;
    let made = operation(tensors).map_err(refuse)?;
    for (output, tensor) in ir.outputs.iter().zip(made) {
        handles.register_float_tensor::<B>(&output.id, tensor);
    }
    Ok(())
}

#[cfg(all(test, feature = "flex"))]
mod tests;
