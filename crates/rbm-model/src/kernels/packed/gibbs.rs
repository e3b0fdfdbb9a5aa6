//! Conditional draws and Gibbs sweeps.

use super::contraction::{Contraction, Finish, Inputs, Matrix};
use crate::error::ModelError;
use crate::kernels::bit_matrix::last_mask;
use crate::kernels::draw::{GROUP, GroupNoise, MOST_VECTORS, reciprocal_sigmoid, uniform};
use crate::kernels::parallel::{Tiles, in_pool};
use crate::kernels::simd::{Simd, load, store};
use crate::kernels::{BitMatrix, Isa, check_shape};
use crate::noise::{Layer, NoiseKey};
use std::ops::Range;

/// The parameters of a binary RBM with N visible and M hidden units, for the packed kernels.
#[derive(Clone, Copy, Debug)]
pub struct PackedModel<'a> {
    weight: &'a [f32],
    visible_bias: &'a [f32],
    hidden_bias: &'a [f32],
    isa: Isa,
}

/// Which sweeps to make, and with what noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeps {
    /// Seed of the run.
    pub seed: u64,
    /// Stream of the noise.
    pub stream: u8,
    /// Step of the noise in the first sweep; each sweep takes the next.
    pub first_step: u64,
    /// Number of sweeps.
    pub count: u64,
    /// Number of the first of these chains among all of its kind, see
    /// [`first_row`](NoiseKey::first_row).
    pub first_row: u32,
}

impl Sweeps {
    /// The noise of a layer in sweep number `sweep` of these.
    fn key(self, sweep: u64, layer: Layer) -> NoiseKey {
        NoiseKey::new(self.seed, self.stream)
            .with_step(self.first_step.wrapping_add(sweep))
            .with_layer(layer)
            .with_first_row(self.first_row)
    }
}

impl<'a> PackedModel<'a> {
    /// Takes the parameters: `weight` `[N, M]`, row-major, `visible_bias` `[N]`, `hidden_bias` `[M]`.
    ///
    /// # Errors
    /// [`ModelError::EmptyLayer`] for a layer without units, [`ModelError::Shape`] where the
    /// length of `weight` does not fit.
    pub fn new(
        weight: &'a [f32],
        visible_bias: &'a [f32],
        hidden_bias: &'a [f32],
    ) -> Result<Self, ModelError> {
        for (layer, bias) in [("visible", visible_bias), ("hidden", hidden_bias)] {
            if bias.is_empty() {
                return Err(ModelError::EmptyLayer { layer });
            }
        }
        check_shape(
            "weight",
            weight.len(),
            &[visible_bias.len(), hidden_bias.len()],
        )?;
        Ok(Self {
            weight,
            visible_bias,
            hidden_bias,
            isa: Isa::detect(),
        })
    }

    /// The same model with given instructions.
    #[must_use]
    pub const fn with_isa(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// p(h_j = 1 | v) = sigmoid(c_j + sum_i v_i W_ij) for all samples v.
    ///
    /// # Shapes
    /// - `visible`: `[B, N]`
    /// - `probabilities`: `[B, M]`, row-major
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn hidden_probabilities(
        &self,
        visible: &BitMatrix,
        probabilities: &mut [f32],
    ) -> Result<(), ModelError> {
        self.check_visible(visible)?;
        self.check_probabilities(visible.rows(), probabilities)?;
        self.activate(self.hidden_fields(visible), None, Some(probabilities));
        Ok(())
    }

    /// Draws h from p(h | v) for all samples v; also gives the probabilities, if wanted.
    ///
    /// # Shapes
    /// - `visible`: `[B, N]`
    /// - `hidden`: `[B, M]`
    /// - `probabilities`: `[B, M]`, row-major
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn sample_hidden(
        &self,
        visible: &BitMatrix,
        key: NoiseKey,
        hidden: &mut BitMatrix,
        probabilities: Option<&mut [f32]>,
    ) -> Result<(), ModelError> {
        self.check_visible(visible)?;
        self.check_hidden(hidden, visible.rows())?;
        if let Some(probabilities) = &probabilities {
            self.check_probabilities(visible.rows(), probabilities)?;
        }
        self.activate(
            self.hidden_fields(visible),
            Some((key, hidden)),
            probabilities,
        );
        Ok(())
    }

    /// Makes Gibbs sweeps: v from p(v | h), then h from p(h | v), `sweeps.count` times.
    ///
    /// Sweep s takes the noise of step `first_step + s`, row r of it for chain r. `hidden` is
    /// where the chains start; both layers are left as the last sweep drew them, and
    /// `hidden_probabilities` receives p(h | v) of that v. Without a sweep nothing is written.
    ///
    /// # Shapes
    /// - `hidden`: `[B, M]`
    /// - `visible`: `[B, N]`
    /// - `hidden_probabilities`: `[B, M]`, row-major
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn gibbs_sweeps(
        &self,
        sweeps: Sweeps,
        hidden: &mut BitMatrix,
        visible: &mut BitMatrix,
        hidden_probabilities: Option<&mut [f32]>,
    ) -> Result<(), ModelError> {
        self.check_visible(visible)?;
        self.check_hidden(hidden, visible.rows())?;
        if let Some(probabilities) = &hidden_probabilities {
            self.check_probabilities(visible.rows(), probabilities)?;
        }
        if sweeps.count == 0 {
            return Ok(());
        }
        in_pool(self.hidden_fields(visible).nanoseconds(), || {
            self.sweep(sweeps, hidden, visible, Some(hidden_probabilities));
        });
        Ok(())
    }

    /// Makes Gibbs sweeps as [`gibbs_sweeps`](Self::gibbs_sweeps), but for the last draw of h.
    ///
    /// What is left to draw has the key that is returned; `hidden` holds h of the sweep before.
    /// Without a sweep nothing is written.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where a shape does not fit.
    pub fn sweeps_to_visible(
        &self,
        sweeps: Sweeps,
        hidden: &mut BitMatrix,
        visible: &mut BitMatrix,
    ) -> Result<NoiseKey, ModelError> {
        self.check_visible(visible)?;
        self.check_hidden(hidden, visible.rows())?;
        in_pool(self.hidden_fields(visible).nanoseconds(), || {
            self.sweep(sweeps, hidden, visible, None);
        });
        Ok(sweeps.key(sweeps.count.saturating_sub(1), Layer::Hidden))
    }

    /// `last` is whether to draw h in the last sweep, and where its probabilities go.
    fn sweep(
        &self,
        sweeps: Sweeps,
        hidden: &mut BitMatrix,
        visible: &mut BitMatrix,
        mut last: Option<Option<&mut [f32]>>,
    ) {
        let (n, m) = (self.visible_bias.len(), self.hidden_bias.len());
        for sweep in 0..sweeps.count {
            // Turned round a few at a time, where they are tabulated: a copy would be as large as they are.
            let weight = Matrix::turned(self.weight, m);
            let fields = Contraction {
                inputs: (Inputs::new(hidden, weight), None),
                outputs: n,
                bias: self.visible_bias,
            };
            let key = sweeps.key(sweep, Layer::Visible);
            self.activate(fields, Some((key, visible)), None);
            let probabilities = if sweep + 1 < sweeps.count {
                None
            } else if let Some(probabilities) = last.take() {
                probabilities
            } else {
                break;
            };
            let key = sweeps.key(sweep, Layer::Hidden);
            let fields = self.hidden_fields(visible);
            self.activate(fields, Some((key, hidden)), probabilities);
        }
    }

    /// The fields of the hidden layer.
    fn hidden_fields<'b>(&'b self, visible: &'b BitMatrix) -> Contraction<'b> {
        let weight = Matrix::new(self.weight, self.hidden_bias.len());
        Contraction {
            inputs: (Inputs::new(visible, weight), None),
            outputs: self.hidden_bias.len(),
            bias: self.hidden_bias,
        }
    }

    /// Activates one layer, given the fields from the other.
    fn activate(
        &self,
        fields: Contraction,
        draw: Option<(NoiseKey, &mut BitMatrix)>,
        probabilities: Option<&mut [f32]>,
    ) {
        activate(self.isa, fields, 0, draw, probabilities);
    }

    fn check_visible(&self, visible: &BitMatrix) -> Result<(), ModelError> {
        let expected = (visible.rows(), self.visible_bias.len());
        check_states("visible states", visible, expected)
    }

    fn check_hidden(&self, hidden: &BitMatrix, chains: usize) -> Result<(), ModelError> {
        check_states("hidden states", hidden, (chains, self.hidden_bias.len()))
    }

    fn check_probabilities(&self, chains: usize, found: &[f32]) -> Result<(), ModelError> {
        let expected = [chains, self.hidden_bias.len()];
        check_shape("hidden probabilities", found.len(), &expected)
    }
}

/// Refuses states of another shape.
pub(super) fn check_states(
    tensor: &'static str,
    states: &BitMatrix,
    expected: (usize, usize),
) -> Result<(), ModelError> {
    if (states.rows(), states.columns()) == expected {
        return Ok(());
    }
    Err(ModelError::Shape {
        tensor: tensor.into(),
        expected: vec![expected.0, expected.1],
        found: vec![states.rows(), states.columns()],
    })
}

/// Draws units from their fields, those of a layer from `first` on, and gives their probabilities
/// `[chains, outputs]`; `first` is a multiple of 64. Where fewer states are drawn than there are chains, they
/// are those of the last ones.
pub(super) fn activate(
    isa: Isa,
    fields: Contraction,
    first: usize,
    draw: Option<(NoiseKey, &mut BitMatrix)>,
    probabilities: Option<&mut [f32]>,
) {
    let (chains, outputs) = (fields.chains(), fields.outputs);
    let activation = Activation {
        outputs,
        first_group: first / GROUP,
        draw: draw.map(|(key, states)| Draw {
            key,
            first: chains - states.rows(),
            words: words(states),
        }),
        probabilities: probabilities.map(|p| Tiles::new(p, outputs)),
    };
    fields.run(isa, &activation);
}

/// The words of states `[chains, groups]`, to be written.
pub(super) fn words(states: &mut BitMatrix) -> Tiles<'_, u64> {
    let stride = states.stride();
    Tiles::new(states.words_mut(), stride)
}

/// Turns fields into probabilities and states.
struct Activation<'a> {
    outputs: usize,
    /// Group of the layer that the first output begins.
    first_group: usize,
    draw: Option<Draw<'a>>,
    /// `[chains, outputs]`
    probabilities: Option<Tiles<'a, f32>>,
}

/// States to be drawn.
struct Draw<'a> {
    key: NoiseKey,
    /// Number of the chain that the first of them belongs to.
    first: usize,
    /// Words of the whole layer.
    words: Tiles<'a, u64>,
}

impl Finish for Activation<'_> {
    #[inline(always)]
    fn finish<S: Simd>(&self, simd: S, group: usize, chains: Range<usize>, field: &[f32]) {
        let first = GROUP * group;
        let columns = (self.outputs - first).min(GROUP);
        let drawn = self.first_group + group;
        let draw = self.draw.as_ref();
        let draw = draw.map(|draw| (draw, GroupNoise::new(simd, draw.key, drawn)));
        for (field, chain) in field.chunks_exact(GROUP).zip(chains) {
            let mut reciprocals = [simd.splat(0.0); MOST_VECTORS];
            for (reciprocal, field) in reciprocals.iter_mut().zip(field.chunks_exact(S::LANES)) {
                *reciprocal = reciprocal_sigmoid(simd, load(simd, field));
            }
            if let Some((draw, noise)) = &draw
                && chain >= draw.first
            {
                let row = chain - draw.first;
                let bits = noise.bits(simd, row as u32);
                let mut word = 0;
                for vector in 0..GROUP / S::LANES {
                    let threshold = simd.mul(uniform(simd, bits[vector]), reciprocals[vector]);
                    let on = simd.less(threshold, simd.splat(1.0));
                    word |= u64::from(on) << (vector * S::LANES);
                }
                // SAFETY: no two calls have the same group and overlapping chains.
                let place = unsafe { draw.words.piece(row, drawn..drawn + 1) };
                place[0] = word & last_mask(columns);
            }
            if let Some(probabilities) = &self.probabilities {
                // SAFETY: no two calls have the same group and overlapping chains.
                let row = unsafe { probabilities.piece(chain, first..first + columns) };
                for (row, &reciprocal) in row.chunks_mut(S::LANES).zip(&reciprocals) {
                    store(simd, row, simd.div(simd.splat(1.0), reciprocal));
                }
            }
        }
    }
}
