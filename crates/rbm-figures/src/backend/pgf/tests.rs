use super::*;
use crate::axis::Axis;

/// Every brace is closed, every environment ends, and nothing that TeX takes for a command of its own is left.
fn assert_balanced(text: &str) {
    let (mut depth, mut before) = (0i32, ' ');
    for letter in text.chars() {
        match letter {
            '{' if before != '\\' => depth += 1,
            '}' if before != '\\' => depth -= 1,
            _ => {}
        }
        assert!(depth >= 0, "{text}");
        before = letter;
    }
    assert_eq!(depth, 0);
    for what in ["tikzpicture", "axis"] {
        let count = |word: &str| text.matches(&format!("\\{word}{{{what}}}")).count();
        assert!(
            count("begin") > 0 && count("begin") == count("end"),
            "{what}"
        );
    }
    assert!(text.is_ascii(), "{text}");
}

#[test]
fn every_shape_is_written_with_its_numbers() {
    let heat = Heat {
        x: (0.0, 2.0),
        y: (0.0, 1.0),
        columns: 2,
        values: vec![1.0, f64::NAN],
        limit: 2.0,
        smooth: true,
    };
    let marks = [
        Mark::line([(1.0, 0.25), (2.0, f64::NAN), (3.0, 1e-7)]).label("λ₁ 50%"),
        Mark::points([(1.5, 0.5)]).label("a_b").dashed(),
        Mark::error_bars([(2.0, 0.5, 0.125), (3.0, 0.75, f64::NAN)]).unlisted(),
        Mark::band([(1.0, 0.0, 1.0), (2.0, 0.5, 2.0)]),
        Mark::bars([(0.0, 1.0, 0.5), (1.0, 2.0, 0.0)]),
        Mark::rug([0.5]),
        Mark::heat(heat),
        Mark::horizontal(0.7, "½"),
        Mark::vertical(2.5, "λ = 4"),
    ];
    let plot = Panel::new("Title & more", Axis::linear("x"), Axis::linear("‖W‖"));
    let text = in_file(&[plot.with_all(marks)], "all\nof it");
    assert_balanced(&text);
    for part in [
        "(1,0.25)(nan,nan)(3,1e-7)",
        "{(1.5,0.5)}",
        "(2,0.5) += (0,0.125) -= (0,0.125)(3,0.75) += (0,0) -= (0,0)",
        "{(1,0)(2,0.5)(2,2)(1,1)} -- cycle",
        "{(0,0)(0,0.5)(1,0.5)(1,0)} -- cycle",
        "(0.5,0.5) [0.500](1.5,0.5) [0.000]",
        "{$\\frac12$}",
        "\\addlegendentry{$\\lambda$$_{1}$ 50\\%}",
        "\\addlegendentry{a\\_b}",
        "title={Title \\& more}",
        "ylabel={$\\|$W$\\|$}",
        "% all of it",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(text.matches("\\addlegendentry").count(), 2);
}

#[test]
fn zero_has_a_place_on_a_logarithmic_axis_and_error_bars_end_at_it() {
    let marks = [
        Mark::line([(0.0, 1.0), (10.0, 2.0), (1000.0, 3.0)]),
        Mark::error_bars([(10.0, 1.0, 4.0)]),
        Mark::points([(-1.0, 1.0)]),
    ];
    let axes = (Axis::log("updates"), Axis::log("y").over(0.5, 8.0));
    let panel = Panel::new("", axes.0, axes.1).with_all(marks);
    let text = in_file(&[panel.clone(), panel], "");
    assert_balanced(&text);
    assert!(text.contains("xmode=log, ymode=log") && text.contains("\\hfill"));
    let start = text.find("xtick={").unwrap() + "xtick={".len();
    let zero: f64 = text[start..].split(',').next().unwrap().parse().unwrap();
    assert!(zero > 4.0 && zero < 10.0, "{zero}");
    assert!(text.contains("xticklabels={{0},"));
    assert!(text.contains(&format!("{{({},1)(10,2)(1000,3)}}", number(zero))));
    assert!(text.contains("(10,1) += (0,4) -= (0,0.5)"));
    assert!(!text.contains("(-1,"));
}

#[test]
fn numbers_have_six_digits() {
    for (value, expected) in [
        (0.0, "0"),
        (1.0 / 3.0, "0.333333"),
        (-1234567.0, "-1.23457e6"),
        (1e-9, "1e-9"),
    ] {
        assert_eq!(number(value), expected);
    }
}
