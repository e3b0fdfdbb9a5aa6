//! Burn's remote backend: a method of [`RbmOps`] travels to the server as one operation, and runs
//! there as the server's own backend runs it, packed kernels included. Nothing comes back before it is read.
//!
//! A server must know the operations: give it [`operations`].

mod parcel;
mod server;
mod wire;

use super::RbmOps;
use super::table::{operations, types::*};
use burn::backend::{Backend, Remote, TensorMetadata};
use burn::remote::CustomOpClient;
use burn::server::CustomOpIr;
use burn::tensor::Shape;
use burn_ir::TensorIr;
use parcel::{Parcel, Tensors, put, take, take_results};
pub use server::{operations, server};
use wire::{Numbers, Signature};

/// Implements [`RbmOps`] by sending: every line of the table that says `wire`.
macro_rules! send_operations {
    ((Remote) $($(#[$doc:meta])* fn $name:ident $arguments:tt -> $result:tt $(as $tensors:tt)? {$($places:tt)*})*) => {
        impl RbmOps for Remote {
            $(send_operation! { fn $name $arguments -> $result { $($places)* } })*
        }
    };
}

/// How an operation is sent.
macro_rules! way {
    () => {
        send
    };
    ($way:ident) => {
        $way
    };
}

/// One of its methods.
macro_rules! send_operation {
    (
        fn $name:ident($($(#[$mark:ident])? $argument:ident: $type:ident $(<$of:ident>)?),*)
            -> [$($result:tt)*]
            { $(host,)? wire $wire:literal $inputs:tt -> $outputs:tt $(if $check:ident)? $(sent $way:ident)? }
    ) => {
        fn $name($($argument: $type $(<$of>)?),*) -> $($result)* {
            const SIGNATURE: Signature = wire::signature!($wire $inputs -> $outputs $(if $check)?);
            let mut parcel = Parcel::<Self>::new();
            $(put!(parcel, $type, $argument);)*
            let mut tensors = Tensors::<Self>::new(way!($($way)?)(&SIGNATURE, parcel));
            take_results!(tensors, $($result)*)
        }
    };
    (fn $name:ident $arguments:tt -> $result:tt { $(host)? }) => {};
}

operations! { send_operations (Remote) }

/// Queues an operation on the server that holds its tensors, and names what it will make.
fn send(signature: &Signature, parcel: Parcel<Remote>) -> Vec<FloatTensor<Remote>> {
    let Parcel { tensors, scalars } = parcel;
    let dtype = tensors[0].dtype();
    let client = CustomOpClient::new(&tensors[0].device());
    let shapes: Vec<Shape> = tensors.iter().map(TensorMetadata::shape).collect();
    let made = signature.made(&shapes).into_iter();
    let inputs: Vec<TensorIr> = tensors.into_iter().map(|t| t.into_ir()).collect();
    let outputs: Vec<TensorIr> = made
        .map(|shape| TensorIr::uninit(client.create_empty_handle(), shape, dtype))
        .collect();
    let operation = CustomOpIr::with_scalars(signature.name, &inputs, &outputs, scalars);
    client.register(operation)
}

/// Sends Gibbs sweeps, a limited number at a time.
fn send_in_pieces(signature: &Signature, mut parcel: Parcel<Remote>) -> Vec<FloatTensor<Remote>> {
    let Ok(mut left) = Sweeps::from_scalars(&parcel.scalars) else {
        unreachable!("its numbers are those of sweeps")
    };
    let device = parcel.tensors[3].device();
    let most = wire::most_sweeps(&parcel.tensors[0].shape(), &parcel.tensors[3].shape());
    while left.count > most {
        let piece = Parcel {
            tensors: parcel.tensors.clone(),
            scalars: Sweeps {
                count: most,
                ..left
            }
            .into_scalars(),
        };
        // The hidden states among visible ones, hidden ones and probabilities.
        parcel.tensors[3] = send(signature, piece).swap_remove(1);
        left.first_step = left.first_step.wrapping_add(most);
        left.count -= most;
        // Nothing waits behind the piece at work, or the server would go on with it when this
        // client has left. Errors are Burn's way to say that the server is lost.
        if let Err(error) = Remote::sync(&device) {
            panic!("{error}");
        }
    }
    parcel.scalars = left.into_scalars();
    send(signature, parcel)
}
