use super::*;

const SHAPES: [(usize, usize); 4] = [(50, 50), (784, 500), (30, 400), (1, 9)];

#[test]
fn the_distribution_function_is_the_integral_of_the_density() {
    for (n, m) in SHAPES {
        let law = MarchenkoPastur::new(n, m, 0.3).unwrap();
        let (low, high) = law.edges();
        // With l = middle - half cos(phi) the square-root edges become smooth and the midpoint rule exact
        // to rounding.
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let steps = 20_000;
        let mut integral = 0.0;
        for i in 0..steps {
            let phi = std::f64::consts::PI * (i as f64 + 0.5) / steps as f64;
            let l = middle - half * phi.cos();
            let step = std::f64::consts::PI / steps as f64;
            let weight = law.density(l) * half * phi.sin() * step;
            assert!(
                (integral + 0.5 * weight - law.cdf(l)).abs() < 2e-7,
                "{n}x{m} at {l}"
            );
            integral += weight;
        }
        assert!((integral - 1.0).abs() < 1e-7, "{n}x{m}: {integral}");
    }
}

#[test]
fn quantiles_invert_the_distribution_function() {
    for (n, m) in SHAPES {
        let law = MarchenkoPastur::new(n, m, 2.0).unwrap();
        for p in [0.0, 1e-3, 0.25, 0.5, 0.9, 0.999] {
            assert!(
                (law.cdf(law.quantile(p).unwrap()) - p).abs() < 1e-10,
                "{n}x{m} {p}"
            );
        }
        assert!((law.quantile(1.0).unwrap() - law.edges().1).abs() < 1e-6);
    }
}

#[test]
fn edges_and_quarter_circle() {
    let law = MarchenkoPastur::new(9, 4, 0.5).unwrap();
    assert_eq!(law.edges(), (0.5, 2.5));
    assert_eq!((law.density(0.4), law.density(2.6)), (0.0, 0.0));
    // A square matrix: quarter circle of radius 2 s sqrt N.
    let square = MarchenkoPastur::new(16, 16, 0.25).unwrap();
    let circle = |l: f64| (4.0 - l * l).sqrt() / std::f64::consts::PI;
    for l in [0.0, 0.3, 1.0, 1.9] {
        assert!((square.density(l) - circle(l)).abs() < 1e-12);
    }
}

#[test]
fn refuses_what_is_no_law() {
    assert!(MarchenkoPastur::new(0, 3, 1.0).is_err());
    assert!(MarchenkoPastur::new(3, 3, 0.0).is_err());
    assert!(MarchenkoPastur::new(3, 3, f64::NAN).is_err());
    assert!(
        MarchenkoPastur::new(3, 3, 1.0)
            .unwrap()
            .quantile(1.5)
            .is_err()
    );
}
