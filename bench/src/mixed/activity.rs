//! How busy people are over a working day, which is as long as the run.

/// From seven in the morning to seven in the evening, by the hour; 1 is the busiest.
const BY_HOUR: [f64; 12] = [0.1, 0.5, 1.0, 1.0, 0.9, 0.3, 0.7, 1.0, 0.9, 0.7, 0.4, 0.1];

/// At a share of the day.
pub(crate) fn at(share: f64) -> f64 {
    let hour = (share.max(0.0) * BY_HOUR.len() as f64) as usize;
    BY_HOUR[hour.min(BY_HOUR.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_has_a_lunch_and_an_end() {
        assert_eq!((at(0.0), at(0.25), at(0.45), at(0.99)), (0.1, 1.0, 0.3, 0.1));
        assert_eq!((at(-1.0), at(7.0)), (0.1, 0.1));
    }
}
