//! Where a value lies on an axis, and which values are written beside it.

/// Ticks of an axis, about.
const TICKS: f64 = 5.0;
/// A logarithmic axis that spans less is written like a linear one.
const DECADES_MIN: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// From, to.
    Linear(f64, f64),
    /// Of ten, from and to, both above zero.
    Logarithmic(f64, f64),
    /// Percentiles up to one: each nine takes as much room as the one before.
    Nines(f64),
}

impl Scale {
    /// From zero to the highest of them, up to a round value.
    pub(super) fn from_zero(highest: f64) -> Self {
        let step = step(highest.max(1e-3));
        Self::Linear(0.0, (highest.max(1e-3) / step).ceil() * step)
    }

    /// Over whole decades if values lie so far apart, else from zero.
    pub(super) fn of_latencies(lowest: f64, highest: f64) -> Self {
        if lowest <= 0.0 || (highest / lowest).log10() < DECADES_MIN {
            return Self::from_zero(highest);
        }
        Self::Logarithmic(10f64.powf(lowest.log10().floor()), 10f64.powf(highest.log10().ceil()))
    }

    /// From 0 to 1.
    pub(super) fn place(self, value: f64) -> f64 {
        let part = match self {
            Self::Linear(from, to) => (value - from) / (to - from),
            Self::Logarithmic(from, to) => (value.max(from).log10() - from.log10()) / (to.log10() - from.log10()),
            Self::Nines(last) => nines(value.min(last)) / nines(last),
        };
        part.clamp(0.0, 1.0)
    }

    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        let written = |value: f64| (value, label(value));
        match self {
            Self::Linear(from, to) => {
                let step = step(to - from);
                let count = ((to - from) / step).round() as u32;
                (0..=count).map(|n| written(from + f64::from(n) * step)).collect()
            }
            Self::Logarithmic(from, to) => {
                let (first, last) = (from.log10().round() as i32, to.log10().round() as i32);
                (first..=last).map(|power| written(10f64.powi(power))).collect()
            }
            Self::Nines(last) => {
                let all = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];
                all.into_iter()
                    .filter(|percent| *percent <= last)
                    .map(|percent| (percent, percent.to_string()))
                    .collect()
            }
        }
    }
}

/// How many nines a percentile has: 1 for 90, 2 for 99.
fn nines(percent: f64) -> f64 {
    -(1.0 - percent / 100.0).log10()
}

/// 1, 2 or 5 times a power of ten.
fn step(span: f64) -> f64 {
    let rough = span / TICKS;
    let power = 10f64.powf(rough.log10().floor());
    let [one, two, five] = [1.0, 2.0, 5.0].map(|factor| factor * power);
    [one, two, five].into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power)
}

fn label(value: f64) -> String {
    let rounded = (value * 1e6).round() / 1e6;
    if rounded >= 1e6 { format!("{}M", rounded / 1e6) } else { rounded.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(Scale::from_zero(48.0)), ["0", "10", "20", "30", "40", "50"]);
        assert_eq!(labels(Scale::from_zero(0.6)), ["0", "0.2", "0.4", "0.6"]);
        assert_eq!(labels(Scale::of_latencies(0.4, 30.0)), ["0.1", "1", "10", "100"]);
        assert_eq!(labels(Scale::of_latencies(2.0, 9.0)), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(Scale::Nines(99.95)), ["0", "50", "90", "99", "99.9"]);
    }

    #[test]
    fn each_nine_takes_as_much_room() {
        let scale = Scale::Nines(99.99);
        let near = |value: f64, place: f64| assert!((scale.place(value) - place).abs() < 1e-9, "{value}");
        near(0.0, 0.0);
        near(90.0, 0.25);
        near(99.0, 0.5);
        near(100.0, 1.0);
        assert_eq!(Scale::from_zero(0.0).place(f64::INFINITY), 1.0);
    }
}
