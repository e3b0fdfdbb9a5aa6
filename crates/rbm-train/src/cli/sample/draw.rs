//! The samples that the flags ask for.

use super::{From, Method, SampleArgs, Samples};
use crate::checkpoint::Checkpoint;
use crate::cli::output::UsageError;
use crate::cli::source::Source;
use crate::memory;
use crate::progress::with_progress;
use crate::sampling::{self, Recorder, Start};
use crate::settings::Settings;
use burn::tensor::Device;
use rbm_model::Rbm;
use rbm_model::sampling::ModelPath;
use rbm_model::sampling::diagnostics::LEAST_DRAWS;

/// How many samples.
fn count(args: &SampleArgs, rbm: &Rbm) -> anyhow::Result<usize> {
    match args.chains {
        Some(0) => Err(UsageError("--chains is 0; it must be at least 1".into()).into()),
        Some(count) => {
            let each = memory::bytes_of_chain(rbm.n_visible(), rbm.n_hidden());
            memory::check_count("--chains", count, each)?;
            Ok(count)
        }
        None if args.quality => Ok(1000),
        None => Ok(100),
    }
}

/// Block Gibbs chains.
pub(super) fn gibbs(
    args: &SampleArgs,
    source: &Source,
    settings: &Settings,
    rbm: &Rbm,
    device: &Device,
) -> anyhow::Result<Samples> {
    let saved = match &source.run {
        Some(run) if matches!(args.from, None | Some(From::Chains)) => {
            Checkpoint::open(&run.state_path())?.chains(device)?
        }
        _ => None,
    };
    let count = count(args, rbm)?;
    let start = match (args.from, saved) {
        (None | Some(From::Chains), Some(chains)) => {
            let (there, asked) = (
                chains.count(),
                args.chains.or(args.quality.then_some(count)),
            );
            if let Some(asked) = asked.filter(|asked| *asked > there) {
                tracing::warn!(
                    "the run has {there} chains: {there} samples, not {asked}; --from biases starts as many as asked for"
                );
            }
            Start::Chains(Box::new(chains))
        }
        (Some(From::Chains), None) => {
            return Err(UsageError(
                "--from chains needs a run that was trained with persistent chains (--learner pcd or pt)"
                    .into(),
            )
            .into());
        }
        (None | Some(From::Biases), _) => Start::Biases(count),
        (Some(From::Random), _) => Start::Random(count),
        (Some(From::Data), _) => {
            if source.run.is_none() && args.dataset.is_none() {
                return Err(UsageError("--from data with --model needs --dataset".into()).into());
            }
            Start::Data(sampling::rows(&source.data(settings)?, count, args.seed))
        }
    };
    if args.gibbs_steps < 2 * LEAST_DRAWS {
        return Ok(Samples {
            visible: sampling::draw(rbm, start, args.gibbs_steps, args.seed, args.chains),
            mixing: None,
            tempering: None,
        });
    }
    let mut recorder = Recorder::new(rbm)?;
    let (visible, every) = with_progress(|progress| {
        sampling::draw_recorded(
            rbm,
            start,
            args.gibbs_steps,
            args.seed,
            args.chains,
            &mut recorder,
            progress,
        )
    });
    Ok(Samples {
        visible,
        mixing: recorder.mixing(every)?,
        tempering: None,
    })
}

/// Replicas at the end of a ladder.
pub(super) fn tempered(
    args: &SampleArgs,
    source: &Source,
    settings: &Settings,
    rbm: &Rbm,
    device: &Device,
) -> anyhow::Result<Samples> {
    if !(args.swap_rate > 0.0 && args.swap_rate < 1.0) {
        return Err(UsageError(format!(
            "--swap-rate is {}; it must be above 0 and below 1",
            args.swap_rate
        ))
        .into());
    }
    let path = if args.method == Method::Trajectory {
        let Some(run) = &source.run else {
            return Err(UsageError(
                "--method trajectory needs a run with its snapshots, not --model".into(),
            )
            .into());
        };
        let mut snapshots = run
            .snapshot_steps()?
            .into_iter()
            .map(|step| run.snapshot(step))
            .collect::<Result<Vec<_>, _>>()?;
        if snapshots.last() != Some(&source.parameters) {
            snapshots.push(source.parameters.clone());
        }
        let models = snapshots.iter().map(|p| Rbm::from_parameters(p, device));
        ModelPath::through(models.collect())?
    } else {
        let reference = if source.run.is_some() || args.dataset.is_some() {
            sampling::reference_fields(&source.data(settings)?.train.column_means())
        } else {
            source
                .parameters
                .visible_bias
                .iter()
                .map(|b| *b as f32)
                .collect()
        };
        ModelPath::tempered(rbm, &reference)?
    };
    let mut recorder = Recorder::new(rbm)?;
    let ladders = count(args, rbm)?;
    let (visible, report) = with_progress(|progress| {
        sampling::tempered(
            path,
            ladders,
            args.swap_rate,
            args.gibbs_steps,
            args.seed,
            &mut recorder,
            progress,
        )
    })?;
    Ok(Samples {
        visible,
        mixing: recorder.mixing((args.gibbs_steps / sampling::DRAWS).max(1))?,
        tempering: Some(report),
    })
}
