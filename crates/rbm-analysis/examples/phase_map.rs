//! The phase plane of random spin models, exact by enumeration:
//! `cargo run --release -p rbm-analysis --example phase_map -- 10 10 50`.
//!
//! Rows are temperatures T/J, columns |J0|/J, both in spins. Letters are the measured region (P, F, S), small where mean field
//! expects another one; below them the square root of the layers' overlap and the product of their magnetizations.

use rbm_analysis::phase::{Averages, Ensemble, PlanePoint, Region, Units, phase_map};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |default: usize| -> Result<usize, std::num::ParseIntError> {
        arguments.next().map_or(Ok(default), |text| text.parse())
    };
    let ensemble = Ensemble {
        n_visible: next(10)?,
        n_hidden: next(10)?,
        units: Units::Spin,
        disorder: next(50)?,
        seed: 1,
    };
    let columns = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0];
    let rows = [1.6, 1.2, 0.9, 0.7, 0.5, 0.3, 0.1];
    let places: Vec<PlanePoint> = rows
        .iter()
        .flat_map(|&temperature| {
            columns.iter().map(move |&j0| PlanePoint {
                j0,
                j: 1.0,
                temperature,
            })
        })
        .collect();
    let map = phase_map(&places, &ensemble, &Averages::Exact)?;
    let header: String = columns.iter().map(|c| format!("{c:>16}")).collect();
    println!(" T/J |J0|/J {header}");
    for (temperature, line) in rows.iter().zip(map.chunks(columns.len())) {
        print!("{temperature:>11} ");
        for point in line {
            let letter = match point.region {
                Some(Region::Paramagnet) => "P",
                Some(Region::Ferromagnet) => "F",
                Some(Region::SpinGlass) => "S",
                None => "-",
            };
            let letter = if point.region == point.predicted {
                letter.to_string()
            } else {
                letter.to_lowercase()
            };
            print!(
                "  {letter} {:.2} {:>5.2}±{:.2}",
                point.layer_overlap.mean.sqrt(),
                point.layer_magnetization.mean,
                point.layer_magnetization.error
            );
        }
        println!();
    }
    Ok(())
}
