//! Enums inside bodies. They travel as a `u32` and keep numbers they do not know, so
//! that a later version can append a variant without a new kind.

use serde::{Deserialize, Deserializer, Serializer};
use std::{fmt, marker::PhantomData};

/// Serialises an open enum as a newtype of its number: the same bytes as the bare
/// number, and a name by which the generator of the TypeScript finds the table.
pub(crate) fn serialize<S: Serializer>(name: &'static str, number: u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_newtype_struct(name, &number)
}

/// The reverse of [`serialize`].
pub(crate) fn deserialize<'de, T: From<u32>, D: Deserializer<'de>>(
    name: &'static str,
    deserializer: D,
) -> Result<T, D::Error> {
    struct Visitor<T>(PhantomData<T>);
    impl<'de, T: From<u32>> serde::de::Visitor<'de> for Visitor<T> {
        type Value = T;
        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a number of 32 bits")
        }
        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            u32::deserialize(deserializer).map(T::from)
        }
    }
    deserializer.deserialize_newtype_struct(name, Visitor(PhantomData))
}

/// Declares an open enum and its table of names.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $number:literal $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
            /// A number of a later version.
            Other(u32),
        }

        impl $name {
            /// Names and numbers, for generators.
            pub const TABLE: &[(&str, u32)] = &[$((stringify!($variant), $number),)*];
        }

        impl From<u32> for $name {
            fn from(number: u32) -> Self {
                match number { $($number => Self::$variant,)* other => Self::Other(other) }
            }
        }

        impl From<$name> for u32 {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => $number,)* $name::Other(other) => other }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::message::open::serialize(stringify!($name), u32::from(*self), serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::message::open::deserialize(stringify!($name), deserializer)
            }
        }
    };
}
pub(crate) use open_enum;
