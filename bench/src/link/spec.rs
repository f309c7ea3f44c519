//! What a link is like: `rtt=50ms,loss=2%,rate=20mbit,queue=50ms,seed=1`.

use anyhow::{Context, bail, ensure};
use std::{fmt, str::FromStr, time::Duration};

/// The same in both directions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LinkSpec {
    /// There and back, without queueing.
    pub(crate) rtt: Duration,
    /// The chance of each packet, each way, from 0 to 1.
    pub(crate) loss: f64,
    /// Of IP packets, headers included.
    pub(crate) rate_bits_per_s: u64,
    /// How long a packet waits at most before it is sent; one that would wait longer is dropped.
    pub(crate) queue: Duration,
    /// The same seed loses the same packets: the first, the seventh and so on of a direction.
    pub(crate) seed: u64,
}

impl Default for LinkSpec {
    fn default() -> Self {
        Self {
            rtt: Duration::ZERO,
            loss: 0.0,
            rate_bits_per_s: 1_000_000_000,
            queue: Duration::from_millis(50),
            seed: 1,
        }
    }
}

impl FromStr for LinkSpec {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut spec = Self::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').with_context(|| format!("{part}: a key, = and a value"))?;
            match key {
                "rtt" => spec.rtt = milliseconds(value)?,
                "loss" => spec.loss = number(value, "%")? / 100.0,
                "rate" => spec.rate_bits_per_s = rate(value)?,
                "queue" => spec.queue = milliseconds(value)?,
                "seed" => spec.seed = value.parse().with_context(|| format!("seed={value}: a whole number"))?,
                _ => bail!("{key}: a link has rtt, loss, rate, queue and seed"),
            }
        }
        ensure!(spec.rtt <= Duration::from_secs(10) && spec.queue <= Duration::from_secs(10), "at most 10000ms");
        ensure!((0.0..1.0).contains(&spec.loss), "loss is from 0 to below 100 %");
        ensure!((10_000..=10_000_000_000).contains(&spec.rate_bits_per_s), "rate is from 10kbit to 10000mbit");
        Ok(spec)
    }
}

fn number(value: &str, unit: &str) -> anyhow::Result<f64> {
    let digits = value.strip_suffix(unit).with_context(|| format!("{value}: in {unit}"))?;
    let number: f64 = digits.parse().with_context(|| format!("{value}: a number in {unit}"))?;
    ensure!(number.is_finite() && number >= 0.0, "{value}: a number from 0");
    Ok(number)
}

fn milliseconds(value: &str) -> anyhow::Result<Duration> {
    let ms = number(value, "ms")?;
    Duration::try_from_secs_f64(ms / 1_000.0).with_context(|| format!("{value} is too long"))
}

fn rate(value: &str) -> anyhow::Result<u64> {
    let bits = if value.ends_with("kbit") { number(value, "kbit")? * 1e3 } else { number(value, "mbit")? * 1e6 };
    Ok(bits as u64)
}

impl fmt::Display for LinkSpec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rtt, loss, rate_bits_per_s, queue, seed } = self;
        let (rtt, queue) = (rtt.as_secs_f64() * 1e3, queue.as_secs_f64() * 1e3);
        let (loss, rate) = (loss * 100.0, *rate_bits_per_s as f64 / 1e6);
        write!(out, "rtt={rtt}ms,loss={loss}%,rate={rate}mbit,queue={queue}ms,seed={seed}")
    }
}
