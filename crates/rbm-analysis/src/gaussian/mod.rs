//! Many units: modes as Gaussians (theory, section 3).
//!
//! [`limit`] is the plain infinite-size limit with its critical singular value 4, [`spherical`] the same with the length of
//! v and h held on average, which stays finite beyond 4.

pub mod limit;
pub mod spherical;

pub use limit::{
    CRITICAL_SINGULAR_VALUE, GaussianLimit, GaussianMode, GaussianMoments, Relaxation,
    autocorrelation_time, gaussian_limit,
};
pub use spherical::{SphericalClosure, SphericalMode, spherical_closure};
