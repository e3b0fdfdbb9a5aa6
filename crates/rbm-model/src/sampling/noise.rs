//! Counter-based random numbers.

/// Layer whose units a draw is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Visible units.
    Visible,
    /// Hidden units.
    Hidden,
}

/// Names one matrix of uniforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoiseKey {
    /// Seed of the run.
    pub seed: u64,
    /// Stream within the seed.
    pub stream: u8,
    /// Step within the stream.
    pub step: u64,
    /// Layer.
    pub layer: Layer,
}

/// Philox4x32-10.
pub fn philox4x32(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(c[0]) * 0xD251_1F53;
        let b = u64::from(c[2]) * 0xCD9E_8D57;
        c = [
            (b >> 32) as u32 ^ c[1] ^ k[0],
            b as u32,
            (a >> 32) as u32 ^ c[3] ^ k[1],
            a as u32,
        ];
        k = [
            k[0].wrapping_add(0x9E37_79B9),
            k[1].wrapping_add(0xBB67_AE85),
        ];
    }
    c
}

impl NoiseKey {
    /// The uniform.
    pub fn uniform(&self, row: u32, column: u32) -> f32 {
        let layer = self.layer as u32;
        let tag = u32::from(self.stream) << 24 | layer << 23 | (self.step >> 32) as u32 & 0x7F_FFFF;
        let block = 16 * (column / 64) + column % 16;
        let words = philox4x32(
            [block, row, self.step as u32, tag],
            [self.seed as u32, (self.seed >> 32) as u32],
        );
        ((words[(column % 64 / 16) as usize] >> 9) as f32 + 0.5) * (1.0 / (1u32 << 23) as f32)
    }
    /// Fills rows.
    pub fn fill(&self, first_row: u32, columns: usize, out: &mut [f32]) {
        for (r, row) in out.chunks_mut(columns).enumerate() {
            for (c, x) in row.iter_mut().enumerate() {
                *x = self.uniform(first_row + r as u32, c as u32);
            }
        }
    }
}
