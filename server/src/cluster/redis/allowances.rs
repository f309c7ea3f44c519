//! What nodes allow together, in Redis: for each allowance the moment when it is full again,
//! in a key that is forgotten then, and the addresses from which somebody has logged in.
//! All of it lies in one slot, so that a try pays from several at once or from none.

use async_trait::async_trait;
use rill_storage::redis::TendedLink;
use std::time::Duration;

use super::{names::Names, script::Script};
use crate::{
    admission::{Allowance, Allowances, Asking, Paid, Settlement, Unasked},
    limits::{KNOWN_IN_COMMON_MAX, KNOWN_IN_COMMON_S},
};

/// `KEYS`: who is known, then what pays. `ARGV`: who would have to be known or nothing, for
/// how many seconds that is remembered, how many pay if so, then what each one pays and how
/// much it holds, in microseconds. Answers 1 and how many have paid; or 0 and how long to
/// wait. A bucket is one moment: see `admission/bucket.rs`.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local count = #KEYS - 1
if ARGV[1] ~= '' then
  local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if at and at + ARGV[2] > tonumber(time[1]) then count = tonumber(ARGV[3]) end
end
local full = {}
for i = 1, count do
  local at = tonumber(redis.call('GET', KEYS[i + 1]) or 0)
  full[i] = math.max(at, now) + ARGV[2 * i + 2]
  local over = full[i] - now - ARGV[2 * i + 3]
  if over > 0 then return {0, over} end
end
for i = 1, count do
  redis.call('SET', KEYS[i + 1], string.format('%.0f', full[i]), 'PX', math.ceil((full[i] - now) / 1000))
end
return {1, count}
";

/// `KEYS`: who is known, then what has paid. `ARGV`: who is known from now on or nothing, for
/// how many seconds that is remembered, of how many, then what each one gets back, or nothing
/// where it is full again.
const SETTLE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if ARGV[1] ~= '' then
  redis.call('ZADD', KEYS[1], time[1], ARGV[1])
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
for i = 2, #KEYS do
  local back, at = ARGV[i + 2], tonumber(redis.call('GET', KEYS[i]) or 0)
  if back == '' or at - back <= now then
    redis.call('DEL', KEYS[i])
  else
    redis.call('SET', KEYS[i], string.format('%.0f', at - back), 'PX', math.ceil((at - back - now) / 1000))
  end
end
return 1
";

/// See the module.
pub struct RedisAllowances {
    link: TendedLink,
    names: Names,
    take: Script,
    settle: Script,
}

impl RedisAllowances {
    pub fn new(link: TendedLink) -> Self {
        let names = Names::new(link.prefix());
        Self { link, names, take: Script::new(TAKE), settle: Script::new(SETTLE) }
    }

    fn keys<'a>(&self, of: impl Iterator<Item = &'a Allowance>) -> Vec<Vec<u8>> {
        std::iter::once(self.names.known()).chain(of.map(|allowance| self.names.allowance(&allowance.key))).collect()
    }
}

#[async_trait]
impl Allowances for RedisAllowances {
    async fn take(&self, asking: &Asking) -> Result<Paid, Unasked> {
        let keys = self.keys(asking.of.iter());
        let (known, count) = asking.unless_known.map_or((Vec::new(), 0), |(known, count)| (known.to_vec(), count));
        let mut words = vec![known, KNOWN_IN_COMMON_S.to_string().into(), count.to_string().into()];
        for Allowance { cost_us, burst_us, .. } in &asking.of {
            words.extend([cost_us.to_string().into(), burst_us.to_string().into()]);
        }
        let answer: Result<(u8, u64), _> = self.take.call_with(&self.link, &keys, &words).await;
        match answer.map_err(|error| Unasked(error.to_string()))? {
            (1, count) => Ok(Paid::First(usize::try_from(count).unwrap_or(usize::MAX))),
            (_, over_us) => Ok(Paid::Wait(Duration::from_micros(over_us))),
        }
    }

    async fn settle(&self, settled: &[(Allowance, Settlement)], known: Option<[u8; 16]>) -> Result<(), Unasked> {
        if settled.is_empty() && known.is_none() {
            return Ok(());
        }
        let keys = self.keys(settled.iter().map(|(allowance, _)| allowance));
        let known = known.map_or_else(Vec::new, |known| known.to_vec());
        let mut words = vec![known, KNOWN_IN_COMMON_S.to_string().into(), KNOWN_IN_COMMON_MAX.to_string().into()];
        words.extend(settled.iter().map(|(allowance, settlement)| match settlement {
            Settlement::Give => allowance.cost_us.to_string().into(),
            Settlement::Forgive => Vec::new(),
        }));
        let answer: Result<u8, _> = self.settle.call_with(&self.link, &keys, &words).await;
        answer.map(drop).map_err(|error| Unasked(error.to_string()))
    }
}
