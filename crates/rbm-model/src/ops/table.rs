//! The table of operations: from a line of it come the method of [`RbmOps`](super::RbmOps), the way to
//! the CPU kernels, the signature on the wire and both ends of it.
//!
//! A line reads
//!
//! ```text
//! fn name(arguments) -> [result] { host, wire "rbm.name" ["rm", "m"] -> ["rm"] if check sent way }
//! ```
//!
//! - The default body is `generic::name`.
//! - `host`: CPU backends run `cpu::name`.
//! - `wire`: remote devices run it on their server. Then come its name, which never changes, and the
//!   sizes of its tensors and results, see `remote::wire::Signature`; numbers travel
//!   beside them, and are one argument at most.
//! - `if`: what the server asks of sizes and numbers before it begins, a function of `remote::wire`.
//! - `sent`: how a client sends it, a function of `remote`, where that is not in one piece.
//!
//! Backends with a body of their own, such as those of graphics processors, write it in place of the default.

/// What the signatures of the table name.
pub(super) mod types {
    pub(in super::super) use crate::noise::NoiseKey;
    pub(in super::super) use crate::ops::{
        BatchPrimitives, ModelPrimitives, PcdOutput, SamplePrimitives, Sweeps,
    };
    pub(in super::super) use crate::optim::Step;
    pub(in super::super) use crate::sampling::PackedChains;
    pub(in super::super) use burn::backend::tensor::FloatTensor;
}

/// Calls a macro with all lines of the table, after what it is given itself.
macro_rules! operations {
    ($then:ident $given:tt) => {
        $then! {
            $given

            /// See [`sample_layer`].
            fn sample_layer(field: FloatTensor<Self>, bias: FloatTensor<Self>, key: NoiseKey)
                -> [(FloatTensor<Self>, FloatTensor<Self>)]
                { host, wire "rbm.sample_layer" ["rm", "m"] -> ["rm", "rm"] }

            /// See [`gibbs_sweeps`].
            fn gibbs_sweeps(
                weight: FloatTensor<Self>,
                visible_bias: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                hidden: FloatTensor<Self>,
                sweeps: Sweeps
            ) -> [(FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>)]
                { host, wire "rbm.gibbs_sweeps" ["nm", "n", "m", "rm"] -> ["rn", "rm", "rm"]
                    if sweeps_fit sent send_in_pieces }

            /// See [`hidden_probabilities`].
            fn hidden_probabilities(
                weight: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                visible: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                { host, wire "rbm.hidden_probabilities" ["nm", "m", "rn"] -> ["rm"] }

            /// See [`sample_hidden`].
            fn sample_hidden(
                weight: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                visible: FloatTensor<Self>,
                key: NoiseKey
            ) -> [(FloatTensor<Self>, FloatTensor<Self>)]
                { host, wire "rbm.sample_hidden" ["nm", "m", "rn"] -> ["rm", "rm"] }

            /// See [`activate`].
            fn activate(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> [FloatTensor<Self>]
                { host, wire "rbm.activate" ["rm", "m"] -> ["rm"] }

            /// See [`softplus_sum`].
            fn softplus_sum(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> [FloatTensor<Self>]
                { host, wire "rbm.softplus_sum" ["rm", "m"] -> ["r"] }

            /// See [`shifted_softplus_sum`].
            fn shifted_softplus_sum(
                field: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                units: Vec<u32>,
                signs: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                { host, wire "rbm.shifted_softplus_sum" ["rm", "nm", "r"] -> ["r"] if units_fit }

            /// See [`correlation_difference`].
            fn correlation_difference(
                data_visible: FloatTensor<Self>,
                data_hidden: FloatTensor<Self>,
                model_visible: FloatTensor<Self>,
                model_hidden: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                { host, wire "rbm.correlation_difference" ["rn", "rm", "sn", "sm"] -> ["nm"] }

            /// See [`update`](fn@update).
            fn update(
                #[extension_type] model: ModelPrimitives<Self>,
                #[extension_type] samples: SamplePrimitives<Self>,
                step: Step
            ) -> [(ModelPrimitives<Self>, FloatTensor<Self>)]
                // Parameters with their moments, then samples with the offsets; parameters again, and the mean.
                { host, wire "rbm.ascend"
                    ["nm", "nm?", "nm?", "n", "n?", "n?", "m", "m?", "m?", "rn", "rm", "sn", "sm", "n", "m"]
                    -> ["nm", "nm?", "nm?", "n", "n?", "n?", "m", "m?", "m?", "m"]
                    if moments_fit }

            /// See [`packed_sweeps`].
            fn packed_sweeps(
                weight: FloatTensor<Self>,
                visible_bias: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                chains: PackedChains,
                sweeps: u64
            ) -> [PackedChains]
                { host }

            /// See [`pcd_update`].
            fn pcd_update(
                #[extension_type] model: ModelPrimitives<Self>,
                #[extension_type] batch: BatchPrimitives<Self>,
                chains: PackedChains,
                sweeps: u64,
                step: Step
            ) -> [PcdOutput<Self>]
                { host }
        }
    };
}
pub(super) use operations;
