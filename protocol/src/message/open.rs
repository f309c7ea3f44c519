//! Enums inside bodies. They travel as a `u32` and keep numbers they do not know, so
//! that a later version can append a variant without a new kind.

/// Declares an open enum and its table of names.
macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $number:literal $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "u32", into = "u32")]
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
    };
}
pub(crate) use open_enum;
