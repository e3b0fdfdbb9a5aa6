//! The phases of the infinite spin ensemble.

use serde::{Deserialize, Serialize};

/// Phases of the spin ensemble.
///
/// A finite system has no sharp boundary. As measured, it counts as ordered where sqrt(`<q_v q_h>`) >= 1/2, and an ordered one as
/// ferromagnet where `<m_v m_h>` >= (1/2) sqrt(`<q_v q_h>`) (or the same with a negative sign, an antiferromagnet between the layers, which
/// is a ferromagnet after flipping one of them).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// No order.
    Paramagnet,
    /// Units agree.
    Ferromagnet,
    /// Units are frozen without agreeing.
    SpinGlass,
}

/// Temperatures at which the paramagnet of the infinite spin ensemble becomes unstable (replica-symmetric mean field, by linearizing
/// m_v = (J0/T) M/(N+M) m_h, m_h = (J0/T) N/(N+M) m_v and q_v = (J/T)^2 M/(N+M) q_h, q_h = (J/T)^2 N/(N+M) q_v).
///
/// # Examples
/// ```
/// use rbm_analysis::phase::{Region, Transitions};
/// let line = Transitions::new(10, 10, 4.0, 1.0);
/// assert!((line.ferromagnet - 2.0).abs() < 1e-12 && (line.spin_glass - 0.5f64.sqrt()).abs() < 1e-12);
/// assert_eq!([1.0, 3.0].map(|t| line.region(t)), [Region::Ferromagnet, Region::Paramagnet]);
/// assert_eq!(Transitions::new(10, 10, 0.0, 1.0).region(0.5), Region::SpinGlass);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Transitions {
    /// Towards the ferromagnet, |J0| sqrt(NM)/(N+M).
    pub ferromagnet: f64,
    /// Towards the spin glass, J (NM)^(1/4)/sqrt(N+M).
    pub spin_glass: f64,
}

impl Transitions {
    /// For couplings in spins.
    pub fn new(n_visible: usize, n_hidden: usize, j0: f64, j: f64) -> Self {
        let (n, m) = (n_visible as f64, n_hidden as f64);
        Self {
            ferromagnet: j0.abs() * (n * m).sqrt() / (n + m),
            spin_glass: j * (n * m).powf(0.25) / (n + m).sqrt(),
        }
    }

    /// The phase at a temperature. The line between ferromagnet and spin glass is taken as vertical, from the point where the
    /// three meet (G. Parisi, G. Toulouse, J. Phys. Lett. 41, L361 (1980)).
    pub fn region(&self, temperature: f64) -> Region {
        if temperature >= self.ferromagnet.max(self.spin_glass) {
            Region::Paramagnet
        } else if self.ferromagnet > self.spin_glass {
            Region::Ferromagnet
        } else {
            Region::SpinGlass
        }
    }
}
