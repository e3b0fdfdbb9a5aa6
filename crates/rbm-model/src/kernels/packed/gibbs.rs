//! Conditional draws and Gibbs sweeps.

use super::activation::{Fields, activate};
use super::integers::IntegerInputs;
use super::matrix::Matrix;
use super::scale::WeightScale;
use super::short_draw::ShortLayer;
use super::shorts::ShortWeights;
use crate::error::ModelError;
use crate::kernels::draw::GROUP;
use crate::kernels::parallel::in_pool;
use crate::kernels::{BitMatrix, Isa, check_shape};
use crate::noise::{Layer, NoiseKey};
use std::ops::Range;

/// The parameters of a binary RBM with N visible and M hidden units, for the packed kernels.
///
/// # Examples
/// ```
/// use rbm_model::{BitMatrix, kernels::{Isa, packed::PackedModel}};
/// let (weight, visible) = ([3f32.ln(); 2], BitMatrix::from_fn(2, 2, |row, column| column <= row));
/// let model = PackedModel::new(&weight, &[0.0; 2], &[0.0])?;
/// // Fields ln 3 and 2 ln 3, with any instructions the same bytes.
/// for isa in Isa::ALL {
///     let mut p = [0.0; 2];
///     model.with_isa(isa).hidden_probabilities(&visible, &mut p)?;
///     assert!((p[0] - 0.75).abs() < 1e-6 && (p[1] - 0.9).abs() < 1e-6);
/// }
/// # Ok::<(), rbm_model::ModelError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PackedModel<'a> {
    weight: &'a [f32],
    visible_bias: &'a [f32],
    hidden_bias: &'a [f32],
    scale: WeightScale,
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

/// Weights that are packed as i16 at a time: 2 MiB.
const MOST_PACKED: usize = 1 << 20;
/// Chains and hidden units from which on it can pay to pack weights.
const PACKED_CHAINS: usize = 16;
const PACKED_INPUTS: usize = 64;
/// Packing costs what these sweeps of one chain save, each sweep saving as much as so many chains by its
/// smaller tables.
const PACKED_WORK: u64 = 500;
const TABLE_CHAINS: u64 = 100;

/// How visible units are drawn.
struct Packing {
    /// Units at a time.
    rows: usize,
    /// Weights of all units packed, where that is of use and not too much memory.
    whole: Option<ShortWeights>,
    /// Whether to pack those of some units at a time, again in each sweep.
    again: bool,
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
            scale: WeightScale::of(weight, hidden_bias.len()),
            isa: Isa::detect(),
        })
    }

    /// The same model with given instructions.
    #[must_use]
    pub const fn with_isa(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// What makes integers of the weights.
    #[must_use]
    pub const fn scale(&self) -> WeightScale {
        self.scale
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
        activate(
            self.isa,
            self.hidden_fields(visible),
            0,
            None,
            Some(probabilities),
        );
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
        let draw = Some((key, hidden));
        activate(
            self.isa,
            self.hidden_fields(visible),
            0,
            draw,
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
        in_pool(self.nanoseconds(visible.rows()), || {
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
        in_pool(self.nanoseconds(visible.rows()), || {
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
        let packing = self.packing(hidden.rows(), sweeps.count);
        for sweep in 0..sweeps.count {
            let key = sweeps.key(sweep, Layer::Visible);
            self.sample_visible(key, hidden, visible, &packing);
            let probabilities = if sweep + 1 < sweeps.count {
                None
            } else if let Some(probabilities) = last.take() {
                probabilities
            } else {
                break;
            };
            let key = sweeps.key(sweep, Layer::Hidden);
            let fields = self.hidden_fields(visible);
            activate(self.isa, fields, 0, Some((key, hidden)), probabilities);
        }
    }

    /// How the visible layer is to be drawn in so many sweeps.
    fn packing(&self, chains: usize, sweeps: u64) -> Packing {
        let (n, m) = (self.visible_bias.len(), self.hidden_bias.len());
        let most = (MOST_PACKED / m / GROUP).max(1) * GROUP;
        let work = |sweeps| (chains as u64 + TABLE_CHAINS).saturating_mul(sweeps);
        // Some units in the middle tell whether sums of i16 are near enough.
        let sharp = || {
            let first = n / 2 / GROUP * GROUP;
            self.packed(first..n.min(first + GROUP)).is_some()
        };
        let pays = chains >= PACKED_CHAINS && m >= PACKED_INPUTS;
        if n <= most {
            let pays = pays && work(sweeps) >= PACKED_WORK && sharp();
            Packing {
                rows: n,
                whole: pays.then(|| self.packed(0..n)).flatten(),
                again: false,
            }
        } else {
            Packing {
                rows: most,
                whole: None,
                again: pays && work(1) >= PACKED_WORK && sharp(),
            }
        }
    }

    fn packed(&self, units: Range<usize>) -> Option<ShortWeights> {
        let m = self.hidden_bias.len();
        let weight = &self.weight[units.start * m..units.end * m];
        ShortWeights::new(self.isa, weight, m, self.scale)
    }

    /// Draws v from p(v | h).
    fn sample_visible(
        &self,
        key: NoiseKey,
        hidden: &BitMatrix,
        visible: &mut BitMatrix,
        packing: &Packing,
    ) {
        let (n, m) = (self.visible_bias.len(), self.hidden_bias.len());
        for first in (0..n).step_by(packing.rows) {
            let units = first..n.min(first + packing.rows);
            let weight = &self.weight[units.start * m..units.end * m];
            let bias = &self.visible_bias[units.clone()];
            let again = packing.again.then(|| self.packed(units)).flatten();
            if let Some(packed) = packing.whole.as_ref().or(again.as_ref()) {
                let layer = ShortLayer {
                    weight,
                    scale: self.scale,
                    packed,
                    factor: 1.0,
                    bias,
                    inputs: hidden,
                };
                layer.draw(self.isa, key, first, visible, None);
                continue;
            }
            // Turned round a few at a time, where they are tabulated: a copy would be as large as they are.
            let inputs = IntegerInputs {
                bits: hidden,
                weight: Matrix::turned(weight, m),
                scale: self.scale,
            };
            let fields = Fields { inputs, bias };
            activate(self.isa, fields, first, Some((key, visible)), None);
        }
    }

    /// About what one thread needs for a half sweep.
    fn nanoseconds(&self, chains: usize) -> usize {
        chains * (self.weight.len() / 256 + self.hidden_bias.len())
    }

    /// The fields of the hidden layer.
    fn hidden_fields<'b>(&'b self, visible: &'b BitMatrix) -> Fields<'b> {
        Fields {
            inputs: IntegerInputs {
                bits: visible,
                weight: Matrix::new(self.weight, self.hidden_bias.len()),
                scale: self.scale,
            },
            bias: self.hidden_bias,
        }
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
