//! Interfaces, readers and writers of all bodies.

use rill_protocol::Kind;
use serde_reflection::{ContainerFormat, Format, Named, Registry};
use std::fmt::Write as _;

use crate::tables::{camel, open_enums};

/// What becomes of a named type.
enum Shape<'a> {
    /// 16 bytes, 26 characters of base32 in TypeScript.
    Id,
    /// 32 bytes, 64 hexadecimal digits in TypeScript.
    Hex,
    /// An integer below 2^53.
    U53,
    /// A bare `u32`.
    OpenEnum,
    Struct(&'a [Named<Format>]),
}

fn shape<'a>(name: &str, container: &'a ContainerFormat) -> Shape<'a> {
    match container {
        ContainerFormat::Struct(fields) => Shape::Struct(fields),
        ContainerFormat::UnitStruct => Shape::Struct(&[]),
        ContainerFormat::NewTypeStruct(inner) => match &**inner {
            Format::TupleArray { size: 16, .. } => Shape::Id,
            Format::TupleArray { size: 32, .. } => Shape::Hex,
            Format::U64 => Shape::U53,
            Format::U32 => {
                assert!(open_enums().iter().any(|(known, _)| *known == name), "no table of {name}");
                Shape::OpenEnum
            }
            other => panic!("{name} is a newtype of {other:?}, which the generator does not know"),
        },
        other => panic!("{name} is {other:?}: an enum in a body must be open"),
    }
}

struct Emitter<'a> {
    registry: &'a Registry,
    out: String,
}

pub(crate) fn emit(registry: &Registry) -> String {
    let mut emitter = Emitter { registry, out: String::new() };
    emitter.all().expect("a string takes everything");
    emitter.out
}

impl<'a> Emitter<'a> {
    fn shape_of(&self, name: &str) -> Shape<'a> {
        shape(name, self.registry.get(name).unwrap_or_else(|| panic!("{name} was not traced")))
    }

    fn all(&mut self) -> std::fmt::Result {
        for (name, container) in self.registry {
            match shape(name, container) {
                Shape::Id => writeln!(self.out, "/** 26 characters of base32. */\nexport type {name} = string;\n")?,
                Shape::Hex => writeln!(self.out, "/** 64 hexadecimal digits. */\nexport type {name} = string;\n")?,
                Shape::Struct(fields) => self.structure(name, fields)?,
                Shape::U53 | Shape::OpenEnum => {}
            }
        }
        self.table()
    }

    fn structure(&mut self, name: &str, fields: &'a [Named<Format>]) -> std::fmt::Result {
        if fields.is_empty() {
            writeln!(self.out, "export type {name} = Record<string, never>;\n")?;
            writeln!(self.out, "export function read{name}(_input: Reader): {name} {{\n  return {{}};\n}}\n")?;
            return writeln!(
                self.out,
                "export function write{name}(_out: Writer, _value: {name}): void {{\n  return;\n}}\n"
            );
        }
        writeln!(self.out, "export interface {name} {{")?;
        for field in fields {
            writeln!(self.out, "  {}: {};", camel(&field.name), self.type_of(&field.value))?;
        }
        writeln!(self.out, "}}\n")?;
        // An object literal evaluates in the order of its text, which is the order of the wire.
        writeln!(self.out, "export function read{name}(input: Reader): {name} {{\n  return {{")?;
        for field in fields {
            writeln!(self.out, "    {}: {},", camel(&field.name), self.read(&field.value))?;
        }
        writeln!(self.out, "  }};\n}}\n")?;
        writeln!(self.out, "export function write{name}(out: Writer, value: {name}): void {{")?;
        for field in fields {
            let value = format!("value.{}", camel(&field.name));
            writeln!(self.out, "  {};", self.write(&field.value, &value))?;
        }
        writeln!(self.out, "}}\n")
    }

    fn type_of(&self, format: &Format) -> String {
        match format {
            Format::TypeName(name) => match self.shape_of(name) {
                Shape::U53 => "number".to_owned(),
                _ => name.clone(),
            },
            Format::Bool => "boolean".to_owned(),
            Format::U32 => "number".to_owned(),
            Format::Str => "string".to_owned(),
            Format::Bytes => "Uint8Array".to_owned(),
            Format::Option(inner) => format!("{} | null", self.type_of(inner)),
            Format::Seq(inner) => format!("{}[]", self.type_of(inner)),
            other => panic!("the generator does not know {other:?}"),
        }
    }

    fn read(&self, format: &Format) -> String {
        match format {
            Format::TypeName(name) => match self.shape_of(name) {
                Shape::Id => "input.id()".to_owned(),
                Shape::Hex => "input.hex()".to_owned(),
                Shape::U53 => "input.u53()".to_owned(),
                Shape::OpenEnum => "input.u32()".to_owned(),
                Shape::Struct(_) => format!("read{name}(input)"),
            },
            Format::Bool => "input.bool()".to_owned(),
            Format::U32 => "input.u32()".to_owned(),
            Format::Str => "input.text()".to_owned(),
            Format::Bytes => "input.buffer()".to_owned(),
            Format::Option(inner) => format!("input.option(() => {})", self.read(inner)),
            Format::Seq(inner) => format!("input.list(() => {})", self.read(inner)),
            other => panic!("the generator does not know {other:?}"),
        }
    }

    fn write(&self, format: &Format, value: &str) -> String {
        match format {
            Format::TypeName(name) => match self.shape_of(name) {
                Shape::Id => format!("out.id({value})"),
                Shape::Hex => format!("out.hex({value})"),
                Shape::U53 => format!("out.u53({value})"),
                Shape::OpenEnum => format!("out.u32({value})"),
                Shape::Struct(_) => format!("write{name}(out, {value})"),
            },
            Format::Bool => format!("out.bool({value})"),
            Format::U32 => format!("out.u32({value})"),
            Format::Str => format!("out.text({value})"),
            Format::Bytes => format!("out.buffer({value})"),
            Format::Option(inner) => format!("out.option({value}, (item) => {})", self.write_item(inner)),
            Format::Seq(inner) => format!("out.list({value}, (item) => {})", self.write_item(inner)),
            other => panic!("the generator does not know {other:?}"),
        }
    }

    fn write_item(&self, inner: &Format) -> String {
        format!("{{ {}; }}", self.write(inner, "item"))
    }

    /// From the kind to the codec of its body.
    fn table(&mut self) -> std::fmt::Result {
        writeln!(self.out, "/** The body of each kind, by name. */\nexport interface Bodies {{")?;
        for kind in Kind::ALL {
            writeln!(self.out, "  {0}: {0};", kind.name())?;
        }
        writeln!(self.out, "}}\n\nexport const CODECS: {{ readonly [N in KindName]: Codec<Bodies[N]> }} = {{")?;
        for kind in Kind::ALL {
            writeln!(self.out, "  {0}: {{ read: read{0}, write: write{0} }},", kind.name())?;
        }
        writeln!(self.out, "}};\n\n/** The name of each kind, by number. */")?;
        writeln!(self.out, "export const KIND_NAMES: ReadonlyMap<number, KindName> = new Map([")?;
        for kind in Kind::ALL {
            writeln!(self.out, "  [{}, '{}'],", kind.number(), kind.name())?;
        }
        writeln!(self.out, "]);")
    }
}
