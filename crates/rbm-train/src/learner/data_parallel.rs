//! One model trained on several devices: rows and chains divided, gradients summed.

use super::batch::send;
use super::{Batch, Learner, LearnerKind, LearnerOptions, LearnerState, Part, RestoreError};
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use rbm_model::device;
use rbm_model::gradient::PhaseSamples;
use rbm_model::gradient::{Gradient, Offsets};
use rbm_model::optim::Step;
use rbm_model::sampling::PackedChains;
use rbm_model::update::{self, OptimizerState};
use rbm_model::{Rbm, ops};
use std::ops::Range;

/// A learner in contiguous parts of its chains, one per device.
///
/// In an update every device gets the parameters and its rows of the batch, moves its chains and
/// gives back its [part](Gradient::part) of the plain gradient. The sum is centered, and followed, on
/// the first device, where the model lives. A chain draws what it would draw on one device
/// ([`first_row`](rbm_model::noise::NoiseKey::first_row)), so results differ from those
/// of one device by the order of sums alone.
pub struct DataParallel {
    parts: Vec<Share>,
    source: Option<Device>,
    /// Whether there is a chain for each row instead.
    from_batch: bool,
}

/// What one device has.
struct Share {
    device: Device,
    learner: Box<dyn Learner>,
    /// Its chains among all.
    chains: Range<usize>,
}

/// A device's part of a gradient, and of the mean of p(h = 1 | v) over the data.
struct Sums {
    gradient: Gradient,
    hidden: Tensor<1>,
}

impl DataParallel {
    /// Divides a learner, with the persistent chains it has, over devices.
    pub fn new(
        kind: LearnerKind,
        options: &LearnerOptions,
        chains: Option<PackedChains>,
        devices: &[Device],
    ) -> Self {
        let registration = kind.registration();
        let Some(part) = registration.part else {
            unreachable!("settings are checked before: {kind} is not divided")
        };
        // A chain for each training row is not divided; settings are checked before.
        let count = options.chains.of_rows(0);
        let share = |(index, device): (usize, &Device)| {
            let range = share(count, index, devices.len());
            Share {
                device: device.clone(),
                learner: part(Part {
                    options: options.clone(),
                    chains: chains.as_ref().map(|chains| select(chains, range.clone())),
                    range: range.clone(),
                    device: device.clone(),
                }),
                chains: range,
            }
        };
        Self {
            parts: devices.iter().enumerate().map(share).collect(),
            source: device::host(),
            from_batch: registration.from_batch,
        }
    }

    /// Lets every device do its part with the model, those that work on their own first; results in order.
    fn each<R>(
        &mut self,
        rbm: &Rbm,
        mut work: impl FnMut(&mut Share, Rbm, usize, usize) -> R,
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
        let copy = |part: &Share| match part.device == home {
            true => rbm.clone(),
            false => copy(&source, &part.device),
        };
        self.parts.iter().map(|part| Some(copy(part))).collect()
    }

    /// Chains that live on or are started anew.
    fn chain_count(&self) -> usize {
        self.parts.iter().map(|part| part.chains.len()).sum()
    }
}

impl Share {
    /// This device's part of the gradient, queued: rows of the batch and share of the chains.
    fn sums(&mut self, rbm: &Rbm, batch: &Batch, shares: [f64; 2], number: u64) -> Sums {
        let model = self.learner.negative_phase(rbm, batch, number);
        let (weight, bias) = (rbm.weight.val(), rbm.hidden_bias.val());
        let visible = batch.to_tensor(&self.device);
        let data = PhaseSamples {
            hidden: ops::hidden_probabilities(weight, bias, visible.clone()),
            visible,
        };
        let hidden = data.hidden.clone().mean_dim(0).squeeze_dim::<1>(0) * shares[0];
        Sums {
            gradient: Gradient::part(data, model, shares),
            hidden,
        }
    }
}

impl Learner for DataParallel {
    fn negative_phase(&mut self, rbm: &Rbm, batch: &Batch, number: u64) -> PhaseSamples {
        let (home, rows) = (rbm.device(), batch.count());
        let phases = self.each(rbm, |part, rbm, index, count| {
            let batch = batch.part(&share(rows, index, count));
            part.learner.negative_phase(&rbm, &batch, number)
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

    fn update(
        &mut self,
        rbm: Rbm,
        moments: &mut OptimizerState,
        batch: Batch,
        offsets: Offsets,
        step: Step,
        number: u64,
    ) -> (Rbm, Tensor<1>) {
        let (home, rows) = (rbm.device(), batch.count());
        let (from_batch, chains) = (self.from_batch, self.chain_count().max(1));
        let parts = self.each(&rbm, |part, rbm, index, count| {
            let range = share(rows, index, count);
            let of_rows = range.len() as f64 / rows as f64;
            let of_chains = part.chains.len() as f64 / chains as f64;
            let shares = [of_rows, if from_batch { of_rows } else { of_chains }];
            part.sums(&rbm, &batch.part(&range), shares, number)
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
            update::from_gradient(rbm, moments, gradient, offsets, step),
            hidden,
        )
    }

    fn state(&self) -> LearnerState {
        let parts = self.parts.iter().map(|part| part.learner.state().chains);
        let parts: Option<Vec<PackedChains>> = parts.collect();
        let gather = |parts: Vec<PackedChains>| {
            let joined = parts.into_iter().reduce(|mut all, part| {
                // All are of one model.
                let visible = all.visible.append(&part.visible);
                if visible.and(all.hidden.append(&part.hidden)).is_err() {
                    unreachable!("parts of one learner have chains of one model")
                }
                all
            });
            joined.unwrap_or_else(|| unreachable!("a division has at least one part"))
        };
        LearnerState {
            chains: parts.map(gather),
            ..LearnerState::default()
        }
    }

    fn restore(&mut self, mut state: LearnerState) -> Result<(), RestoreError> {
        if state.chains.is_none() {
            return Ok(());
        }
        let chains = state.take_chains(self.chain_count())?;
        for part in &mut self.parts {
            part.learner.restore(LearnerState {
                chains: Some(select(&chains, part.chains.clone())),
                ..LearnerState::default()
            })?;
        }
        Ok(())
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
fn share(count: usize, index: usize, of: usize) -> Range<usize> {
    count * index / of..count * (index + 1) / of
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
    PackedChains {
        visible: chains.visible.slice(range.clone()),
        hidden: chains.hidden.slice(range),
        ..*chains
    }
}

#[cfg(test)]
#[path = "data_parallel_tests.rs"]
mod tests;
