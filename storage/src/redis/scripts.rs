//! The scripts, and how one is called.
//!
//! `FETCH` reads rows of one moment, `COMMIT` takes a batch if its slot is still what the
//! batch was made upon. Neither knows what a row says. Arguments are bytes, never text that
//! would have to be taken apart; what to read and what to write are lists of
//!
//! ```text
//! g key n field*                          fields of a hash
//! a key most                              a whole hash, if it has no more fields
//! o key order way near far n              rows of a sorted table, `n` from the near end
//! s key way near far n bytes              the same of a stream, or until so many bytes
//!     changed order near far              and what was changed of it
//! x key number value changed order field  an entry of a stream, at its end or changed
//! i key number value changed order field  the same, at its end, or else all is lost
//! X key number changed order field        no entry
//! h key n (field value)*                  fields
//! d key n field*                          no fields
//! z key n member*                         members of an order
//! Z key n member*                         and none
//! e key seconds                           forget it after so long, unless that is settled
//! p command channel message               ring
//! ```
//!
//! where a key is its number among `KEYS`. Functions, and commands that are younger than
//! Redis 5, are not used.
//!
//! Redis takes nothing back of a script that fails in its middle. So what can be refused is
//! refused by the first write, and a commit that was cut short can be made again.

use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};

use super::link::Link;

const READING: &str = r"
local function slice(first, count)
  local part = {}
  for i = 0, count - 1 do part[i + 1] = ARGV[first + i] end
  return part
end

local function ordered(key, order, way, near, far, count)
  local read = way == 'f' and 'ZRANGEBYLEX' or 'ZREVRANGEBYLEX'
  local members = redis.call(read, order, near, far, 'LIMIT', 0, count)
  if #members == 0 then return {0, members, {}} end
  return {#members == count and 1 or 0, members, redis.call('HMGET', key, unpack(members))}
end

local function stream(key, way, near, far, count, most)
  local read = way == 'f' and 'XRANGE' or 'XREVRANGE'
  local step = way == 'f' and 1 or -1
  local rows, bytes, batch = {}, 0, 64
  while true do
    local found = redis.call(read, key, near, far, 'COUNT', batch)
    for _, entry in ipairs(found) do
      local number, value = string.match(entry[1], '^%d+'), entry[2][2]
      rows[#rows + 1] = number
      rows[#rows + 1] = value
      bytes = bytes + #value
      if #rows / 2 >= count or bytes >= most then return {1, rows} end
      near = string.format('%.0f', tonumber(number) + step)
    end
    if #found < batch or near == '-1' then return {0, rows} end
  end
end

local function read(first, last)
  local found, i = {}, first
  while i <= last do
    local word, key = ARGV[i], KEYS[tonumber(ARGV[i + 1])]
    if word == 'g' then
      local count = tonumber(ARGV[i + 2])
      found[#found + 1] = redis.call('HMGET', key, unpack(slice(i + 3, count)))
      i = i + 3 + count
    elseif word == 'a' then
      if redis.call('HLEN', key) > tonumber(ARGV[i + 2]) then
        return redis.error_reply('ERR a table has more rows than are read whole')
      end
      found[#found + 1] = redis.call('HGETALL', key)
      i = i + 3
    elseif word == 'o' then
      local order = KEYS[tonumber(ARGV[i + 2])]
      found[#found + 1] = ordered(key, order, ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], tonumber(ARGV[i + 6]))
      i = i + 7
    else
      local way, count = ARGV[i + 2], tonumber(ARGV[i + 5])
      local changed, order = KEYS[tonumber(ARGV[i + 7])], KEYS[tonumber(ARGV[i + 8])]
      found[#found + 1] = {
        stream(key, way, ARGV[i + 3], ARGV[i + 4], count, tonumber(ARGV[i + 6])),
        ordered(changed, order, way, ARGV[i + 9], ARGV[i + 10], count),
      }
      i = i + 11
    end
  end
  return found
end
";

/// `KEYS`: rows, turn, others. `ARGV`: the newest stamp known, the node that wants a turn or
/// nothing, how long in milliseconds, the number of words of what is known at that stamp,
/// those, then what is not. Answers the version, whether what is known had to be read
/// again, and the rows.
const FETCHING: &str = r"
local version = redis.call('HGET', KEYS[1], 'version') or ''
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) end
local known = 4 + tonumber(ARGV[4])
local first, is_changed = 5, 1
if ARGV[1] == string.sub(version, 1, 16) and version ~= '' then first, is_changed = known + 1, 0 end
local found = read(first, #ARGV)
if found.err then return found end
return {version, is_changed, found}
";

/// `KEYS`: rows, turn, others. `ARGV`: the stamp that the slot must have, the batch's own,
/// the node, the command that rings and nothing if it should not, the channel, the message
/// (with what streams take behind it if it ends in a line's end: see `doorbell`), what stands
/// behind that, the number of words to read if the batch was made upon rows that are gone, those, the
/// number of words of fields that must not be there, those, then what to write. Answers 1
/// and the version where it was made, now or before; 0, the version and the rows where the
/// slot is another; 2 and the version where another node has its turn.
const COMMITTING: &str = r"
local version = redis.call('HGET', KEYS[1], 'version') or ''
local reads = 8 + tonumber(ARGV[8])
local checks = reads + 1 + tonumber(ARGV[reads + 1])

local function lost()
  local found = read(9, reads)
  if found.err then return found end
  return {0, version, found}
end

if ARGV[1] ~= string.sub(version, 1, 16) then
  for at = 1, #version, 16 do
    if string.sub(version, at, at + 15) == ARGV[2] then return {1, version} end
  end
  return lost()
end
local turn = redis.call('GET', KEYS[2])
if turn and turn ~= ARGV[3] then return {2, version} end

local i = reads + 2
while i <= checks do
  local key, count = KEYS[tonumber(ARGV[i + 1])], tonumber(ARGV[i + 2])
  for at = i + 3, i + 2 + count do
    if redis.call('HEXISTS', key, ARGV[at]) == 1 then return lost() end
  end
  i = i + 3 + count
end

local rows = {}
i = checks + 1
while i <= #ARGV do
  local word, key = ARGV[i], KEYS[tonumber(ARGV[i + 1])]
  if word == 'x' or word == 'i' then
    rows[#rows + 1] = ARGV[i + 3]
    local changed, order = KEYS[tonumber(ARGV[i + 4])], KEYS[tonumber(ARGV[i + 5])]
    local added = redis.pcall('XADD', key, ARGV[i + 2] .. '-0', 'e', ARGV[i + 3])
    if added.err then
      if not string.find(added.err, 'equal or smaller') then return added end
      if word == 'i' then return lost() end
      redis.call('HSET', changed, ARGV[i + 6], ARGV[i + 3])
      redis.call('ZADD', order, 0, ARGV[i + 6])
      redis.call('XDEL', key, ARGV[i + 2] .. '-0')
    end
    i = i + 7
  elseif word == 'X' then
    redis.call('XDEL', key, ARGV[i + 2] .. '-0')
    redis.call('HDEL', KEYS[tonumber(ARGV[i + 3])], ARGV[i + 5])
    redis.call('ZREM', KEYS[tonumber(ARGV[i + 4])], ARGV[i + 5])
    i = i + 6
  elseif word == 'p' then
    -- A hint: without the right to it the batch is no less made.
    redis.pcall(ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    i = i + 4
  elseif word == 'e' then
    if redis.call('TTL', key) == -1 then redis.call('EXPIRE', key, ARGV[i + 2]) end
    i = i + 3
  else
    local count = tonumber(ARGV[i + 2])
    if word == 'h' then
      redis.call('HSET', key, unpack(slice(i + 3, 2 * count)))
      i = i + 3 + 2 * count
    else
      local members = slice(i + 3, count)
      if word == 'd' then
        redis.call('HDEL', key, unpack(members))
      elseif word == 'Z' then
        redis.call('ZREM', key, unpack(members))
      else
        local pairs_of = {}
        for at, member in ipairs(members) do
          pairs_of[2 * at - 1] = 0
          pairs_of[2 * at] = member
        end
        redis.call('ZADD', key, unpack(pairs_of))
      end
      i = i + 3 + count
    end
  end
end

version = ARGV[2] .. string.sub(version, 1, 48)
redis.call('HSET', KEYS[1], 'version', version)
if turn then redis.call('DEL', KEYS[2]) end
-- A hint: without the right to it the batch is no less made.
if ARGV[4] ~= '' then
  local message = ARGV[6]
  if string.sub(message, -1) == '\n' then message = message .. table.concat(rows) .. ARGV[7] end
  redis.pcall(ARGV[4], ARGV[5], message)
end
return {1, version}
";

/// A list of rooms with the time of each: `KEYS` the list, `ARGV` the room that a page
/// begins behind, and how many.
const PAGING: &str = r"
local first = 0
if ARGV[1] ~= '' then
  local place = redis.call('ZREVRANK', KEYS[1], ARGV[1])
  if not place then return {} end
  first = place + 1
end
return redis.call('ZREVRANGE', KEYS[1], first, first + tonumber(ARGV[2]) - 1)
";

/// Who is about to do something that others must know of: `KEYS` the list, `ARGV` who, now,
/// since when nobody counts any more, and how long anybody does. Answers who else does.
const ANNOUNCING: &str = r"
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
local others = {}
for _, other in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if other ~= ARGV[1] then others[#others + 1] = other end
end
return others
";

/// A script and the digest that Redis knows it by.
pub(super) struct Script {
    text: String,
    digest: String,
}

pub(super) struct Scripts {
    pub(super) fetch: Script,
    pub(super) commit: Script,
    pub(super) page: Script,
    pub(super) announce: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            fetch: Script::new([READING, FETCHING].concat()),
            commit: Script::new([READING, COMMITTING].concat()),
            page: Script::new(PAGING.to_owned()),
            announce: Script::new(ANNOUNCING.to_owned()),
        }
    }
}

fn command(name: &str, script: &str, keys: &[Vec<u8>], words: &[Vec<u8>]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(name).arg(script).arg(keys.len()).arg(keys).arg(words);
    command
}

fn is_forgotten(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

impl Script {
    fn new(text: String) -> Self {
        let digest = redis::Script::new(&text).get_hash().to_owned();
        Self { text, digest }
    }

    /// Runs it where its first key is served. Redis forgets scripts when it starts: then
    /// the whole text is sent.
    pub(super) async fn call(&self, link: &dyn Link, keys: &[Vec<u8>], words: &[Vec<u8>]) -> RedisResult<Value> {
        match link.send(&command("EVALSHA", &self.digest, keys, words)).await {
            Err(error) if is_forgotten(&error) => link.send(&command("EVAL", &self.text, keys, words)).await,
            answer => answer,
        }
    }

    /// The same for one that writes.
    pub(super) async fn commit(&self, link: &dyn Link, keys: &[Vec<u8>], words: &[Vec<u8>]) -> RedisResult<Value> {
        match link.commit(&command("EVALSHA", &self.digest, keys, words), &keys[0]).await {
            Err(error) if is_forgotten(&error) => {
                link.commit(&command("EVAL", &self.text, keys, words), &keys[0]).await
            }
            answer => answer,
        }
    }
}
