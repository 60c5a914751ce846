//! Writes down what was seen, in the place of what was expected. Nothing but `sees` changes; comments, order and
//! whatever else a person has written stay as they are. Pure.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value};

use super::eyes::Seen;
use super::run::Report;

/// A list of things that is longer than this gets a line for each.
const LINE: usize = 100;

/// The text of a file with what was seen in it; `None` if that changes nothing.
pub fn update(text: &str, report: &Report) -> Result<Option<String>, String> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    let wrong: Vec<_> = report.steps.iter().filter(|step| step.expected != step.seen).collect();
    if wrong.is_empty() {
        return Ok(None);
    }
    for step in wrong {
        let sees = sees(&step.seen, step.here.as_deref());
        match document.get_mut("step") {
            Some(Item::ArrayOfTables(tables)) => {
                let table = tables.get_mut(step.number - 1).ok_or("a step is gone")?;
                put(table, sees);
            }
            Some(Item::Value(Value::Array(steps))) => {
                let table = steps.get_mut(step.number - 1).and_then(Value::as_inline_table_mut);
                table.ok_or("a step is gone")?.insert("sees", sees);
            }
            _ => return Err("the steps are gone".into()),
        }
    }
    Ok(Some(document.to_string()))
}

/// Keeps what stands around the old value, such as a comment behind it.
fn put(table: &mut Table, mut sees: Value) {
    match table.get_mut("sees") {
        Some(Item::Value(old)) => {
            *sees.decor_mut() = old.decor().clone();
            *old = sees;
        }
        Some(other) => *other = Item::Value(sees),
        None => drop(table.insert("sees", Item::Value(sees))),
    }
}

/// A list if all of it is seen in one place, where the step took place; else lists by places.
fn sees(seen: &Seen, here: Option<&str>) -> Value {
    if seen.keys().all(|place| Some(place.as_str()) == here) {
        let things = seen.values().flatten().cloned().collect::<Vec<_>>();
        return Value::Array(list(&things));
    }
    let mut places = InlineTable::new();
    for (place, things) in seen {
        places.insert(place, Value::Array(list(things)));
    }
    Value::InlineTable(places)
}

fn list(things: &[String]) -> Array {
    let mut list: Array = things.iter().map(String::as_str).collect();
    let long = things.iter().map(String::len).sum::<usize>() > LINE || things.iter().any(|thing| thing.contains('\n'));
    if long {
        for value in list.iter_mut() {
            value.decor_mut().set_prefix("\n    ");
        }
        list.set_trailing("\n");
        list.set_trailing_comma(true);
    }
    list
}
