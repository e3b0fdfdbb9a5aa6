//! Annealed importance sampling of a model file by the library:
//!
//! ```text
//! cargo run --example ais -- MODEL.safetensors [TEMPERATURES] [CHAINS]
//! ```
//!
//! prints ln Z with its interval, the effective sample size, and the time, as one JSON document.
//! The base is uniform, the temperatures are linear: `rbm-train evaluate` chooses both better.

use burn::tensor::Device;
use rbm_model::noise::stream;
use rbm_model::partition::{
    Base, Direction, Estimate, GeometricPath, Noise, Start, anneal, ignore_steps, linear,
};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments
        .next()
        .ok_or("usage: ais MODEL [TEMPERATURES] [CHAINS]")?;
    let temperatures: usize = arguments.next().map_or(Ok(10_000), |x| x.parse())?;
    let chains: usize = arguments.next().map_or(Ok(100), |x| x.parse())?;
    let model = rbm_model::file::read(std::path::Path::new(&file))?;
    let base = Base::uniform(model.n_visible, model.n_hidden);
    let path = GeometricPath::from_base(&base, &model)?;
    let noise = Noise {
        seed: 0,
        stream: stream::ANNEALING,
        first_step: 0,
    };
    let began = Instant::now();
    let run = anneal(
        &path,
        &Device::flex(),
        &linear(temperatures),
        Start::Independent(chains),
        noise,
        &mut ignore_steps,
    )?;
    let seconds = began.elapsed().as_secs_f64();
    let ln_z = Estimate::new(
        Direction::Forward,
        base.ln_z(),
        &run.log_weights,
        temperatures,
        0,
    )?;
    println!(
        "{{\"ln_z\": {}, \"interval\": [{}, {}], \"effective_sample_size\": {}, \"seconds\": {seconds}}}",
        ln_z.value, ln_z.interval[0], ln_z.interval[1], ln_z.effective_sample_size
    );
    Ok(())
}
