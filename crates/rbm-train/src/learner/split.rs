//! One model trained on several devices: rows and chains divided, gradients summed.

use super::{ContrastiveDivergence, Learner, Persistent, Restarted};
use crate::settings::{ChainCount, LearnerKind, Settings};
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use rbm_model::device;
use rbm_model::gradient::{Gradient, Offsets, PhaseSamples};
use rbm_model::kernels::packed::PackedStates;
use rbm_model::ops::OptimizerState;
use rbm_model::optim::Step;
use rbm_model::sampling::PackedChains;
use rbm_model::{Rbm, ops};
use std::ops::Range;

/// CD, PCD or restarted chains in contiguous parts, one a device.
///
/// In an update every device gets the parameters and its rows of the batch, moves its chains and
/// gives back its [part](Gradient::part) of the plain gradient. The sum is centred, and followed, on
/// the first device, where the model lives. A chain draws what it would draw on one device
/// ([`first_row`](rbm_model::noise::NoiseKey::first_row)), so results differ from those
/// of one device by the order of sums alone.
pub struct Split {
    parts: Vec<Part>,
    source: Option<Device>,
}

/// What one device has.
struct Part {
    device: Device,
    sampler: Sampler,
}

enum Sampler {
    FromBatch { sweeps: usize, seed: u64 },
    Persistent(Box<Persistent>),
    Restarted(Restarted),
}

/// A device's part of a gradient, and of the mean of p(h = 1 | v) over the data.
struct Sums {
    gradient: Gradient,
    hidden: Tensor<1>,
}

impl Split {
    /// Divides the learner of validated settings, with the persistent chains it has, over devices.
    pub fn new(settings: &Settings, chains: Option<PackedChains>, devices: &[Device]) -> Self {
        let (seed, learner) = (settings.training.seed, &settings.learner);
        let sweeps = learner.gibbs_steps;
        let part = |(index, device): (usize, &Device)| {
            // A chain for each training row is not divided; settings are checked before.
            let range = part(learner.chains.of_rows(0), index, devices.len());
            let sampler = match (learner.kind, &chains) {
                (LearnerKind::Pcd, Some(chains)) => Sampler::Persistent(Box::new(
                    Persistent::part(&select(chains, range.clone()), range.start, sweeps, device),
                )),
                (LearnerKind::Cd, _) => Sampler::FromBatch { sweeps, seed },
                (LearnerKind::Random, _) => Sampler::Restarted(Restarted {
                    sweeps,
                    seed,
                    chains: ChainCount::Count(range.len()),
                    first_row: range.start as u32,
                }),
                _ => unreachable!("settings are checked before: tempering is not divided"),
            };
            Part {
                device: device.clone(),
                sampler,
            }
        };
        Self {
            parts: devices.iter().enumerate().map(part).collect(),
            source: device::host(),
        }
    }

    /// Lets every device do its part with the model, those that work on their own first; results in order.
    fn each<R>(
        &mut self,
        rbm: &Rbm,
        mut work: impl FnMut(&mut Part, Rbm, usize, usize) -> R,
    ) -> Vec<R> {
        let count = self.parts.len();
        // All have the parameters before the first begins: they come from a device that is one of them.
        let mut models = self.copies(rbm);
        let mut order: Vec<usize> = (0..count).collect();
        // A host's tensors are computed when they are asked for, all others are queued.
        order.sort_by_key(|index| device::is_host(&self.parts[*index].device));
        let mut results: Vec<Option<R>> = (0..count).map(|_| None).collect();
        for index in order {
            let part = &mut self.parts[index];
            results[index] = models[index]
                .take()
                .map(|rbm| work(part, rbm, index, count));
            // A device that is lost says so when its results are read.
            let _ = part.device.flush();
        }
        results.into_iter().flatten().collect()
    }

    /// The model on each device, read from its own once.
    fn copies(&self, rbm: &Rbm) -> Vec<Option<Rbm>> {
        let home = rbm.device();
        let elsewhere = self.parts.iter().any(|part| part.device != home);
        let source = match &self.source {
            Some(host) if elsewhere => copy(rbm, host),
            _ => rbm.clone(),
        };
        let copy = |part: &Part| match part.device == home {
            true => rbm.clone(),
            false => copy(&source, &part.device),
        };
        self.parts.iter().map(|part| Some(copy(part))).collect()
    }
}

impl Part {
    /// Samples the model, see [`Learner::negative_phase`]; `first` is the number of the batch's first row.
    fn sample(&mut self, rbm: &Rbm, batch: &Tensor<2>, first: usize, number: u64) -> PhaseSamples {
        match &mut self.sampler {
            Sampler::FromBatch { sweeps, seed } => ContrastiveDivergence {
                sweeps: *sweeps,
                seed: *seed,
                first_row: first as u32,
            }
            .negative_phase(rbm, batch, number),
            Sampler::Persistent(chains) => chains.negative_phase(rbm, batch, number),
            Sampler::Restarted(chains) => chains.negative_phase(rbm, batch, number),
        }
    }

    /// This device's part of the gradient, queued: rows of the batch and share of the chains.
    fn sums(
        &mut self,
        rbm: &Rbm,
        batch: &Tensor<2>,
        rows: Range<usize>,
        chains: f64,
        number: u64,
    ) -> Sums {
        let data = self.rows(batch, &rows);
        let share = rows.len() as f64 / batch.dims()[0] as f64;
        let model = self.sample(rbm, &data, rows.start, number);
        let data = PhaseSamples {
            hidden: ops::hidden_probabilities(
                rbm.weight.val(),
                rbm.hidden_bias.val(),
                data.clone(),
            ),
            visible: data,
        };
        let hidden = data.hidden.clone().mean_dim(0).squeeze_dim::<1>(0) * share;
        let model_share = match self.sampler {
            Sampler::FromBatch { .. } => share,
            _ => chains,
        };
        Sums {
            gradient: Gradient::part(data, model, [share, model_share]),
            hidden,
        }
    }

    /// Its rows of a batch. Where there are fewer rows than devices it is a row of zeros, to be counted 0 times.
    fn rows(&self, batch: &Tensor<2>, rows: &Range<usize>) -> Tensor<2> {
        let columns = batch.dims()[1];
        match rows.is_empty() {
            true => Tensor::zeros([1, columns], &self.device),
            false => send(
                batch.clone().slice([rows.clone(), 0..columns]),
                &self.device,
            ),
        }
    }
}

impl Learner for Split {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Tensor<2>, step: u64) -> PhaseSamples {
        let (home, rows) = (rbm.device(), batch.dims()[0]);
        let phases = self.each(rbm, |device, rbm, index, count| {
            let rows = part(rows, index, count);
            let data = device.rows(batch, &rows);
            device.sample(&rbm, &data, rows.start, step)
        });
        let gather = |of: fn(PhaseSamples) -> Tensor<2>| {
            let parts = phases.iter().cloned().map(of);
            Tensor::cat(parts.map(|part| send(part, &home)).collect(), 0)
        };
        PhaseSamples {
            visible: gather(|phase| phase.visible),
            hidden: gather(|phase| phase.hidden),
        }
    }

    fn ascend(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Tensor<2>,
        offsets: Offsets,
        step: Step,
        number: u64,
    ) -> (Rbm, Tensor<1>) {
        let (home, rows) = (rbm.device(), batch.dims()[0]);
        let chains: usize = self.parts.iter().map(Part::chains).sum();
        let parts = self.each(&rbm, |device, rbm, index, count| {
            let share = device.chains() as f64 / chains.max(1) as f64;
            device.sums(&rbm, &batch, part(rows, index, count), share, number)
        });
        let sum = parts
            .into_iter()
            .map(|part| part.send(&home))
            .reduce(|sum, part| Sums {
                gradient: sum.gradient.plus(part.gradient),
                hidden: sum.hidden + part.hidden,
            });
        let Some(Sums { gradient, hidden }) = sum else {
            unreachable!("a division has at least one part")
        };
        (
            ops::apply_gradient(rbm, moments, gradient, offsets, step),
            hidden,
        )
    }

    fn batch_device(&self) -> Option<Device> {
        self.source.clone()
    }

    fn chains(&self) -> Option<PackedChains> {
        let parts = self.parts.iter().map(|part| match &part.sampler {
            Sampler::Persistent(chains) => chains.chains(),
            _ => None,
        });
        let parts: Vec<PackedChains> = parts.collect::<Option<_>>()?;
        let states = |of: fn(&PackedChains) -> &PackedStates| {
            let rows: Vec<u64> = parts.iter().flat_map(|c| of(c).to_packed_rows()).collect();
            packed(&rows, of(&parts[0]).units())
        };
        Some(PackedChains {
            visible: states(|chains| &chains.visible),
            hidden: states(|chains| &chains.hidden),
            ..parts[0].clone()
        })
    }

    fn restore(&mut self, chains: PackedChains) {
        let count = self.parts.len();
        for (index, device) in self.parts.iter_mut().enumerate() {
            if let Sampler::Persistent(own) = &mut device.sampler {
                own.restore(select(&chains, part(chains.count(), index, count)));
            }
        }
    }
}

impl Part {
    /// Chains that live on here or are started anew; none that start from the batch.
    fn chains(&self) -> usize {
        match &self.sampler {
            Sampler::FromBatch { .. } => 0,
            Sampler::Persistent(chains) => chains.count(),
            Sampler::Restarted(restarted) => restarted.chains.of_rows(0),
        }
    }
}

impl Sums {
    fn send(self, device: &Device) -> Self {
        Self {
            gradient: Gradient {
                weight: send(self.gradient.weight, device),
                visible_bias: send(self.gradient.visible_bias, device),
                hidden_bias: send(self.gradient.hidden_bias, device),
            },
            hidden: send(self.hidden, device),
        }
    }
}

/// Part `index` of `count` things that `of` devices share.
fn part(count: usize, index: usize, of: usize) -> Range<usize> {
    count * index / of..count * (index + 1) / of
}

/// A tensor on a device, by way of the host: servers need not reach each other.
fn send<const D: usize>(tensor: Tensor<D>, device: &Device) -> Tensor<D> {
    match tensor.device() == *device {
        true => tensor,
        false => Tensor::from_data(tensor.into_data(), device),
    }
}

fn copy(rbm: &Rbm, device: &Device) -> Rbm {
    Rbm {
        weight: Param::from_tensor(send(rbm.weight.val(), device)),
        visible_bias: Param::from_tensor(send(rbm.visible_bias.val(), device)),
        hidden_bias: Param::from_tensor(send(rbm.hidden_bias.val(), device)),
    }
}

/// Some of the chains.
fn select(chains: &PackedChains, range: Range<usize>) -> PackedChains {
    let states = |states: &PackedStates| {
        let stride = states.units().div_ceil(64);
        let rows = states.to_packed_rows();
        packed(
            &rows[stride * range.start..stride * range.end],
            states.units(),
        )
    };
    PackedChains {
        visible: states(&chains.visible),
        hidden: states(&chains.hidden),
        ..*chains
    }
}

/// States from packed rows that lie one after the other.
fn packed(rows: &[u64], units: usize) -> PackedStates {
    let states = PackedStates::from_packed_rows(rows.chunks(units.div_ceil(64).max(1)), units);
    states.unwrap_or_else(|_| unreachable!("rows have been cut to their length"))
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
