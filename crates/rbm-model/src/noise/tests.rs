use super::*;

const KEY: NoiseKey = NoiseKey::new(0x0123_4567_89AB_CDEF, 7)
    .with_step(0x12_3456_789A)
    .with_layer(Layer::Hidden);

/// The vectors for `philox4x32 10` in Random123's `kat_vectors`.
#[test]
fn known_answers() {
    let cases = [
        (
            [0; 4],
            [0; 2],
            [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8],
        ),
        (
            [u32::MAX; 4],
            [u32::MAX; 2],
            [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD],
        ),
        (
            [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344],
            [0xA409_3822, 0x299F_31D0],
            [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1],
        ),
    ];
    for (counter, key, expected) in cases {
        assert_eq!(philox4x32(counter, key), expected);
    }
}

#[test]
fn counter_layout() {
    assert_eq!(KEY.philox_key(), [0x89AB_CDEF, 0x0123_4567]);
    assert_eq!(
        KEY.counter(5, 64 * 3 + 16 * 2 + 9),
        [16 * 3 + 9, 5, 0x3456_789A, 7 << 24 | 1 << 23 | 0x12]
    );
    assert_eq!(
        KEY.bits(5, 64 * 3 + 16 * 2 + 9),
        philox4x32(KEY.counter(5, 64 * 3 + 9), KEY.philox_key())[2]
    );
    let far = KEY.with_step(u64::MAX).with_layer(Layer::Visible);
    assert_eq!(far.counter(0, 0)[2..], [u32::MAX, 7 << 24 | 0x007F_FFFF]);
}

#[test]
fn uniform_is_exact_and_inside_the_interval() {
    for bits in [0, 511, 512, 0x8000_0000, 0xFFFF_FE00, u32::MAX] {
        let exact = (f64::from(bits >> 9) + 0.5) / 8_388_608.0;
        assert_eq!(f64::from(uniform_from_bits(bits)), exact);
        assert!(exact > 0.0 && exact < 1.0);
    }
}

#[test]
fn a_part_of_the_rows_has_the_numbers_of_the_whole() {
    let part = KEY.with_first_row(5);
    assert_eq!(part.uniform(3, 70), KEY.uniform(8, 70));
    let last = KEY.with_first_row(u32::MAX);
    assert_eq!(last.bits(1, 0), KEY.bits(0, 0));
}

#[test]
fn fill_gives_the_single_draws() {
    for columns in [1, 15, 16, 17, 64, 65, 100, 130] {
        let mut out = vec![0.0; 3 * columns - columns / 2];
        KEY.fill(11, columns, &mut out);
        for (index, &value) in out.iter().enumerate() {
            assert_eq!(value, KEY.uniform(11 + index / columns, index % columns));
        }
    }
    KEY.fill(0, 0, &mut [0.0]);
}

/// Mean and variance of 2^18 numbers, and the correlation of neighbors in each direction.
#[test]
fn moments_and_neighbors() {
    const ROWS: usize = 512;
    const COLUMNS: usize = 512;
    let mut now = vec![0.0; ROWS * COLUMNS];
    let mut next = now.clone();
    KEY.fill(0, COLUMNS, &mut now);
    KEY.with_step(KEY.step + 1).fill(0, COLUMNS, &mut next);
    let n = now.len() as f64;
    let centered: Vec<f64> = now.iter().map(|&u| f64::from(u) - 0.5).collect();
    let mean = centered.iter().sum::<f64>() / n;
    assert!(mean.abs() < 5.0 * (1.0 / 12.0 / n).sqrt(), "mean {mean}");
    // The square of a uniform number in (-1/2, 1/2) has mean 1/12 and variance 1/180.
    let square = centered.iter().map(|u| u * u).sum::<f64>() / n - 1.0 / 12.0;
    assert!(
        square.abs() < 5.0 * (1.0 / 180.0 / n).sqrt(),
        "square {square}"
    );
    let correlation = |pairs: &mut dyn Iterator<Item = (f64, f64)>| {
        let (sum, count) = pairs.fold((0.0, 0.0), |(s, k), (a, b)| (s + a * b, k + 1.0));
        // Each product has mean 0 and variance 1/144; in units of its standard deviation.
        sum * 12.0 / f64::sqrt(count)
    };
    let lag = |lag: usize| {
        correlation(
            &mut centered
                .iter()
                .copied()
                .zip(centered[lag..].iter().copied()),
        )
    };
    for (name, z) in [
        ("column", lag(1)),
        ("word", lag(16)),
        ("group", lag(64)),
        ("row", lag(COLUMNS)),
        (
            "step",
            correlation(
                &mut centered
                    .iter()
                    .copied()
                    .zip(next.iter().map(|&u| f64::from(u) - 0.5)),
            ),
        ),
    ] {
        assert!(z.abs() < 5.0, "{name}: z = {z}");
    }
}

#[test]
fn integers_are_uniform() {
    let mut sequence = Sequence::new(1, 2, 3);
    assert_eq!(sequence.below(0), 0);
    assert_eq!(sequence.below(1), 0);
    const DRAWS: u32 = 70_000;
    let mut counts = [0_u32; 7];
    for _ in 0..DRAWS {
        counts[sequence.below(7) as usize] += 1;
    }
    let expected = f64::from(DRAWS) / 7.0;
    let chi2: f64 = counts
        .iter()
        .map(|&c| (f64::from(c) - expected).powi(2) / expected)
        .sum();
    // Six degrees of freedom: mean 6, variance 12.
    assert!(chi2 < 6.0 + 5.0 * 12.0_f64.sqrt(), "chi2 {chi2}");
    // A bound that refuses almost half of all words still fills its range evenly.
    let bound = (1 << 31) + 1;
    let low = (0..10_000)
        .filter(|_| sequence.below(bound) < bound / 2)
        .count();
    assert!((low as f64 - 5_000.0).abs() < 5.0 * 50.0, "low {low}");
}

#[test]
fn shuffles_are_permutations_and_all_orders_as_likely() {
    assert!(shuffle(1, 0, 0, 0).is_empty());
    assert_eq!(shuffle(1, 0, 0, 1), [0]);
    let order = shuffle(9, 1, 4, 1000);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert!(sorted.iter().copied().eq(0..1000));
    assert_ne!(order, sorted);
    assert_eq!(order, shuffle(9, 1, 4, 1000));
    assert_ne!(order, shuffle(9, 1, 5, 1000));
    assert_ne!(order, shuffle(9, 2, 4, 1000));
    const EPOCHS: u64 = 24_000;
    let mut counts = std::collections::BTreeMap::new();
    for epoch in 0..EPOCHS {
        *counts.entry(shuffle(3, 1, epoch, 4)).or_insert(0_u32) += 1;
    }
    let expected = EPOCHS as f64 / 24.0;
    let chi2: f64 = counts
        .values()
        .map(|&c| (f64::from(c) - expected).powi(2) / expected)
        .sum();
    assert_eq!(counts.len(), 24);
    assert!(chi2 < 23.0 + 5.0 * 46.0_f64.sqrt(), "chi2 {chi2}");
}
