//! Whether something grows without end: a straight line through what was seen (ordinary least
//! squares), so that one peak at either end does not decide.

/// Fewer points say nothing.
const POINTS_MIN: usize = 3;

/// How steep the line through these points is; nothing where they are too few, or all at one place.
pub(crate) fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < POINTS_MIN {
        return None;
    }
    let count = points.len() as f64;
    let (x_mean, y_mean) = points.iter().fold((0.0, 0.0), |(xs, ys), (x, y)| (xs + x / count, ys + y / count));
    let (mut together, mut alone) = (0.0, 0.0);
    for (x, y) in points {
        together += (x - x_mean) * (y - y_mean);
        alone += (x - x_mean).powi(2);
    }
    (alone > 0.0).then(|| together / alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f64], expected: Option<f64>) {
        let points: Vec<(f64, f64)> = values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        let found = slope(&points);
        let is_near = found.zip(expected).is_some_and(|(found, expected)| (found - expected).abs() < 1e-9);
        assert!(found == expected || is_near, "{values:?}: {found:?}");
    }

    #[test]
    fn a_line_is_as_steep_as_what_it_goes_through() {
        check(&[10.0, 12.0, 14.0, 16.0], Some(2.0));
        check(&[5.0, 5.0, 5.0], Some(0.0));
        check(&[9.0, 6.0, 3.0], Some(-3.0));
    }

    #[test]
    fn a_peak_in_the_middle_is_no_growth() {
        check(&[10.0, 10.0, 90.0, 10.0, 10.0], Some(0.0));
    }

    #[test]
    fn too_little_says_nothing() {
        check(&[1.0, 2.0], None);
        assert_eq!(slope(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]), None);
    }
}
