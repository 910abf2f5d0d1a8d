//! Sums: exact for decimals, in any order.
//!
//! Invariant: the sum of decimals does not depend on their order or on how they were divided among states,
//! because each scale has its own whole-number sum. Floats, which no decimal holds, are added with the rounding error
//! carried along; their last digits may depend on the order. It does not count.

use crate::query::pipe::number::{Number, SCALE_MAX};

/// A sum that grows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sum {
    /// Sums of mantissas with their scale; few, because a field has few scales.
    scales: Vec<(u8, i128)>,
    float: f64,
    /// What the additions to `float` lost.
    lost: f64,
}

impl Sum {
    pub fn add(&mut self, number: Number, times: u64) {
        match number.as_decimal() {
            // 60 bits times 64 bits; a billion of the largest fit, and no query has as many.
            Some((mantissa, scale)) => {
                self.add_at(scale, i128::from(mantissa).saturating_mul(i128::from(times)))
            }
            None => self.add_float(number.as_f64() * times as f64),
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (scale, sum) in &other.scales {
            self.add_at(*scale, *sum);
        }
        self.add_float(other.float);
        self.lost += other.lost;
    }

    /// None if it is no finite number.
    pub fn finish(&self) -> Option<Number> {
        let float = self.float + self.lost;
        match self.exact() {
            Some(exact) if float == 0.0 => Some(exact),
            exact => Number::of(exact.map_or_else(|| self.rounded(), Number::as_f64) + float),
        }
    }

    pub fn bytes_held(&self) -> usize {
        self.scales.capacity() * size_of::<(u8, i128)>()
    }

    /// A sum of mantissas of one scale.
    pub fn add_at(&mut self, scale: u8, mantissa: i128) {
        match self.scales.iter_mut().find(|(at, _)| *at == scale) {
            Some((_, sum)) => *sum = sum.saturating_add(mantissa),
            None => self.scales.push((scale, mantissa)),
        }
    }

    /// Neumaier's addition.
    fn add_float(&mut self, value: f64) {
        let sum = self.float + value;
        let (large, small) =
            if self.float.abs() >= value.abs() { (self.float, value) } else { (value, self.float) };
        self.lost += (large - sum) + small;
        self.float = sum;
    }

    fn exact(&self) -> Option<Number> {
        let scale = self.scales.iter().map(|(scale, _)| *scale).max().unwrap_or(0);
        let mut total = 0i128;
        for (at, sum) in &self.scales {
            let moved = sum.checked_mul(10i128.pow(u32::from(scale - at)))?;
            total = total.checked_add(moved)?;
        }
        Some(Number::rounded(total, scale))
    }

    fn rounded(&self) -> f64 {
        let mut scales = self.scales.clone();
        scales.sort_unstable_by_key(|(scale, _)| SCALE_MAX - *scale);
        scales.iter().map(|(scale, sum)| *sum as f64 / 10f64.powi(i32::from(*scale))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum_of(texts: &[&str]) -> String {
        let mut sum = Sum::default();
        for text in texts {
            sum.add(Number::parse(text.as_bytes()).unwrap(), 1);
        }
        sum.finish().unwrap().to_string()
    }

    #[test]
    fn decimals_are_summed_exactly() {
        assert_eq!(sum_of(&["0.1"; 10]), "1");
        assert_eq!(sum_of(&["1e17", "0.001", "-1e17"]), "0.001");
        assert_eq!(sum_of(&[]), "0");
    }

    #[test]
    fn sums_beyond_decimals_are_rounded() {
        assert_eq!(sum_of(&["1e300", "1", "-1e300"]), "1");
        assert_eq!(sum_of(&["999999999999999999"; 100]), "1e20");
    }

    #[test]
    fn a_sum_past_every_float_is_no_number() {
        let mut sum = Sum::default();
        sum.add(Number::of(1e308).unwrap(), 10);
        assert_eq!(sum.finish(), None);
    }
}
