//! Time and peak memory of the analysis of one snapshot:
//! `cargo run --release -p rbm-analysis --example snapshot_cost -- 784 3000 0.03`, the last number being the standard
//! deviation of the weights.

use rand::distr::Distribution;
use rbm_analysis::random::generator;
use rbm_analysis::{SummaryOptions, summarize};
use rbm_model::Parameters;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: usize| -> Result<usize, std::num::ParseIntError> {
        arguments.next().map_or(Ok(default), |text| text.parse())
    };
    let (n, m) = (next(784)?, next(3000)?);
    let std = arguments.next().map_or(Ok(0.03), |text| text.parse())?;
    let normal = rand_distr::Normal::new(0.0, std)?;
    let mut random = generator(1, 0);
    let mut draw = |count| (0..count).map(|_| normal.sample(&mut random)).collect();
    let model = Parameters::new(n, m, draw(n * m), draw(n), draw(m))?;
    let start = Instant::now();
    let summary = summarize(&model, &SummaryOptions::default())?;
    println!(
        "{n}x{m}: {:.2} s, largest singular value {:.4}",
        start.elapsed().as_secs_f64(),
        summary.singular_values[0]
    );
    // Linux only; elsewhere the line is left out.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
            println!("peak memory {}", line.trim_start_matches("VmHWM:").trim());
        }
    }
    Ok(())
}
