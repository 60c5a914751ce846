//! Cells to structs. The inverse is `encode`.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::Value;
use super::raw::Cell;
use crate::Error;

/// The struct whose fields are these cells.
pub(super) fn value<T: DeserializeOwned>(cells: Vec<Cell>) -> Result<T, Error> {
    T::deserialize(RowDecoder(cells))
}

/// The columns that a struct has: its fields, as serde names them. Empty, which asks for all, where the struct does not
/// say, because it flattens another one into itself.
pub(super) fn columns<T: DeserializeOwned>() -> Vec<String> {
    let mut columns = &[][..];
    // It always ends in an error, since it is there for the question and not for the answer.
    let _ = T::deserialize(FieldsOf(&mut columns));
    columns.iter().map(|&column| column.to_owned()).collect()
}

impl de::Error for Error {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self::Decoding(reason.to_string())
    }
}

/// Listens which fields a struct asks for.
struct FieldsOf<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldsOf<'_> {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(de::Error::custom("not a struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct RowDecoder(Vec<Cell>);

impl<'de> Deserializer<'de> for RowDecoder {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let cells = self.0.into_iter().map(|cell| {
            let column = cell.column.clone();
            (column, NamedCell(cell))
        });
        visitor.visit_map(MapDeserializer::new(cells))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// A cell that names its column when its value does not fit.
struct NamedCell(Cell);

impl NamedCell {
    fn with<T>(self, decode: impl FnOnce(Value) -> Result<T, Error>) -> Result<T, Error> {
        let Self(Cell { column, value }) = self;
        decode(value).map_err(|error| match error {
            Error::Decoding(reason) => Error::Decoding(format!("column `{column}`: {reason}")),
            error => error,
        })
    }
}

impl<'de> IntoDeserializer<'de, Error> for NamedCell {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The methods of a [`Deserializer`] that [`ValueDecoder`] answers, with the column named.
macro_rules! name_errors {
    ($($method:ident($($argument:ident: $type:ty),*)),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, Error> {
            self.with(|value| ValueDecoder(value).$method($($argument,)* visitor))
        })*
    };
}

impl<'de> Deserializer<'de> for NamedCell {
    type Error = Error;

    name_errors! {
        deserialize_any(), deserialize_bool(), deserialize_option(), deserialize_seq(), deserialize_tuple(length: usize),
        deserialize_bytes(), deserialize_byte_buf(), deserialize_newtype_struct(name: &'static str),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]),
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string unit unit_struct tuple_struct map struct identifier
        ignored_any
    }
}

struct ValueDecoder(Value);

impl<'de> Deserializer<'de> for ValueDecoder {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            Value::Integer(number) => visitor.visit_i64(number),
            Value::Real(number) => visitor.visit_f64(number),
            Value::Text(text) => visitor.visit_string(text),
            Value::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Value::Boolean(truth) => visitor.visit_bool(truth),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A `Vec<u8>` asks for a list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Bytes(bytes) => visitor.visit_seq(SeqDeserializer::new(bytes.into_iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A `[u8; N]` asks for a tuple, and would not notice bytes left over.
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        match &self.0 {
            Value::Bytes(bytes) if bytes.len() != length => {
                Err(de::Error::invalid_length(bytes.len(), &format!("{length} bytes").as_str()))
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Null => Err(de::Error::invalid_type(Unexpected::Option, &"the name of a variant")),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::tables::{encode, json};
    use crate::{EntityKind, MessageRef};

    #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum State {
        Fresh,
        WornOut,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Owner(i64);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Card {
        code: String,
        note: Option<String>,
        active: bool,
        weight: f64,
        state: State,
        owner: Owner,
        picture: Vec<u8>,
        digest: [u8; 4],
        size: u16,
        #[serde(with = "json")]
        message: MessageRef,
        #[serde(rename = "kind", with = "json")]
        entity: Option<EntityKind>,
    }

    fn card() -> Card {
        Card {
            code: "ABC".into(),
            note: None,
            active: true,
            weight: 1.5,
            state: State::WornOut,
            owner: Owner(-7),
            picture: vec![0, 255],
            digest: [1, 2, 3, 4],
            size: 40_000,
            message: MessageRef::Sent(12),
            entity: Some(EntityKind::Bold),
        }
    }

    fn with(column: &str, value: Value) -> Result<Card, Error> {
        let mut cells = encode::cells(&card())?;
        cells.iter_mut().find(|cell| cell.column == column).expect("a column").value = value;
        super::value(cells)
    }

    fn reason(result: Result<Card, Error>) -> String {
        match result {
            Err(Error::Decoding(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let cells = encode::cells(&card()).expect("cells");
        let columns: Vec<_> = cells.iter().map(|cell| cell.column.as_str()).collect();
        assert_eq!(columns, super::columns::<Card>());
        let cell = |column: &str| &cells[columns.iter().position(|&name| name == column).expect("a column")].value;
        assert_eq!(cell("note"), &Value::Null);
        assert_eq!(cell("state"), &Value::Text("worn_out".into()));
        assert_eq!(cell("owner"), &Value::Integer(-7));
        assert_eq!(cell("picture"), &Value::Bytes(vec![0, 255]));
        assert_eq!(cell("kind"), &Value::Text("\"Bold\"".into()));
        assert_eq!(super::value::<Card>(cells).expect("a card"), card());
    }

    #[test]
    fn values_that_do_not_fit_name_their_column() {
        assert_eq!(with("note", Value::Text("n".into())).expect("a card").note.as_deref(), Some("n"));
        let wrong = reason(with("code", Value::Integer(3)));
        assert_eq!(wrong, "column `code`: invalid type: integer `3`, expected a string");
        assert!(reason(with("code", Value::Null)).starts_with("column `code`: invalid type: Option value"));
        assert!(reason(with("size", Value::Integer(70_000))).starts_with("column `size`: invalid value"));
        assert!(reason(with("state", Value::Text("new".into()))).starts_with("column `state`: unknown variant `new`"));
        assert!(reason(with("state", Value::Null)).starts_with("column `state`: invalid type"));
        assert!(reason(with("digest", Value::Bytes(vec![1]))).starts_with("column `digest`: invalid length 1"));
        assert!(reason(with("digest", Value::Bytes(vec![1; 5]))).starts_with("column `digest`: invalid length 5"));
    }

    #[test]
    fn what_no_column_holds_is_refused() {
        #[derive(Serialize)]
        struct Nested {
            tags: Vec<String>,
        }
        let error = encode::cells(&Nested { tags: vec!["a".into()] }).expect_err("a list of texts");
        assert!(error.to_string().contains("column `tags`: a column holds no list but of bytes"), "{error}");
        assert!(encode::cells(&u64::MAX).expect_err("no row").to_string().contains("a row is a struct, not a number"));

        #[derive(Serialize)]
        struct Large {
            number: u64,
        }
        assert!(encode::cells(&Large { number: 1 << 63 }).is_err());
        assert_eq!(encode::cells(&Large { number: 1 }).expect("cells")[0].value, Value::Integer(1));
    }

    #[test]
    fn a_flattened_struct_asks_for_all_columns() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Check {
            #[serde(flatten)]
            who: Who,
            at: i64,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Who {
            user: i64,
            name: Option<String>,
        }
        assert_eq!(columns::<Check>(), [""; 0]);
        let check = Check { who: Who { user: 7, name: None }, at: 1 };
        let cells = encode::cells(&check).expect("cells");
        assert_eq!(cells.iter().map(|cell| cell.column.as_str()).collect::<Vec<_>>(), ["user", "name", "at"]);
        assert_eq!(value::<Check>(cells).expect("a check"), check);
    }
}
