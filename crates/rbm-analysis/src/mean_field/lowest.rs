//! The best mean-field bound of ln Z over many starts.

use super::fixed_points::{FixedPoint, MeanFieldOptions, describe, free_energy, iterate};
use crate::error::{AnalysisError, check_len};
use crate::reciprocal::space::check_parameters;
use crate::reciprocal::svd::weight_matrix;
use faer::{Mat, MatRef};
use rbm_model::Parameters;
use rbm_model::parameters::sigmoid;

/// The fixed point of the lowest F_MF of those reached from given visible states, `[starts, N]`: the highest of their lower
/// bounds -F_MF of ln Z.
///
/// The point reached from m = 1/2 is often not the best: data rows and samples of a trained model lie in deeper wells. `None`
/// if no start converges; others that do not are left out.
///
/// # Errors
/// [`AnalysisError::Shape`] where the starts do not have N columns; unusable parameters.
///
/// # Examples
/// ```
/// use rbm_analysis::faer::Mat;
/// use rbm_analysis::mean_field::{MeanFieldOptions, lowest_fixed_point};
/// use rbm_model::Parameters;
/// // Two wells, all units off and all on, the second deeper.
/// let model = Parameters::new(6, 4, vec![3.0; 24], vec![-6.0; 6], vec![-8.5; 4])?;
/// let starts = Mat::from_fn(2, 6, |row, _| row as f64);
/// let best = lowest_fixed_point(&model, starts.as_ref(), &MeanFieldOptions::default())?;
/// assert!(best.is_some_and(|point| point.visible[0] > 0.9));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lowest_fixed_point(
    parameters: &Parameters,
    starts: MatRef<'_, f64>,
    options: &MeanFieldOptions,
) -> Result<Option<FixedPoint>, AnalysisError> {
    check_parameters(parameters)?;
    check_len("mean-field starts", parameters.n_visible, starts.ncols())?;
    if starts.nrows() == 0 {
        return Ok(None);
    }
    let hidden: Vec<Vec<f64>> = (0..starts.nrows())
        .map(|row| {
            let row: Vec<f64> = starts.row(row).iter().copied().collect();
            let field = parameters.hidden_field(&row);
            field.into_iter().map(sigmoid).collect()
        })
        .collect();
    let start = Mat::from_fn(parameters.n_hidden, hidden.len(), |j, s| hidden[s][j]);
    let weight = weight_matrix(parameters);
    let ends = iterate(parameters, weight.as_ref(), start, options);
    let best = ends
        .into_iter()
        .filter(|(_, residual)| *residual <= options.tolerance)
        .map(|(hidden, _)| (at(parameters, &hidden), hidden))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, hidden)| describe(parameters, weight.as_ref(), &hidden, 1))
        .transpose()
}

/// F_MF at the hidden means of a fixed point.
fn at(parameters: &Parameters, hidden: &[f64]) -> f64 {
    let to_visible = parameters.visible_field(hidden);
    let visible: Vec<f64> = to_visible.iter().map(|f| sigmoid(*f)).collect();
    let to_hidden = parameters.hidden_field(&visible);
    free_energy(parameters, hidden, [&to_visible, &to_hidden])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mean_field::central_fixed_point;
    use rbm_model::partition::Enumeration;

    /// Two wells, m = 1/2 in the basin of the shallow one: the best start gives more, below the exact value.
    #[test]
    fn the_best_start_is_a_better_bound() {
        let (n, m) = (10, 6);
        let model = Parameters::new(n, m, vec![1.6; n * m], vec![-5.2; n], vec![-7.0; m]).unwrap();
        let options = MeanFieldOptions::default();
        let center = central_fixed_point(&model, &options).unwrap();
        let starts = Mat::from_fn(3, n, |row, i| f64::from(u8::from(i < [0, 5, n][row])));
        let best = lowest_fixed_point(&model, starts.as_ref(), &options)
            .unwrap()
            .unwrap();
        let exact = Enumeration::new(&model).unwrap().ln_z();
        assert!(best.free_energy < center.free_energy - 1.0);
        assert!(-best.free_energy < exact && exact + best.free_energy < 0.5);
        let none = lowest_fixed_point(&model, starts.as_ref().subrows(0, 0), &options).unwrap();
        assert!(none.is_none());
        let wrong = Mat::<f64>::zeros(1, n + 1);
        assert!(lowest_fixed_point(&model, wrong.as_ref(), &options).is_err());
    }
}
