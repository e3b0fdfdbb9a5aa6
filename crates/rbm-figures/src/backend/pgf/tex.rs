//! Text of labels as LaTeX.

/// Text as LaTeX: specials escaped, Greek letters, symbols, raised and lowered signs in math.
///
/// Letters with accents stay, which LaTeX reads as UTF-8; what it may not have is a question mark.
pub(super) fn escape(text: &str) -> String {
    let (mut out, mut script) = (String::new(), ' ');
    for letter in text.chars() {
        let (kind, sign) = match scripted(letter) {
            Some((kind, sign)) => (kind, Some(sign)),
            None => (' ', None),
        };
        if script != kind {
            if script != ' ' {
                out.push_str("}$");
            }
            if kind != ' ' {
                out.push_str(&format!("${kind}{{"));
            }
            script = kind;
        }
        match sign {
            Some(sign) => out.push(sign),
            None => out.push_str(&plain(letter)),
        }
    }
    if script != ' ' {
        out.push_str("}$");
    }
    out
}

/// A raised or lowered sign as `^` or `_` and the sign.
fn scripted(letter: char) -> Option<(char, char)> {
    const RAISED: &str = "⁰0¹1²2³3⁴4⁵5⁶6⁷7⁸8⁹9⁻-⁺+";
    const LOWERED: &str = "₀0₁1₂2₃3₄4₅5₆6₇7₈8₉9₋-₊+ᵢiⱼjₖk";
    let of = |pairs: &str| {
        let mut all = pairs.chars();
        all.by_ref().find(|known| *known == letter)?;
        all.next()
    };
    // Plain signs stand in the lists as well, after those they belong to.
    if letter.is_ascii() {
        return None;
    }
    let raised = of(RAISED).map(|sign| ('^', sign));
    raised.or_else(|| of(LOWERED).map(|sign| ('_', sign)))
}

fn plain(letter: char) -> String {
    let text = match letter {
        '\\' => "\\textbackslash{}",
        '{' => "\\{",
        '}' => "\\}",
        '$' => "\\$",
        '&' => "\\&",
        '#' => "\\#",
        '%' => "\\%",
        '_' => "\\_",
        '^' => "\\textasciicircum{}",
        '~' => "\\textasciitilde{}",
        '<' => "$<$",
        '>' => "$>$",
        '|' => "$|$",
        '=' => "$=$",
        'Γ' => "$\\Gamma$",
        'Θ' => "$\\Theta$",
        'Λ' => "$\\Lambda$",
        'Σ' => "$\\Sigma$",
        'β' => "$\\beta$",
        'δ' => "$\\delta$",
        'ε' => "$\\varepsilon$",
        'λ' => "$\\lambda$",
        'π' => "$\\pi$",
        'ρ' => "$\\rho$",
        'σ' => "$\\sigma$",
        '−' => "$-$",
        '±' => "$\\pm$",
        '×' => "$\\times$",
        '·' => "$\\cdot$",
        '½' => "$\\frac12$",
        '√' => "$\\surd$",
        '∝' => "$\\propto$",
        '∞' => "$\\infty$",
        '≥' => "$\\geq$",
        '≤' => "$\\leq$",
        '⟨' => "$\\langle$",
        '⟩' => "$\\rangle$",
        '‖' => "$\\|$",
        '′' => "$'$",
        '–' => "--",
        '—' => "---",
        '…' => "\\dots{}",
        // Latin letters of the blocks that LaTeX knows without a package.
        ' '..='~' | 'À'..='ſ' => return letter.to_string(),
        _ => "?",
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_become_latex() {
        for (text, expected) in [
            ("λ₁₂ ≥ 4", "$\\lambda$$_{12}$ $\\geq$ 4"),
            ("2 × 10⁻⁶", "2 $\\times$ 10$^{-6}$"),
            ("Σᵢ Uᵢₖ⁴", "$\\Sigma$$_{i}$ U$_{ik}$$^{4}$"),
            (
                "50% of a_b & {c} #1 ~ \\x^2$",
                "50\\% of a\\_b \\& \\{c\\} \\#1 \\textasciitilde{} \\textbackslash{}x\\textasciicircum{}2\\$",
            ),
            ("Müller, 一", "Müller, ?"),
            ("", ""),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
