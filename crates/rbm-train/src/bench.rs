//! Speed of updates and Gibbs sweeps on this machine: backends and kernels side by side.
//!
//! All cases take turns, one update each per round, so that a machine whose speed drifts slows all
//! of them alike and their ratios stay true.

use crate::learner::{Batch, ChainCount, LearnerKind};
use crate::memory;
use crate::settings::Settings;
use crate::state::State;
use burn::tensor::{Device, Tensor, TensorData};
use rbm_model::init::normal;
use rbm_model::noise::{Sequence, stream};
use rbm_model::ops::SweepKernel;
use rbm_model::sampling::{Chains, PackedChains};
use rbm_model::{BitMatrix, ModelError, Rbm, RbmConfig, device};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Share of pixels that are on in the made-up data, about that of binary MNIST.
const DENSITY: f32 = 0.13;
/// Batches that the updates take in turn.
const BATCHES: usize = 2;
/// Updates before the first that counts.
const WARM_UP: usize = 3;

/// One case: a size of model and update on a device, with a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Device, see [`rbm_model::device::parse_device`]; several joined by `+` divide each update.
    pub device: String,
    /// SweepKernel, where the device is a CPU.
    pub kernel: SweepKernel,
    /// Learner.
    pub learner: LearnerKind,
    /// Visible units.
    pub visible: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Rows per update.
    pub batch_size: usize,
    /// Chains.
    pub chains: usize,
    /// Gibbs sweeps per update.
    pub gibbs_steps: usize,
    /// Seed of data and model.
    pub seed: u64,
}

/// Smallest, middle and largest of several times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Times {
    /// Fastest.
    pub min: f64,
    /// Middle one.
    pub median: f64,
    /// Slowest.
    pub max: f64,
}

/// What was measured of a case.
#[derive(Debug, Clone, Serialize)]
pub struct Measurement {
    /// Device.
    pub device: String,
    /// `packed`, `dense` (one fused pass after a matrix product), `tensors` (plain tensor
    /// operations) or `auto` (what runs take).
    pub kernel: String,
    /// Learner.
    pub learner: LearnerKind,
    /// Visible units.
    pub visible: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Rows per update.
    pub batch_size: usize,
    /// Chains.
    pub chains: usize,
    /// Gibbs sweeps per update.
    pub gibbs_steps: usize,
    /// Time of one whole update.
    pub step_ms: Times,
    /// Gibbs sweeps per second within whole updates: `gibbs_steps` / median time.
    pub sweeps_per_s: f64,
    /// Gibbs sweeps per second alone, all chains counting as one; `null` for divided updates, and so what
    /// follows from it.
    pub pure_sweeps_per_s: f64,
    /// Multiply-adds that dense products would need for an update, two operations each, over the
    /// median time, in 10^9/s.
    pub gflops: f64,
    /// The same for sweeps alone.
    pub pure_gflops: f64,
    /// `gflops` over the largest rate of a dense product measured on the device, the first of several,
    /// in this run.
    pub fraction_of_peak: f64,
    /// `pure_gflops` over that rate.
    pub pure_fraction_of_peak: f64,
    /// Most memory that the process held during the first updates, in bytes: the program, the state
    /// and two batches of each case of the run, chains for the sweeps alone, and what an update takes
    /// on the way; no data set. `null` where the system does not tell.
    pub peak_memory: Option<u64>,
}

/// A whole run of the benchmark.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Threads that the CPU backends use.
    pub threads: usize,
    /// Vector instructions that the kernels use.
    pub instructions: String,
    /// Largest rate of a dense f32 product by device, 10^9 operations a second.
    pub peak_gflops: Vec<(String, f64)>,
    /// One entry per case, in the order of the request.
    pub results: Vec<Measurement>,
}

/// Chains that only sweep, where a learner would have them.
enum Sweeper {
    Host(PackedChains),
    Device(Box<Chains>),
}

impl Sweeper {
    fn new(rbm: &Rbm, count: usize, seed: u64) -> Self {
        if device::is_host(&rbm.device()) {
            Self::Host(PackedChains::from_biases(rbm, count, seed, stream::SAMPLE))
        } else {
            Self::Device(Box::new(Chains::from_biases(
                rbm,
                count,
                seed,
                stream::SAMPLE,
            )))
        }
    }

    /// Makes sweeps and waits for them; whether they came to be.
    fn sweep(&mut self, rbm: &Rbm, sweeps: usize) -> bool {
        match self {
            Self::Host(chains) => {
                chains.sweep(rbm, sweeps);
                true
            }
            Self::Device(chains) => {
                drop(chains.sweep(rbm, sweeps));
                settled(chains.visible.clone())
            }
        }
    }
}

/// A case that is set up.
struct Bench {
    case: Case,
    settings: Settings,
    batches: Vec<Batch>,
    state: Option<State>,
    sweeper: Option<Sweeper>,
    updates: Vec<Duration>,
    sweeps: Vec<Duration>,
    peak_memory: Option<u64>,
}

impl Bench {
    fn new(case: Case) -> Result<Self, ModelError> {
        let mut settings = Settings::default();
        settings.training.device = case.device.clone();
        let devices = settings.training.open_devices()?;
        let device = devices[0].clone();
        settings.model.hidden = case.hidden;
        settings.learner.kind = case.learner;
        settings.learner.chains = ChainCount::Count(case.chains);
        settings.learner.gibbs_steps = case.gibbs_steps;
        settings.training.batch_size = case.batch_size;
        settings.training.seed = case.seed;
        let mean = vec![f64::from(DENSITY); case.visible];
        let rbm = RbmConfig::new(case.visible, case.hidden)
            .with_seed(case.seed)
            .init_from_data_mean(&mean, 1000, &device)?;
        let alone = || Sweeper::new(&rbm, case.chains, case.seed);
        let sweeper = (devices.len() == 1).then(alone);
        let state = State::new(&settings, rbm, &mean, case.batch_size).divide(&settings, &devices);
        let mut random = Sequence::new(case.seed, stream::SHUFFLE, 0);
        let mut batch = || {
            let unit = |_, _| random.next_uniform() < DENSITY;
            let rows = BitMatrix::from_fn(case.batch_size, case.visible, unit);
            Batch::new(rows, (0..case.batch_size as u32).collect())
        };
        let batches = (0..BATCHES).map(|_| batch()).collect();
        Ok(Self {
            state: Some(state),
            sweeper,
            settings,
            batches,
            updates: Vec::new(),
            sweeps: Vec::new(),
            peak_memory: None,
            case,
        })
    }

    /// One update and as many sweeps alone.
    fn round(&mut self, number: usize) {
        self.case.kernel.set();
        memory::reset_peak();
        let batch = self.batches[number % self.batches.len()].clone();
        let start = Instant::now();
        if let Some(state) = self.state.take() {
            self.state = Some(state.update(&self.settings, batch, 0.01));
        }
        let weight = self.state.as_ref().map(|state| state.rbm.weight.val());
        let updated = weight.is_some_and(settled).then(|| start.elapsed());
        if number <= WARM_UP {
            self.peak_memory = self.peak_memory.max(memory::peak_bytes());
        }
        let start = Instant::now();
        let swept = match (&self.state, &mut self.sweeper) {
            (Some(state), Some(sweeper)) => {
                let swept = sweeper.sweep(&state.rbm, self.case.gibbs_steps);
                swept.then(|| start.elapsed())
            }
            _ => None,
        };
        SweepKernel::Auto.set();
        if number >= WARM_UP {
            self.updates.extend(updated);
            self.sweeps.extend(swept);
        }
    }

    fn measurement(&self, peak: f64) -> Measurement {
        let c = &self.case;
        let chains = match c.learner.registration().from_batch {
            true => c.batch_size,
            false => c.chains,
        };
        let product = |rows: usize| 2.0 * (c.visible * c.hidden * rows) as f64;
        let sweep = 2.0 * product(chains) * c.gibbs_steps as f64;
        // The positive phase, and the correlations of both phases.
        let rest = 2.0 * product(c.batch_size) + product(chains);
        let step_ms = times(&self.updates);
        let sweeps_ms = times(&self.sweeps);
        let gflops = (sweep + rest) / step_ms.median / 1e6;
        let pure_gflops = 2.0 * product(c.chains) * c.gibbs_steps as f64 / sweeps_ms.median / 1e6;
        Measurement {
            device: c.device.clone(),
            kernel: kernel_name(c.kernel).into(),
            learner: c.learner,
            visible: c.visible,
            hidden: c.hidden,
            batch_size: c.batch_size,
            chains,
            gibbs_steps: c.gibbs_steps,
            step_ms,
            sweeps_per_s: 1e3 * c.gibbs_steps as f64 / step_ms.median,
            pure_sweeps_per_s: 1e3 * c.gibbs_steps as f64 / sweeps_ms.median,
            gflops,
            pure_gflops,
            fraction_of_peak: gflops / peak,
            pure_fraction_of_peak: pure_gflops / peak,
            peak_memory: self.peak_memory,
        }
    }
}

/// Measures cases in turns, `steps` updates each; `progress` hears of every round.
///
/// # Errors
/// [`ModelError`] for a device that is not there and for layers without units.
pub fn run(
    cases: &[Case],
    steps: usize,
    mut progress: impl FnMut(usize),
) -> Result<Report, ModelError> {
    let mut benches = Vec::new();
    for case in cases {
        benches.push(Bench::new(case.clone())?);
    }
    let mut peaks: Vec<(String, f64)> = Vec::new();
    for bench in &benches {
        let first = bench.settings.training.first_device();
        if !peaks.iter().any(|(name, _)| name == first) {
            peaks.push((first.into(), 0.0));
        }
    }
    for round in 0..WARM_UP + steps {
        for bench in &mut benches {
            bench.round(round);
        }
        // The peak is measured in between as well, but seldom: it takes the caches, and memory that
        // the process may keep.
        if [WARM_UP, WARM_UP + steps / 2, WARM_UP + steps - 1].contains(&round) {
            for (name, peak) in &mut peaks {
                *peak = peak.max(product_rate(&device::parse_device(name)?));
            }
        }
        progress(round + 1);
    }
    let results = benches
        .iter()
        .map(|bench| {
            let first = bench.settings.training.first_device();
            let peak = peaks.iter().find(|(name, _)| name == first);
            bench.measurement(peak.map_or(f64::NAN, |(_, peak)| *peak))
        })
        .collect();
    Ok(Report {
        threads: rayon::current_num_threads(),
        instructions: format!("{:?}", rbm_model::kernels::Isa::detect()),
        peak_gflops: peaks,
        results,
    })
}

/// Waits until a tensor is there, by reading one of its numbers.
fn settled(tensor: Tensor<2>) -> bool {
    tensor.slice([0..1, 0..1]).try_into_data().is_ok()
}

/// Rate of a dense f32 product of 1024 x 1024, in 10^9 operations a second.
fn product_rate(device: &Device) -> f64 {
    const SIZE: usize = 1024;
    let matrix = |seed| {
        let values = normal(SIZE * SIZE, 1.0, seed);
        Tensor::<2>::from_data(TensorData::new(values, [SIZE, SIZE]), device)
    };
    let (a, b) = (matrix(1), matrix(2));
    let mut best = 0.0f64;
    for _ in 0..4 {
        let start = Instant::now();
        let product = a.clone().matmul(b.clone());
        if device.sync().is_ok() {
            let rate = 2.0 * (SIZE * SIZE * SIZE) as f64 / start.elapsed().as_secs_f64() / 1e9;
            best = best.max(rate);
        }
        drop(product);
    }
    best
}

fn times(durations: &[Duration]) -> Times {
    let mut ms: Vec<f64> = durations.iter().map(|d| 1e3 * d.as_secs_f64()).collect();
    ms.sort_by(f64::total_cmp);
    Times {
        min: ms.first().copied().unwrap_or(f64::NAN),
        median: ms.get(ms.len() / 2).copied().unwrap_or(f64::NAN),
        max: ms.last().copied().unwrap_or(f64::NAN),
    }
}

/// Name of a kernel on the command line and in results.
pub fn kernel_name(kernel: SweepKernel) -> &'static str {
    match kernel {
        SweepKernel::Auto => "auto",
        SweepKernel::Packed => "packed",
        SweepKernel::Dense => "dense",
        SweepKernel::Tensors => "tensors",
    }
}
