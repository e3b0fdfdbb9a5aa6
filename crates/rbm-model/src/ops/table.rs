//! The table of operations: from a line of it come the method of [`RbmOps`](super::RbmOps), the function on tensors,
//! the way to the CPU kernels, the signature on the wire and both ends of it.
//!
//! A line reads
//!
//! ```text
//! /// What it does, with shapes.
//! fn name(arguments) -> [result]
//!     as [(types of the arguments) -> type of the result]
//!     { host, wire "rbm.name" ["rm", "m"] -> ["rm"] if check sent way }
//! ```
//!
//! - The default body is `generic::name`.
//! - `as`: `ops::name` is a function of these types, see [`Lower`](super::lower::Lower). Without it, one is written by
//!   hand.
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
    pub(in super::super) use crate::kernels::packed::PackedChains;
    pub(in super::super) use crate::noise::NoiseKey;
    pub(in super::super) use crate::ops::{
        BatchPrimitives, ModelPrimitives, PcdOutput, SamplePrimitives, Sweeps,
    };
    pub(in super::super) use crate::optim::Step;
    pub(in super::super) use burn::backend::tensor::FloatTensor;
}

/// Calls a macro with all lines of the table, after what it is given itself.
macro_rules! operations {
    ($then:ident $given:tt) => {
        $then! {
            $given

            /// Draws a layer from its fields in one pass: p = sigmoid(field + bias), state = \[u < p\].
            ///
            /// # Shapes
            /// - `field`: `[chains, units]`
            /// - `bias`: `[units]`
            /// - returns states and probabilities, both `[chains, units]`
            fn sample_layer(field: FloatTensor<Self>, bias: FloatTensor<Self>, key: NoiseKey)
                -> [(FloatTensor<Self>, FloatTensor<Self>)]
                as [(Tensor<2>, Tensor<1>, NoiseKey) -> (Tensor<2>, Tensor<2>)]
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

            /// p(h = 1 | v) = sigmoid(c + v W) for **binary** visible states.
            ///
            /// The CPU backends read only whether an entry is above 1/2. For visible values between 0 and 1
            /// use [`crate::Rbm::hidden_probabilities`].
            ///
            /// # Shapes
            /// `weight` `[n_visible, n_hidden]`, `hidden_bias` `[n_hidden]`, `visible` `[rows, n_visible]`,
            /// result `[rows, n_hidden]`
            fn hidden_probabilities(
                weight: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                visible: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                as [(Tensor<2>, Tensor<1>, Tensor<2>) -> Tensor<2>]
                { host, wire "rbm.hidden_probabilities" ["nm", "m", "rn"] -> ["rm"] }

            /// Draws hidden states from p(h | v) for **binary** visible states; also returns p(h = 1 | v).
            ///
            /// Shapes as [`hidden_probabilities`], for both results.
            fn sample_hidden(
                weight: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                visible: FloatTensor<Self>,
                key: NoiseKey
            ) -> [(FloatTensor<Self>, FloatTensor<Self>)]
                as [(Tensor<2>, Tensor<1>, Tensor<2>, NoiseKey) -> (Tensor<2>, Tensor<2>)]
                { host, wire "rbm.sample_hidden" ["nm", "m", "rn"] -> ["rm", "rm"] }

            /// Probabilities sigmoid(field + bias) of a layer, in one pass.
            ///
            /// # Shapes
            /// `field` `[rows, units]`, `bias` `[units]`, result `[rows, units]`
            fn activate(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> [FloatTensor<Self>]
                as [(Tensor<2>, Tensor<1>) -> Tensor<2>]
                { host, wire "rbm.activate" ["rm", "m"] -> ["rm"] }

            /// sum_j softplus(field_j + bias_j), softplus(x) = ln(1 + e^x), for each row.
            ///
            /// # Shapes
            /// `field` `[rows, units]`, `bias` `[units]`, result `[rows]`
            fn softplus_sum(field: FloatTensor<Self>, bias: FloatTensor<Self>) -> [FloatTensor<Self>]
                as [(Tensor<2>, Tensor<1>) -> Tensor<1>]
                { host, wire "rbm.softplus_sum" ["rm", "m"] -> ["r"] }

            /// sum_j softplus(field\[r, j\] + signs\[r\] weight\[units\[r\], j\]) for each row r: the hidden layer's
            /// part of the free energy after one visible unit of each row has changed.
            ///
            /// # Shapes
            /// `field` `[rows, n_hidden]`, `weight` `[n_visible, n_hidden]`, `units` `[rows]`, each below
            /// `n_visible`, `signs` `[rows]`, result `[rows]`
            fn shifted_softplus_sum(
                field: FloatTensor<Self>,
                weight: FloatTensor<Self>,
                units: Vec<u32>,
                signs: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                as [(Tensor<2>, Tensor<2>, Vec<u32>, Tensor<1>) -> Tensor<1>]
                { host, wire "rbm.shifted_softplus_sum" ["rm", "nm", "r"] -> ["r"] if units_fit }

            /// Mean of v h^T over data minus its mean over model samples, for **binary** visible states. The two phases may have
            /// different numbers of rows.
            ///
            /// # Shapes
            /// Of the data `[rows, n_visible]` and `[rows, n_hidden]`, of the model `[samples, n_visible]` and `[samples, n_hidden]`,
            /// result `[n_visible, n_hidden]`
            fn correlation_difference(
                data_visible: FloatTensor<Self>,
                data_hidden: FloatTensor<Self>,
                model_visible: FloatTensor<Self>,
                model_hidden: FloatTensor<Self>
            ) -> [FloatTensor<Self>]
                as [(Tensor<2>, Tensor<2>, Tensor<2>, Tensor<2>) -> Tensor<2>]
                { host, wire "rbm.correlation_difference" ["rn", "rm", "sn", "sm"] -> ["nm"] }

            /// See [`crate::update::from_samples`].
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

            /// Makes Gibbs sweeps with chains that are bits, as [`gibbs_sweeps`].
            ///
            /// # Shapes
            /// `weight` `[n_visible, n_hidden]`, biases `[n_visible]` and `[n_hidden]`
            fn packed_sweeps(
                weight: FloatTensor<Self>,
                visible_bias: FloatTensor<Self>,
                hidden_bias: FloatTensor<Self>,
                chains: PackedChains,
                sweeps: u64
            ) -> [PackedChains]
                as [(Tensor<2>, Tensor<1>, Tensor<1>, PackedChains, u64) -> PackedChains]
                { host }

            /// See [`crate::update::pcd`].
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
