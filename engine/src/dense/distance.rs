//! The inner product, compiled for what the processor can do.

use multiversion::multiversion;

/// The inner product of two slices of one length.
#[multiversion(targets("x86_64+avx2+fma", "x86_64+avx512f", "aarch64+neon"))]
pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Independent sums, so that the compiler may keep them in vector registers: one sum would fix the order of
    // additions, and floating-point additions may not be reordered.
    const LANES: usize = 32;
    let (a_chunks, a_rest) = a.as_chunks::<LANES>();
    let (b_chunks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_summed_whole() {
        for n in [0, 1, 31, 32, 33, 384, 401] {
            let ones = vec![1.0; n];
            let ramp: Vec<f32> = (0..n).map(|i| i as f32).collect();
            assert_eq!(dot(&ones, &ramp), (0..n).sum::<usize>() as f32);
        }
    }
}
