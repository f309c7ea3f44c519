//! One number in two reports.

use serde::Serialize;

use crate::report::rounded;

/// So many pairs that all go the same way are no chance: of fair coins that is 1 in 16.
const PAIRS_MIN: usize = 5;

/// What was measured, of each pair of runs.
#[derive(Debug)]
pub(super) struct Pairs {
    a: f64,
    b: f64,
    beyond_noise: Option<bool>,
}

impl Pairs {
    /// Runs of A and B in turn: the medians, and whether each B lies on the same side of its A.
    pub(super) fn of_runs(runs: &[(f64, f64)]) -> Self {
        let side = |above: bool| runs.iter().all(|(a, b)| if above { b > a } else { b < a });
        let beyond_noise = (runs.len() >= PAIRS_MIN).then(|| side(true) || side(false));
        let (a, b): (Vec<f64>, Vec<f64>) = runs.iter().copied().unzip();
        Self { a: median(a), b: median(b), beyond_noise }
    }

    /// One report each, with what their own pairs came to: those were no neighbours, so none
    /// of the one's may lie among the other's.
    pub(super) fn of_one((a, b): (f64, f64), of_a: Vec<f64>, of_b: Vec<f64>) -> Self {
        let known = of_a.len().min(of_b.len()) >= PAIRS_MIN;
        let (low_a, high_a) = span(&of_a);
        let (low_b, high_b) = span(&of_b);
        Self { a, b, beyond_noise: known.then_some(low_b > high_a || high_b < low_a) }
    }
}

fn span(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// The upper one of an even number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) key: String,
    pub(super) a: f64,
    pub(super) b: f64,
    /// Of B to A; nothing where A is 0 and B is not.
    pub(super) ratio: Option<f64>,
    /// Nothing without pairs enough to tell.
    beyond_noise: Option<bool>,
}

impl Change {
    pub(super) fn of(key: &str, pairs: &Pairs) -> Self {
        let &Pairs { a, b, beyond_noise } = pairs;
        let ratio = if a == b { Some(1.0) } else { (a != 0.0).then(|| rounded(b / a)) };
        Self { key: key.to_owned(), a, b, ratio, beyond_noise }
    }

    /// Changed by so many percent.
    pub(super) fn is_at_least(&self, percent: f64) -> bool {
        self.a != self.b && self.ratio.is_none_or(|ratio| (ratio - 1.0).abs() * 100.0 >= percent)
    }

    pub(super) fn line(&self, width: usize) -> String {
        let Self { key, a, b, ratio, beyond_noise } = self;
        let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}"));
        let mark = match beyond_noise {
            Some(true) => "  beyond noise",
            Some(false) => "  within noise",
            None => "",
        };
        format!("{key:width$}  {a:>14}  {b:>14}  {ratio:>8}{mark}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_all_go_one_way_are_beyond_noise() {
        let change = |runs: &[(f64, f64)]| Change::of("p99", &Pairs::of_runs(runs));
        let slower = change(&[(10.0, 11.0), (20.0, 22.0), (12.0, 13.0), (11.0, 12.0), (9.0, 9.5)]);
        assert_eq!((slower.a, slower.b, slower.ratio, slower.beyond_noise), (11.0, 12.0, Some(1.091), Some(true)));
        let noisy = change(&[(10.0, 11.0), (20.0, 19.0), (12.0, 13.0), (11.0, 12.0), (9.0, 9.5)]);
        assert_eq!(noisy.beyond_noise, Some(false));
        assert_eq!(change(&[(1.0, 2.0), (1.0, 2.0)]).beyond_noise, None, "two pairs tell nothing");
    }

    #[test]
    fn reports_with_pairs_of_their_own_differ_where_those_do_not_overlap() {
        let change = |of_b: [f64; 5]| {
            Change::of("ratio", &Pairs::of_one((0.5, 0.6), vec![0.48, 0.49, 0.5, 0.51, 0.52], of_b.to_vec()))
        };
        assert_eq!(change([0.53, 0.55, 0.6, 0.61, 0.7]).beyond_noise, Some(true));
        assert_eq!(change([0.51, 0.55, 0.6, 0.61, 0.7]).beyond_noise, Some(false));
    }

    #[test]
    fn what_was_nothing_has_no_ratio() {
        let change = Change::of("lost", &Pairs::of_runs(&[(0.0, 3.0)]));
        assert!(change.ratio.is_none() && change.is_at_least(1_000.0));
        assert!(!Change::of("lost", &Pairs::of_runs(&[(0.0, 0.0)])).is_at_least(0.0));
    }
}
