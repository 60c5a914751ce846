//! Structs to cells. The inverse is `decode`.

use serde::ser::{
    self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, Serializer,
};

use super::Value;
use super::raw::Cell;
use crate::Error;

/// The fields of a struct, as cells.
pub(super) fn cells<T: Serialize + ?Sized>(row: &T) -> Result<Vec<Cell>, Error> {
    row.serialize(RowEncoder)
}

impl ser::Error for Error {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self::Encoding(reason.to_string())
    }
}

fn no_row<T>(what: &str) -> Result<T, Error> {
    Err(Error::Encoding(format!("a row is a struct, not {what}")))
}

fn no_cell<T>(what: &str) -> Result<T, Error> {
    Err(Error::Encoding(format!("a column holds no {what}; store it as JSON with `tables::json`")))
}

/// All methods that refuse what is written, each with the name of the kind.
macro_rules! refuse {
    ($refuse:ident: $($method:ident($($type:ty),*) = $what:literal),* $(,)?) => {
        $(fn $method(self $(, _: $type)*) -> Result<Self::Ok, Error> { $refuse($what) })*
    };
}

struct RowEncoder;

impl Serializer for RowEncoder {
    type Ok = Vec<Cell>;
    type Error = Error;
    type SerializeSeq = Impossible<Vec<Cell>, Error>;
    type SerializeTuple = Impossible<Vec<Cell>, Error>;
    type SerializeTupleStruct = Impossible<Vec<Cell>, Error>;
    type SerializeTupleVariant = Impossible<Vec<Cell>, Error>;
    type SerializeMap = Cells;
    type SerializeStruct = Cells;
    type SerializeStructVariant = Impossible<Vec<Cell>, Error>;

    refuse! { no_row:
        serialize_bool(bool) = "a bool", serialize_i8(i8) = "a number", serialize_i16(i16) = "a number",
        serialize_i32(i32) = "a number", serialize_i64(i64) = "a number", serialize_u8(u8) = "a number",
        serialize_u16(u16) = "a number", serialize_u32(u32) = "a number", serialize_u64(u64) = "a number",
        serialize_f32(f32) = "a number", serialize_f64(f64) = "a number", serialize_char(char) = "a character",
        serialize_str(&str) = "a text", serialize_bytes(&[u8]) = "bytes", serialize_none() = "an option",
        serialize_unit() = "a unit", serialize_unit_struct(&'static str) = "a unit",
        serialize_unit_variant(&'static str, u32, &'static str) = "an enum",
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Self::Ok, Error> {
        no_row("an option")
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, row: &T) -> Result<Self::Ok, Error> {
        row.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Self::Ok, Error> {
        no_row("an enum")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Error> {
        no_row("a list")
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Error> {
        no_row("a tuple")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        no_row("a tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        no_row("an enum")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Cells, Error> {
        Ok(Cells::default())
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Cells, Error> {
        Ok(Cells { cells: Vec::with_capacity(length), column: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        no_row("an enum")
    }
}

/// Gathers the cells of a struct; of a map where serde flattens one struct into another.
#[derive(Default)]
struct Cells {
    cells: Vec<Cell>,
    column: Option<String>,
}

impl Cells {
    fn push<T: Serialize + ?Sized>(&mut self, column: String, value: &T) -> Result<(), Error> {
        let value = value.serialize(ValueEncoder).map_err(|error| match error {
            Error::Encoding(reason) => Error::Encoding(format!("column `{column}`: {reason}")),
            error => error,
        })?;
        self.cells.push(Cell { column, value });
        Ok(())
    }
}

impl SerializeStruct for Cells {
    type Ok = Vec<Cell>;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, column: &'static str, value: &T) -> Result<(), Error> {
        self.push(column.to_owned(), value)
    }

    fn end(self) -> Result<Vec<Cell>, Error> {
        Ok(self.cells)
    }
}

impl SerializeMap for Cells {
    type Ok = Vec<Cell>;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let Value::Text(column) = key.serialize(ValueEncoder)? else { return no_row("a map without column names") };
        self.column = Some(column);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let column = self.column.take().unwrap_or_default();
        self.push(column, value)
    }

    fn end(self) -> Result<Vec<Cell>, Error> {
        Ok(self.cells)
    }
}

struct ValueEncoder;

/// The methods for what one case of [`Value`] holds without loss.
macro_rules! accept {
    ($($method:ident($type:ty) = $case:ident),* $(,)?) => {
        $(fn $method(self, value: $type) -> Result<Value, Error> { Ok(Value::$case(value.into())) })*
    };
}

impl Serializer for ValueEncoder {
    type Ok = Value;
    type Error = Error;
    type SerializeSeq = Bytes;
    type SerializeTuple = Bytes;
    type SerializeTupleStruct = Impossible<Value, Error>;
    type SerializeTupleVariant = Impossible<Value, Error>;
    type SerializeMap = Impossible<Value, Error>;
    type SerializeStruct = Impossible<Value, Error>;
    type SerializeStructVariant = Impossible<Value, Error>;

    accept! {
        serialize_bool(bool) = Boolean, serialize_i8(i8) = Integer, serialize_i16(i16) = Integer,
        serialize_i32(i32) = Integer, serialize_i64(i64) = Integer, serialize_u8(u8) = Integer,
        serialize_u16(u16) = Integer, serialize_u32(u32) = Integer, serialize_f32(f32) = Real,
        serialize_f64(f64) = Real, serialize_char(char) = Text, serialize_str(&str) = Text,
        serialize_bytes(&[u8]) = Bytes,
    }

    refuse! { no_cell: serialize_unit() = "unit", serialize_unit_struct(&'static str) = "unit" }

    fn serialize_u64(self, value: u64) -> Result<Value, Error> {
        let value = i64::try_from(value).map_err(|_| Error::Encoding(format!("`{value}` is too large a number")))?;
        Ok(Value::Integer(value))
    }

    fn serialize_none(self) -> Result<Value, Error> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Value, Error> {
        Ok(Value::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Value, Error> {
        no_cell("enum with data")
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Bytes, Error> {
        Ok(Bytes(Vec::with_capacity(length.unwrap_or_default())))
    }

    fn serialize_tuple(self, length: usize) -> Result<Bytes, Error> {
        Ok(Bytes(Vec::with_capacity(length)))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Error> {
        no_cell("tuple")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        no_cell("enum with data")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Error> {
        no_cell("map")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Error> {
        no_cell("struct")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        no_cell("enum with data")
    }
}

/// A `Vec<u8>` or `[u8; N]`, which serde writes as any other list.
struct Bytes(Vec<u8>);

impl Bytes {
    fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Error> {
        match element.serialize(ValueEncoder) {
            Ok(Value::Integer(byte)) if let Ok(byte) = u8::try_from(byte) => {
                self.0.push(byte);
                Ok(())
            }
            _ => no_cell("list but of bytes"),
        }
    }
}

impl SerializeSeq for Bytes {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Error> {
        self.push(element)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(Value::Bytes(self.0))
    }
}

impl SerializeTuple for Bytes {
    type Ok = Value;
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Error> {
        self.push(element)
    }

    fn end(self) -> Result<Value, Error> {
        Ok(Value::Bytes(self.0))
    }
}
