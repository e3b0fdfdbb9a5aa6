//! The analysis as text.

use super::whole_run::{DataComparison, SnapshotBrief, WholeRun};
use rbm_analysis::Summary;
use rbm_analysis::overlap::Track;
use rbm_analysis::symmetry::{Symmetry, VectorSymmetry};
use rbm_figures::number::{significant, simulated_p_value};

/// Modes listed in a table.
const LISTED: usize = 16;

/// One model.
pub fn model(s: &Summary) -> Vec<String> {
    let mut lines = vec![format!(
        "{} visible and {} hidden units, {} modes",
        s.n_visible,
        s.n_hidden,
        s.singular_values.len()
    )];
    if let Some(spectrum) = &s.marchenko_pastur {
        let fit = &spectrum.fit;
        lines.push(format!(
            "bulk: sigma {:.5} ± {:.5}, Marchenko-Pastur edges {:.4} and {:.4}, {} modes above",
            fit.scale, fit.scale_error, fit.edges[0], fit.edges[1], fit.above_edge
        ));
        let p = spectrum
            .ks
            .p_value
            .map(|p| format!(", {}", simulated_p_value(p, spectrum.ks.simulations)))
            .unwrap_or_default();
        lines.push(format!(
            "Kolmogorov-Smirnov distance {:.4}{p}",
            spectrum.ks.distance
        ));
    }
    lines.extend(s.symmetry.iter().flat_map(symmetry));
    let ratio = |x: Option<f64>| x.map_or_else(|| "-".into(), |x| format!("{x:.4}"));
    lines.push(format!(
        "phase plane: |J0|/J {}, T/J {} (in spins {})",
        ratio(s.phase.binary.j0_over_j),
        ratio(s.phase.binary.t_over_j),
        ratio(s.phase.spin.t_over_j)
    ));
    lines.push(format!(
        "modes with lambda >= 4, not convergent: {}",
        s.nonconvergent_modes.len()
    ));
    for (name, value) in [
        ("exact", s.ln_z.exact),
        ("mean field (lower bound)", s.ln_z.mean_field),
        ("Onsager", s.ln_z.onsager),
        ("one loop", s.ln_z.one_loop),
        ("fluctuations of fixed length", s.ln_z.spherical),
        ("Gaussian limit", s.ln_z.gaussian),
    ] {
        if let Some(value) = value {
            lines.push(format!("ln Z {name}: {value:.4} nats"));
        }
    }
    let of_ln_z = s.notes.iter().filter(|(key, _)| key.starts_with("ln_z."));
    lines.extend(
        of_ln_z.map(|(key, note)| format!("note on {}: {note}", key.replace("ln_z.", "ln Z, "))),
    );
    lines.push(
        "mode   lambda        IPR left     IPR right    saddle x*    saddle y*    energy".into(),
    );
    let cell = |x: Option<f64>| format!("{:>12}", x.map_or("-".to_owned(), |x| significant(x, 5)));
    for k in 0..s.singular_values.len().min(LISTED) {
        lines.push(format!(
            "{:>4}  {} {} {} {} {} {}",
            k + 1,
            cell(Some(s.singular_values[k])),
            cell(Some(s.ipr_left[k])),
            cell(Some(s.ipr_right[k])),
            cell(s.saddle_x[k]),
            cell(s.saddle_y[k]),
            cell(s.saddle_energy[k])
        ));
    }
    for (key, reason) in &s.notes {
        lines.push(format!("note, {key}: {reason}"));
    }
    lines
}

/// A p-value; one of 0 is below what a number of this size can tell.
fn p_value(p: f64, relation: &str) -> String {
    match p < 1e-12 {
        true => "p < 1e-12".to_owned(),
        false => format!("p {relation} {}", significant(p, 2)),
    }
}

fn symmetry(tests: &Symmetry) -> Vec<String> {
    let side = |name: &str, s: &VectorSymmetry| {
        format!(
            "{name} vectors: mean IPR {} (Haar {} ± {}, {}), {} of {} localized, largest entry {:.3} ({})",
            significant(s.ipr.mean, 4),
            significant(s.ipr.null, 4),
            significant(s.ipr.null_error, 2),
            p_value(s.ipr.p_value, "="),
            s.localized.len(),
            s.vectors,
            s.largest.value,
            p_value(s.largest.p_value, "<=")
        )
    };
    let mut lines = vec![side("left", &tests.left), side("right", &tests.right)];
    if let Some(r) = &tests.rotation {
        let js = &r.jensen_shannon;
        lines.push(format!(
            "rotation test: Jensen-Shannon {} ± {} nats (symmetric {} ± {}, {}), Kolmogorov-Smirnov {}",
            significant(js.mean, 4),
            significant(js.error, 2),
            significant(js.null_mean, 4),
            significant(js.null_error, 2),
            simulated_p_value(js.p_value, r.rotations),
            simulated_p_value(r.kolmogorov_smirnov.p_value, r.rotations)
        ));
    }
    lines
}

/// All snapshots of a run.
pub fn whole_run(run: &WholeRun) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "  update   lambda 1  sigma bulk  outliers  lambda>=4         ln Z  method      |J0|/J      T/J  mode 1 in last".into(),
    ];
    lines.extend(run.snapshots.iter().map(snapshot));
    if !run.tracks.is_empty() {
        lines.push(String::new());
        lines.push(
            "mode at the end  lambda      followed back to update  was mode  lambda there  least confidence".into(),
        );
        let steps: Vec<u64> = run.snapshots.iter().map(|s| s.step).collect();
        lines.extend(
            run.tracks
                .iter()
                .take(LISTED)
                .filter_map(|t| track(t, &steps)),
        );
    }
    lines.extend(run.data.iter().flat_map(data));
    lines
}

fn snapshot(s: &SnapshotBrief) -> String {
    let bulk = s.marchenko_pastur.as_ref().map(|m| &m.fit);
    let number = |x: Option<f64>, digits: usize| {
        x.map_or_else(|| "-".to_string(), |x| format!("{x:.digits$}"))
    };
    // The best method there is a value of.
    let methods = [
        ("exact", s.ln_z.exact),
        ("one loop", s.ln_z.one_loop),
        ("mean field", s.ln_z.mean_field),
    ];
    let (method, ln_z) = methods
        .into_iter()
        .find(|(_, value)| value.is_some())
        .unwrap_or(("-", None));
    format!(
        "{:>8} {:>10} {:>11} {:>9} {:>10} {:>12}  {:<10} {:>7} {:>8} {:>15}",
        s.step,
        number(s.singular_values.first().copied(), 4),
        number(bulk.map(|fit| fit.scale), 5),
        bulk.map_or_else(|| "-".into(), |fit| fit.outliers.len().to_string()),
        s.nonconvergent_modes.len(),
        number(ln_z, 3),
        method,
        number(s.phase.binary.j0_over_j, 3),
        number(s.phase.binary.t_over_j, 4),
        number(s.overlaps_with_last.first().map(|o| o.overlap), 4),
    )
}

fn track(track: &Track, steps: &[u64]) -> Option<String> {
    let end = track.points.last().copied().flatten()?;
    let start = track.points.iter().position(Option::is_some)?;
    let first = track.points[start]?;
    let confidence = track
        .points
        .iter()
        .flatten()
        .fold(1.0, |least: f64, p| least.min(p.confidence));
    Some(format!(
        "{:>15} {:>10.4} {:>25} {:>9} {:>13.4} {:>17.3}",
        track.mode + 1,
        end.singular_value,
        steps.get(start)?,
        first.mode + 1,
        first.singular_value,
        confidence
    ))
}

fn data(comparison: &DataComparison) -> Vec<String> {
    let mut lines = vec![
        String::new(),
        "mode  data variance   share  best component  overlap  group overlap  (random)".into(),
    ];
    let rows = comparison.overlaps.iter().zip(&comparison.along_modes);
    lines.extend(rows.take(LISTED).map(|(o, v)| {
        format!(
            "{:>4} {:>14.4} {:>7.4} {:>15} {:>8.4} {:>14.4} {:>9.4}",
            o.mode + 1,
            v.variance,
            v.share,
            o.best + 1,
            o.overlap,
            o.group_overlap,
            o.null
        )
    }));
    lines
}
