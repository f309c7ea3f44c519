//! Which rate is tried next: twice the last one until one is not held, then the middle (geometric)
//! between the highest that was held and the lowest that was not.

/// Below this there is no rate.
const RATE_MIN: f64 = 1.0;

#[derive(Debug)]
pub(crate) struct Search {
    from: f64,
    to: f64,
    /// The search ends when the two are as near as this.
    ratio_max: f64,
    held: Option<f64>,
    not_held: Option<f64>,
}

impl Search {
    pub(crate) fn new(from: f64, to: f64, within_percent: f64) -> Self {
        Self { from, to, ratio_max: 1.0 + within_percent / 100.0, held: None, not_held: None }
    }

    /// Nothing when the search is over.
    pub(crate) fn next(&self) -> Option<f64> {
        match (self.held, self.not_held) {
            (None, None) => Some(self.from),
            (Some(held), None) => (held < self.to).then(|| (held * 2.0).min(self.to)),
            (None, Some(not_held)) => (not_held > RATE_MIN).then(|| (not_held / 2.0).max(RATE_MIN)),
            (Some(held), Some(not_held)) => {
                let middle = (held * not_held).sqrt();
                (not_held / held > self.ratio_max).then_some(middle)
            }
        }
    }

    /// What became of a rate.
    pub(crate) fn tried(&mut self, rate: f64, was_held: bool) {
        if was_held {
            self.held = Some(self.held.map_or(rate, |held| held.max(rate)));
        } else {
            self.not_held = Some(self.not_held.map_or(rate, |not_held| not_held.min(rate)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rates that are tried where those up to `limit` are held.
    fn tried(mut search: Search, limit: f64) -> Vec<f64> {
        let mut rates = Vec::new();
        while let Some(rate) = search.next() {
            search.tried(rate, rate <= limit);
            rates.push(rate);
            assert!(rates.len() < 100, "{rates:?}");
        }
        rates
    }

    #[test]
    fn the_highest_rate_is_found_within_what_was_asked_for() {
        for limit in [1.0, 3.0, 99.0, 100.0, 101.0, 777.7, 12_345.0] {
            let rates = tried(Search::new(100.0, 1e6, 5.0), limit);
            let best = rates.iter().copied().filter(|rate| *rate <= limit).fold(0.0, f64::max);
            assert!(best * 1.05 >= limit, "{best} for {limit}: {rates:?}");
        }
    }

    #[test]
    fn the_first_steps_double_and_then_the_middle_is_tried() {
        let rates = tried(Search::new(100.0, 1e6, 25.0), 500.0);
        assert_eq!(
            rates.iter().map(|rate| rate.round()).collect::<Vec<_>>(),
            [100.0, 200.0, 400.0, 800.0, 566.0, 476.0]
        );
    }

    #[test]
    fn it_ends_at_the_bounds() {
        assert_eq!(tried(Search::new(100.0, 250.0, 5.0), 1e9), [100.0, 200.0, 250.0]);
        assert_eq!(tried(Search::new(4.0, 250.0, 5.0), 0.0), [4.0, 2.0, 1.0]);
    }
}
