//! The leading modes of the latest model, sampled: what `--field` adds.

use crate::cli::source::Source;
use rbm_analysis::faer::Mat;
use rbm_analysis::{ModeAnalysis, ModeAnalysisOptions, ReciprocalSpace, analyze_modes};
use rbm_model::noise::stream;
use rbm_model::sampling::Chains;
use rbm_model::{Rbm, device};

/// Chains that are followed.
const CHAINS: usize = 256;
/// Data rows that occupations and mean-field starts are taken from.
const DATA_ROWS: usize = 2000;

/// Samples the `modes` leading modes, from training rows for a run and from the biases for a model file.
pub fn field(source: &Source, modes: usize, seed: u64) -> anyhow::Result<ModeAnalysis> {
    let settings = source.settings(None, None)?;
    let rbm = Rbm::from_parameters(
        &source.parameters,
        &device::parse_device(settings.training.first_device())?,
    );
    let space = ReciprocalSpace::new(&source.parameters)?;
    let data = match source.run {
        Some(_) => {
            let train = source.data(&settings)?.train;
            let count = train.rows().min(DATA_ROWS);
            // Evenly over the data, which may be sorted.
            let rows: Vec<u32> = (0..count)
                .map(|r| (r * train.rows() / count) as u32)
                .collect();
            Some(train.select(&rows))
        }
        None => None,
    };
    let mut chains = match &data {
        Some(rows) => {
            let start = rows.slice(0..rows.rows().min(CHAINS));
            let start = start.to_tensor(&rbm.device());
            Chains::from_visible(&rbm, start, seed, stream::SAMPLE)
        }
        None => Chains::from_biases(&rbm, CHAINS, seed, stream::SAMPLE),
    };
    let options = ModeAnalysisOptions {
        modes,
        ..Default::default()
    };
    tracing::info!(
        "following {modes} modes over {} sweeps of {} chains",
        options.warm_up + options.recordings * options.sweeps_between,
        chains.count()
    );
    let matrix = data.map(|rows| {
        Mat::from_fn(rows.rows(), rows.columns(), |row, unit| {
            f64::from(rows.get(row, unit))
        })
    });
    let matrix = matrix.as_ref().map(Mat::as_ref);
    Ok(analyze_modes(&rbm, &space, &mut chains, matrix, &options)?)
}

/// What a person wants to see of it first, for a model of so many visible units.
pub fn table(field: &ModeAnalysis, n_visible: usize) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "mode   lambda  barrier  tilt     n (model)        connected/N  n (data)         tau_x, sweeps".into(),
    ];
    let data = field.data_occupations.as_deref().unwrap_or(&[]);
    for (k, mode) in field.landau.iter().enumerate() {
        let number = |x: Option<f64>| x.map_or("-".into(), |x| format!("{x:.2}"));
        let occupation = |o: Option<&rbm_analysis::bosons::Occupation>| {
            o.map_or("-".into(), |o| match o.error {
                Some(error) => format!("{:.2} ± {error:.2}", o.occupation),
                None => format!("{:.2}", o.occupation),
            })
        };
        let x = rbm_analysis::Coordinate::X(mode.mode);
        let time = field.diffusion.iter().find(|d| d.measured.coordinate == x);
        lines.push(format!(
            "{:>4} {:>8.3} {:>8.3} {:>5.2}     {:<16} {:<12} {:<16} {}",
            mode.mode + 1,
            mode.singular_value,
            mode.barrier,
            mode.tilt,
            occupation(field.model_occupations.get(k)),
            field
                .model_occupations
                .get(k)
                .and_then(|o| o.connected)
                .map_or("-".into(), |x| format!("{:.4}", x / n_visible as f64)),
            occupation(data.get(k)),
            number(
                time.and_then(|d| d.measured.integrated_time)
                    .map(|t| t.value)
            ),
        ));
    }
    lines.extend(field.notes.iter().map(|note| format!("note: {note}")));
    lines
}
