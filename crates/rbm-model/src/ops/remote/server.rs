//! The server's side: operations as they come in, checked before anything is done with them.
//!
//! What does not fit, an operation of another version say, makes tensors that hold no numbers but
//! the reason; Burn ends the session of a client that reads one.

use super::parcel::{Parcel, Tensors, put, put_results, take};
use super::wire::{self, Signature};
use crate::ops::{RbmOps, table};
use burn::backend::tensor::FloatTensor;
use burn::backend::{DispatchDevice, TensorMetadata};
use burn::server::{CustomOpIr, CustomOpRegistry, HandleContainer, RemoteServer};
use burn::tensor::{Device, ExecutionError, Shape};
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

/// Makes the handlers of every line of the table that says `wire`.
macro_rules! serve_operations {
    (($add:ident, $backend:ident) $($(#[$doc:meta])* fn $name:ident $arguments:tt -> $result:tt $(as $tensors:tt)? {$($places:tt)*})*) => {
        $(serve_operation! { ($add, $backend) fn $name $arguments -> $result { $($places)* } })*
    };
}

/// One of them.
macro_rules! serve_operation {
    (
        ($add:ident, $backend:ident)
        fn $name:ident($($(#[$mark:ident])? $argument:ident: $type:ident $(<$of:ident>)?),*)
            -> [$($result:tt)*]
            { $(host,)? wire $wire:literal $inputs:tt -> $outputs:tt $(if $check:ident)? $(sent $way:ident)? }
    ) => {
        $add($wire, |handles, ir, limit| {
            const SIGNATURE: Signature = wire::signature!($wire $inputs -> $outputs $(if $check)?);
            answer::<$backend>(&SIGNATURE, handles, ir, limit, |tensors| {
                let mut tensors = Tensors::<$backend>::new(tensors);
                $(let $argument = take!(tensors, &ir.scalars, $type);)*
                let mut made = Parcel::<$backend>::new();
                put_results!(made, $backend::$name($($argument),*), $($result)*);
                Ok(made.tensors)
            })
        });
    };
    ($given:tt fn $name:ident $arguments:tt -> $result:tt { $(host)? }) => {};
}

/// All operations by name.
fn handlers<B: BackendIr + RbmOps>() -> Vec<(&'static str, Handler<B>)> {
    let mut handlers: Vec<(&'static str, Handler<B>)> = vec![];
    let mut add = |name, handler: Handler<B>| handlers.push((name, handler));
    table::operations! { serve_operations (add, B) }
    handlers
}

/// Takes what an operation is given, if it is what the signature says, and files what it makes.
fn answer<B: BackendIr>(
    signature: &Signature,
    handles: &mut Handles<B>,
    ir: &CustomOpIr,
    limit: u64,
    operation: impl FnOnce(Vec<FloatTensor<B>>) -> Result<Vec<FloatTensor<B>>, String>,
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
    let expected = [signature.inputs.len(), signature.outputs.len()];
    if [inputs, outputs] != expected {
        let [before, after] = expected;
        let text = format!("{inputs} tensors to {outputs}, expected {before} to {after}");
        return Err(refuse(text));
    }
    let mut tensors = Vec::with_capacity(inputs);
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
    let shapes: Vec<Shape> = tensors.iter().map(TensorMetadata::shape).collect();
    signature.check(&shapes).map_err(refuse)?;
    let element = ir.inputs[0].dtype.size();
    signature
        .check_size(&shapes, element, limit)
        .map_err(refuse)?;
    if let Some(fits) = signature.fits {
        fits(&shapes, &ir.scalars).map_err(refuse)?;
    }
    let made = operation(tensors).map_err(refuse)?;
    for (output, tensor) in ir.outputs.iter().zip(made) {
        handles.register_float_tensor::<B>(&output.id, tensor);
    }
    Ok(())
}

#[cfg(all(test, feature = "flex"))]
mod tests;
