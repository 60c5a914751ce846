//! Reads and writes of a turn over a view in memory: what the guest is told, what the database is asked, what is
//! recorded.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use super::*;
use crate::config::{Limits, Sites};
use crate::model::effect::DialogueState;
use crate::model::llm::{LlmAnswer, LlmError, Prompt};
use crate::model::manifest::Column;
use crate::model::web::{WebBounds, WebError, WebRequest, WebResponse};
use crate::sandbox::view::FileError;

/// A database in memory that remembers what it was asked.
#[derive(Default)]
pub(in crate::sandbox) struct Memory {
    rows: Vec<Row>,
    asked: Mutex<Vec<String>>,
}

impl Memory {
    fn note(&self, question: String) {
        self.asked.lock().unwrap().push(question);
    }
}

#[async_trait]
impl View for Memory {
    async fn get(&self, _: &str, id: i64, columns: &[String]) -> Result<Option<Row>, ViewError> {
        self.note(format!("get {id} {columns:?}"));
        if id == 13 {
            return Err(ViewError::Unavailable("connection refused".into()));
        }
        if id == 14 {
            return Err(ViewError::Slow("it takes too long".into()));
        }
        Ok(self.rows.iter().find(|row| row.id == id).map(|row| crate::sandbox::record::project(row, columns)))
    }

    async fn find(&self, query: &Query) -> Result<Vec<Row>, ViewError> {
        self.note(format!("find {:?} limit {} offset {}", query.columns, query.limit, query.offset));
        Ok(overlay::merged(query, &BTreeMap::new(), Vec::new(), self.rows.clone()))
    }

    async fn count(&self, _: &str, filter: &Filter) -> Result<u64, ViewError> {
        self.note("count".into());
        Ok(overlay::counted(0, filter, &[], &self.rows))
    }

    async fn sum(&self, _: &str, column: &str, filter: &Filter) -> Result<i64, ViewError> {
        self.note(format!("sum {column}"));
        Ok(overlay::summed(0, column, filter, &[], &self.rows).unwrap())
    }

    async fn queue_for(&self, _: &str, id: i64) {
        self.note(format!("queue for {id}"));
    }

    async fn dialogue(&self) -> Result<Option<DialogueState>, ViewError> {
        Ok(None)
    }

    async fn sent_chat(&self, _: i64) -> Result<Option<i64>, ViewError> {
        Ok(None)
    }

    async fn same_chats(&self, _: i64) -> Result<Vec<i64>, ViewError> {
        Ok(Vec::new())
    }

    async fn fetch(
        &self,
        _: u32,
        _: WebRequest,
        _: &Sites,
        _: WebBounds,
    ) -> Result<Result<WebResponse, WebError>, ViewError> {
        unreachable!("rows ask nothing of the outside")
    }

    async fn complete(
        &self,
        _: u32,
        _: Prompt,
        _: Duration,
        _: Option<i64>,
    ) -> Result<Result<LlmAnswer, LlmError>, ViewError> {
        unreachable!("rows ask nothing of the outside")
    }

    async fn timers(&self, _: Option<&str>, _: i64) -> Result<Vec<String>, ViewError> {
        Ok(vec![])
    }

    async fn file(&self, _: &str, _: u64) -> Result<Bytes, FileError> {
        Err(FileError::NotFound)
    }
}

/// A turn over three cards with the codes `a`, `b` and `c`, checked 1, 2 and 3 times.
struct TestTurn {
    tables: Vec<Table>,
    view: Memory,
    record: Record,
    overlay: Overlay,
    effects: Effects,
    ids: Ids,
    unavailable: Option<String>,
}

impl TestTurn {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let column = |name: &str, kind, nullable| Column { name: name.into(), kind, nullable };
        let cards = Table {
            name: "cards".into(),
            columns: vec![
                column("code", ColumnKind::Text, false),
                column("checks", ColumnKind::Integer, true),
                column("batch", ColumnKind::Integer, true),
                column("seen", ColumnKind::Timestamp, true),
            ],
            unique: vec![vec!["code".into()], vec!["batch".into(), "checks".into()]],
            indexes: vec![],
        };
        let row = |id: i64, code: &str| Row {
            id,
            cells: vec![
                ("code".into(), Value::Text(code.into())),
                ("checks".into(), Value::Integer(id)),
                ("batch".into(), Value::Null),
                ("seen".into(), Value::Null),
            ],
        };
        Self {
            tables: vec![cards],
            view: Memory { rows: vec![row(1, "a"), row(2, "b"), row(3, "c")], asked: Mutex::default() },
            record: Record::default(),
            overlay: Overlay::default(),
            effects: Effects::new(&limits),
            ids: Ids::new(0, &[1; 32]),
            unavailable: None,
        }
    }

    fn rows(&mut self) -> Rows<'_> {
        Rows {
            tables: &self.tables,
            others: &[],
            view: &self.view,
            record: &mut self.record,
            overlay: &mut self.overlay,
            effects: &mut self.effects,
            ids: &mut self.ids,
            unavailable: &mut self.unavailable,
        }
    }

    /// What the database was asked since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.view.asked.lock().unwrap())
    }

    fn writes(self) -> Vec<Write> {
        self.effects.finish(Vec::new()).writes
    }
}

fn cell(column: &str, value: wit::Value) -> wit::Cell {
    wit::Cell { column: column.into(), value }
}

fn text(text: &str) -> wit::Value {
    wit::Value::Text(text.into())
}

fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn all(limit: u32) -> wit::Query {
    wit::Query { table: "cards".into(), columns: vec![], filter: vec![], order: vec![], limit, offset: 0 }
}

fn values(row: &Row) -> Vec<String> {
    row.cells.iter().map(|(column, value)| format!("{column}={value:?}")).collect()
}

#[tokio::test]
async fn a_question_is_asked_once() {
    let mut turn = TestTurn::new();
    let first = turn.rows().get("cards", 1, &[]).await.unwrap();
    assert_eq!(turn.asked(), ["get 1 []"]);
    let again = turn.rows().get("cards", 1, &columns(&["checks"])).await.unwrap().unwrap();
    assert_eq!(values(&again), ["checks=Integer(1)"]);
    assert_eq!(turn.rows().get("cards", 1, &[]).await.unwrap(), first);
    turn.rows().find(all(10)).await.unwrap();
    turn.rows().find(all(10)).await.unwrap();
    turn.rows().get("cards", 3, &[]).await.unwrap();
    turn.rows().count("cards", vec![]).await.unwrap();
    turn.rows().count("cards", vec![]).await.unwrap();
    assert_eq!(turn.asked(), ["find [] limit 10 offset 0", "count"]);
    assert_eq!(turn.record.into_reads().len(), 3);
}

#[tokio::test]
async fn columns_come_in_the_order_of_the_manifest() {
    let mut turn = TestTurn::new();
    let row = turn.rows().get("cards", 1, &columns(&["checks", "id", "code", "code"])).await.unwrap().unwrap();
    assert_eq!(values(&row), ["code=Text(\"a\")", "checks=Integer(1)"]);
    let row = turn.rows().get("cards", 2, &columns(&["id"])).await.unwrap().unwrap();
    assert_eq!(values(&row), [""; 0]);
    assert_eq!(turn.asked(), ["get 1 [\"code\", \"checks\"]", "get 2 [\"id\"]"]);
}

#[tokio::test]
async fn an_inserted_row_is_there_at_once() {
    let mut turn = TestTurn::new();
    let id = turn.rows().insert("cards", vec![cell("code", text("d"))]).await.unwrap();
    assert_eq!(turn.asked(), ["find [\"id\"] limit 1 offset 0"]);
    let row = turn.rows().get("cards", id, &[]).await.unwrap().unwrap();
    assert_eq!(values(&row), ["code=Text(\"d\")", "checks=Null", "batch=Null", "seen=Null"]);
    assert_eq!(turn.asked(), [""; 0]);
    assert_eq!(turn.rows().count("cards", vec![]).await.unwrap(), 4);
    assert_eq!(turn.rows().find(all(10)).await.unwrap().len(), 4);
    assert!(matches!(&turn.writes()[..], [Write::Insert { id: made, cells, .. }] if *made == id && cells.len() == 1));
}

#[tokio::test]
async fn unique_combinations_stay_unique() {
    let mut turn = TestTurn::new();
    let taken = turn.rows().insert("cards", vec![cell("code", text("b"))]).await;
    assert_eq!(format!("{taken:?}"), "Err(Error::NotUnique([\"code\"]))");
    turn.rows().insert("cards", vec![cell("code", text("d"))]).await.unwrap();
    let own = turn.rows().insert("cards", vec![cell("code", text("d"))]).await;
    assert_eq!(format!("{own:?}"), "Err(Error::NotUnique([\"code\"]))");
    let moved = turn.rows().update("cards", 1, vec![cell("code", text("c"))]).await;
    assert_eq!(format!("{moved:?}"), "Err(Error::NotUnique([\"code\"]))");
    turn.rows().update("cards", 1, vec![cell("code", text("a"))]).await.unwrap();
    turn.rows().delete("cards", 3).await.unwrap();
    turn.rows().update("cards", 1, vec![cell("code", text("c"))]).await.unwrap();
    turn.rows().insert("cards", vec![cell("code", text("a"))]).await.unwrap();
}

#[tokio::test]
async fn nulls_never_collide_and_a_counter_in_a_key_is_checked() {
    let mut turn = TestTurn::new();
    for id in [1, 2] {
        turn.rows().update("cards", id, vec![cell("checks", wit::Value::Integer(7))]).await.unwrap();
    }
    turn.rows().update("cards", 1, vec![cell("batch", wit::Value::Integer(1))]).await.unwrap();
    let both = turn.rows().update("cards", 2, vec![cell("batch", wit::Value::Integer(1))]).await;
    assert_eq!(format!("{both:?}"), "Err(Error::NotUnique([\"batch\", \"checks\"]))");
    turn.rows().increment("cards", 2, "checks", -1).await.unwrap();
    turn.rows().update("cards", 2, vec![cell("batch", wit::Value::Integer(1))]).await.unwrap();
    let reached = turn.rows().increment("cards", 2, "checks", 1).await;
    assert_eq!(format!("{reached:?}"), "Err(Error::NotUnique([\"batch\", \"checks\"]))");
}

#[tokio::test]
async fn increments_queue_read_one_column_and_add_up() {
    let mut turn = TestTurn::new();
    turn.tables[0].unique.clear();
    assert_eq!(turn.rows().increment("cards", 2, "checks", 1).await.unwrap(), 3);
    assert_eq!(turn.asked(), ["queue for 2", "get 2 [\"checks\"]"]);
    assert_eq!(turn.rows().increment("cards", 2, "checks", 5).await.unwrap(), 8);
    assert_eq!(turn.rows().increment("cards", 2, "batch", 5).await.unwrap(), 5);
    let row = turn.rows().get("cards", 2, &[]).await.unwrap().unwrap();
    assert_eq!(values(&row), ["code=Text(\"b\")", "checks=Integer(8)", "batch=Integer(5)", "seen=Null"]);
    let id = turn.rows().insert("cards", vec![cell("code", text("d"))]).await.unwrap();
    turn.asked();
    assert_eq!(turn.rows().increment("cards", id, "checks", 1).await.unwrap(), 1);
    assert_eq!(turn.asked(), [""; 0]);
    assert!(matches!(turn.writes()[0], Write::Increment { id: 2, by: 1, .. }));
}

#[tokio::test]
async fn a_counter_does_not_wrap() {
    let mut turn = TestTurn::new();
    let over = turn.rows().increment("cards", 1, "checks", i64::MAX).await;
    assert!(matches!(over, Err(Error::WrongType(_))));
    let time = turn.rows().increment("cards", 1, "seen", 1).await;
    assert!(matches!(time, Err(Error::WrongType(_))));
    assert!(turn.writes().is_empty());
}

#[tokio::test]
async fn a_row_that_is_not_there_is_not_changed() {
    let mut turn = TestTurn::new();
    let update = turn.rows().update("cards", 9, vec![cell("checks", wit::Value::Null)]).await;
    assert!(matches!(update, Err(Error::NoSuchRow(9))));
    assert!(matches!(turn.rows().increment("cards", 9, "checks", 1).await, Err(Error::NoSuchRow(9))));
    assert!(!turn.rows().delete("cards", 9).await.unwrap());
    assert!(turn.rows().delete("cards", 1).await.unwrap());
    assert!(!turn.rows().delete("cards", 1).await.unwrap());
    assert!(matches!(turn.rows().update("cards", 1, vec![]).await, Err(Error::NoSuchRow(1))));
    assert_eq!(turn.rows().get("cards", 1, &[]).await.unwrap(), None);
    // That row 9 is missing is as much a fact to check again as what row 1 held.
    assert!(turn.record.into_reads().iter().any(|read| matches!(read, Read::Get { id: 9, seen: None, .. })));
}

#[tokio::test]
async fn existence_is_asked_narrowly_and_only_if_unknown() {
    let mut turn = TestTurn::new();
    turn.rows().update("cards", 1, vec![cell("seen", wit::Value::Integer(5))]).await.unwrap();
    assert_eq!(turn.asked(), ["get 1 [\"id\"]"]);
    turn.rows().find(all(10)).await.unwrap();
    turn.asked();
    turn.rows().update("cards", 2, vec![cell("seen", wit::Value::Integer(5))]).await.unwrap();
    turn.rows().delete("cards", 3).await.unwrap();
    assert_eq!(turn.asked(), [""; 0]);
}

#[tokio::test]
async fn a_query_over_touched_rows_asks_for_more() {
    let mut turn = TestTurn::new();
    turn.rows().delete("cards", 1).await.unwrap();
    turn.rows().update("cards", 2, vec![cell("checks", wit::Value::Integer(9))]).await.unwrap();
    turn.asked();
    let query = wit::Query {
        columns: columns(&["code"]),
        filter: vec![wit::FilterStep::Condition(wit::Condition {
            column: "checks".into(),
            comparison: wit::Comparison::Gt,
            value: wit::Value::Integer(0),
        })],
        order: vec![wit::Order { column: "checks".into(), descending: true }],
        offset: 1,
        ..all(1)
    };
    let found = turn.rows().find(query).await.unwrap();
    assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [3]);
    assert_eq!(values(&found[0]), ["code=Text(\"c\")"]);
    assert_eq!(turn.asked()[0], "find [\"code\", \"checks\"] limit 4 offset 0");
}

#[tokio::test]
async fn sums_see_own_writes() {
    let mut turn = TestTurn::new();
    turn.rows().delete("cards", 1).await.unwrap();
    turn.rows().increment("cards", 2, "checks", 10).await.unwrap();
    turn.rows().insert("cards", vec![cell("code", text("d")), cell("checks", wit::Value::Integer(100))]).await.unwrap();
    assert_eq!(turn.rows().sum("cards", "checks", vec![]).await.unwrap(), 12 + 3 + 100);
    assert!(matches!(turn.rows().sum("cards", "code", vec![]).await, Err(Error::WrongType(_))));
}

#[tokio::test]
async fn names_and_types_are_checked() {
    let mut turn = TestTurn::new();
    assert!(matches!(turn.rows().get("codes", 1, &[]).await, Err(Error::NoSuchTable(_))));
    assert!(matches!(turn.rows().get("cards", 1, &columns(&["x"])).await, Err(Error::NoSuchColumn(_))));
    assert!(matches!(turn.rows().find(all(0)).await, Err(Error::Limit(_))));
    assert!(matches!(turn.rows().find(all(1001)).await, Err(Error::Limit(_))));
    let order = vec![wit::Order { column: "x".into(), descending: false }];
    assert!(matches!(turn.rows().find(wit::Query { order, ..all(1) }).await, Err(Error::NoSuchColumn(_))));
    for cells in [
        vec![],
        vec![cell("code", wit::Value::Null)],
        vec![cell("code", wit::Value::Integer(1))],
        vec![cell("code", text("a\0"))],
        vec![cell("code", text("x")), cell("code", text("y"))],
        vec![cell("code", text("x")), cell("id", wit::Value::Integer(1))],
        vec![cell("code", text("x")), cell("checks", wit::Value::Boolean(true))],
    ] {
        let shown = format!("{cells:?}");
        assert!(matches!(turn.rows().insert("cards", cells).await, Err(Error::WrongType(_))), "{shown}");
    }
    assert_eq!(turn.asked(), [""; 0]);
}

#[tokio::test]
async fn limits_and_silence_are_said() {
    let mut turn = TestTurn::with(Limits { row_reads: 4, row_writes: 1, ..Limits::default() });
    turn.rows().find(all(10)).await.unwrap();
    turn.rows().get("cards", 8, &[]).await.unwrap();
    let beyond = turn.rows().get("cards", 9, &[]).await;
    assert_eq!(format!("{beyond:?}"), "Err(Error::Limit(\"more than 4 (limits.row_reads)\"))");
    turn.rows().delete("cards", 1).await.unwrap();
    let beyond = turn.rows().delete("cards", 2).await;
    assert_eq!(format!("{beyond:?}"), "Err(Error::Limit(\"more than 1 (limits.row_writes)\"))");
    assert!(turn.rows().get("cards", 2, &[]).await.unwrap().is_some());

    let mut turn = TestTurn::new();
    let silent = turn.rows().get("cards", 13, &[]).await;
    assert_eq!(format!("{silent:?}"), "Err(Error::Unavailable(\"connection refused\"))");
    assert_eq!(turn.unavailable.as_deref(), Some("connection refused"), "the plugin is not to blame");
    let mut turn = TestTurn::new();
    let slow = turn.rows().get("cards", 14, &[]).await;
    assert_eq!(format!("{slow:?}"), "Err(Error::Unavailable(\"it takes too long\"))");
    assert_eq!(turn.unavailable, None, "a slow question is its own");
}

#[tokio::test]
async fn an_offset_far_beyond_the_limit_of_reads_is_refused_before_it_is_asked() {
    let mut turn = TestTurn::new();
    turn.rows().delete("cards", 1).await.unwrap();
    turn.asked();
    let far = turn.rows().find(wit::Query { offset: u32::MAX, ..all(1000) }).await;
    assert!(matches!(far, Err(Error::Limit(_))));
    assert_eq!(turn.asked(), [""; 0]);
}
