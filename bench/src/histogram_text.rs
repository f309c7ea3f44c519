//! A histogram as text, as HdrHistogram's own tools read and add it: V2, deflated, base64.

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer as V2Deserializer, Serializer as _, V2DeflateSerializer},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

pub(crate) fn write(histogram: &Histogram<u32>) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes)?;
    Ok(BASE64_STANDARD.encode(bytes))
}

pub(crate) fn read(text: &str) -> anyhow::Result<Histogram<u32>> {
    let bytes = BASE64_STANDARD.decode(text)?;
    Ok(V2Deserializer::new().deserialize(&mut bytes.as_slice())?)
}

/// As a field of a message.
pub(crate) fn serialize<S: Serializer>(histogram: &Histogram<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    write(histogram).map_err(ser::Error::custom)?.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u32>, D::Error> {
    read(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// The same of a list.
pub(crate) mod several {
    use super::{Deserialize, Deserializer, Histogram, Serialize, Serializer, de, read, ser, write};

    pub(crate) fn serialize<S: Serializer>(all: &[Histogram<u32>], serializer: S) -> Result<S::Ok, S::Error> {
        let texts: anyhow::Result<Vec<String>> = all.iter().map(write).collect();
        texts.map_err(ser::Error::custom)?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Histogram<u32>>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| read(text).map_err(de::Error::custom)).collect()
    }
}
