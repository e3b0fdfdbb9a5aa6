//! Numbers as a reader wants to see them.

/// `value` to a number of significant digits, with a true minus sign, thousands separated, and a
/// power of ten outside of 10^-4 .. 10^7.
///
/// # Examples
/// ```
/// use rbm_figures::number::significant;
/// assert_eq!([1234.5, -0.5, 3.0e9].map(|x| significant(x, 2)), ["1234", "−0.50", "3.0 × 10⁹"]);
/// assert_eq!((significant(123_456.7, 4).as_str(), significant(f64::NAN, 4).as_str()), ("123,457", "undefined"));
/// ```
pub fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "undefined".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞" } else { "−∞" }.to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = digits.max(1);
    // Let the formatter round: 9.9996 to three digits is 1.00e1.
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        fixed(value, decimals)
    } else {
        format!(
            "{} × {}",
            mantissa.replace('-', "−"),
            power_of_ten(exponent)
        )
    }
}

/// As [`significant`] with four digits, but whole numbers in full.
///
/// # Examples
/// ```
/// use rbm_figures::number::readable;
/// assert_eq!([1_234_567.0, 1_234.567].map(readable), ["1,234,567", "1235"]);
/// ```
pub fn readable(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        fixed(value, 0)
    } else {
        significant(value, 4)
    }
}

/// `value` with a number of decimals, a true minus sign, and thousands separated from 10,000 on.
///
/// # Examples
/// ```
/// use rbm_figures::number::fixed;
/// // No negative zero.
/// assert_eq!([-12_345.678, -0.001].map(|x| fixed(x, 1)), ["−12,345.7", "0.0"]);
/// ```
pub fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{:.*}", decimals, value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0
        && text
            .bytes()
            .any(|digit| digit.is_ascii_digit() && digit != b'0')
    {
        out.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && whole.len() > 4 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A p-value that is the rank of a value among itself and `simulations` others. At its least, 1/(1 + simulations), it is a
/// bound: nothing says how far below it is.
///
/// # Examples
/// ```
/// use rbm_figures::number::simulated_p_value;
/// assert_eq!([1.0 / 20.0, 2.0 / 20.0].map(|p| simulated_p_value(p, 19)), ["p ≤ 1/20", "p = 0.10"]);
/// ```
pub fn simulated_p_value(p: f64, simulations: usize) -> String {
    match p * (simulations as f64 + 1.0) <= 1.0 + 1e-9 {
        true => format!("p ≤ 1/{}", simulations + 1),
        false => format!("p = {}", significant(p, 2)),
    }
}

/// 10 with its exponent raised.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|digit| match digit {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    });
    "10".chars().chain(raised).collect()
}

/// `number` with its digits lowered, as the index of a symbol.
///
/// # Examples
/// ```
/// assert_eq!(format!("λ{}", rbm_figures::number::subscript(12)), "λ₁₂");
/// ```
pub fn subscript(number: usize) -> String {
    const DIGITS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];
    number
        .to_string()
        .bytes()
        .map(|digit| DIGITS[usize::from(digit - b'0') % 10])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn significant_digits() {
        for (value, digits, expected) in [
            (-71.3284, 3, "−71.3"),
            (9.9996, 3, "10.0"),
            (0.000_012_34, 2, "1.2 × 10⁻⁵"),
            (-3.0e9, 2, "−3.0 × 10⁹"),
            (123_456.7, 4, "123,457"),
            (1234.5, 4, "1234"),
            (0.5, 1, "0.5"),
            (0.0, 3, "0"),
            (f64::NAN, 3, "undefined"),
            (f64::NEG_INFINITY, 3, "−∞"),
        ] {
            assert_eq!(significant(value, digits), expected, "{value}");
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(readable(1_234_567.0), "1,234,567");
        assert_eq!(readable(4.0), "4");
        assert_eq!(readable(-0.25), "−0.2500");
        assert_eq!(fixed(-0.001, 1), "0.0", "no negative zero");
    }

    #[test]
    fn a_p_value_at_its_least_is_a_bound() {
        assert_eq!(simulated_p_value(1.0 / 21.0, 20), "p ≤ 1/21");
        assert_eq!(simulated_p_value(2.0 / 21.0, 20), "p = 0.095");
        assert_eq!(simulated_p_value(1.0, 20), "p = 1.0");
    }

    #[test]
    fn indices_are_lowered() {
        assert_eq!(subscript(1203), "₁₂₀₃");
    }
}
