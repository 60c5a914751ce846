//! What filters, orders and sums mean: the same in both databases, and what `tables` says.

use std::cmp::Ordering;

use super::*;

fn things() -> Vec<Table> {
    let kinds = [
        ("number", ColumnKind::Integer),
        ("real", ColumnKind::Real),
        ("text", ColumnKind::Text),
        ("bytes", ColumnKind::Bytes),
        ("truth", ColumnKind::Boolean),
        ("moment", ColumnKind::Timestamp),
    ];
    let mut columns: Vec<_> = kinds.iter().map(|(name, kind)| column(name, *kind, true)).collect();
    columns.push(column("sure", ColumnKind::Text, false));
    vec![Table {
        name: "things".into(),
        columns,
        unique: vec![],
        indexes: vec![vec!["text".into()], vec!["number".into()]],
    }]
}

const TEXTS: [&str; 14] = ["", "a", "A", "ab", "aB", "a%", "a_", "b", "ä", "я", "שלום", "😀", "a\u{10ffff}", "select"];

/// Rows with every kind of value, among them nulls, the extremes and what people trip over.
fn rows() -> Vec<Row> {
    let pick = |index: usize, values: &[Value]| values[index % values.len()].clone();
    let integers =
        [Value::Null, 0.into_value(), (-1).into_value(), 7.into_value(), i64::MAX.into_value(), i64::MIN.into_value()];
    let reals = [
        Value::Null,
        Value::Real(0.0),
        Value::Real(-0.0),
        Value::Real(0.1 + 0.2),
        Value::Real(-1e300),
        Value::Real(5e-324),
        Value::Real(3.0),
    ];
    let bytes = [
        Value::Null,
        Value::Bytes(vec![]),
        Value::Bytes(vec![0]),
        Value::Bytes(vec![255, 0]),
        Value::Bytes(vec![1, 2]),
    ];
    let truths = [Value::Null, Value::Boolean(false), Value::Boolean(true)];
    (0..60)
        .map(|index| {
            let text = TEXTS[index % TEXTS.len()];
            let maybe = if index % 5 == 0 { Value::Null } else { Value::Text(text.into()) };
            let cells = [
                ("number", pick(index, &integers)),
                ("real", pick(index, &reals)),
                ("text", maybe),
                ("bytes", pick(index, &bytes)),
                ("truth", pick(index, &truths)),
                ("moment", pick(index + 1, &integers)),
                ("sure", Value::Text(text.into())),
            ];
            Row { id: index as i64 + 1, cells: cells.map(|(name, value)| (name.to_owned(), value)).into() }
        })
        .collect()
}

trait IntoValue {
    fn into_value(self) -> Value;
}
impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

fn value_of(row: &Row, column: &str) -> Value {
    if column == "id" { Value::Integer(row.id) } else { cell(row, column).clone() }
}

fn order_of(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => a.cmp(b),
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b).expect("finite"),
        (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Bytes(a), Value::Bytes(b)) => a.cmp(b),
        (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

fn passes(row: &Row, filter: &Filter) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| passes(row, filter)),
        Filter::Any(filters) => filters.iter().any(|filter| passes(row, filter)),
        Filter::Not(filter) => !passes(row, filter),
        Filter::Is(column, comparison, value) => {
            let held = value_of(row, column);
            let order = order_of(&held, value);
            match (comparison, &held, value) {
                (Comparison::Eq, ..) => order.is_eq(),
                (Comparison::Ne, ..) => order.is_ne(),
                (Comparison::Lt, ..) => order.is_lt(),
                (Comparison::Le, ..) => order.is_le(),
                (Comparison::Gt, ..) => order.is_gt(),
                (Comparison::Ge, ..) => order.is_ge(),
                (Comparison::Contains, Value::Text(held), Value::Text(part)) => held.contains(part.as_str()),
                (Comparison::StartsWith, Value::Text(held), Value::Text(part)) => held.starts_with(part.as_str()),
                _ => false,
            }
        }
    }
}

async fn prepared(place: &Place) -> (Store, TableSet, Vec<Row>) {
    let store = place.open().await;
    let tables = store.declare(&cards(), &things()).await.expect("declared");
    let rows = rows();
    let insert = |row: &Row| Write::Insert { table: "things".into(), id: row.id, cells: row.cells.clone() };
    assert_eq!(write(&store, &tables, rows.iter().map(insert).collect()).await, CommitOutcome::Committed);
    (store, tables, rows)
}

#[tokio::test]
async fn every_value_comes_back_as_it_was() {
    each_database(async |place| {
        let (store, tables, rows) = prepared(place).await;
        assert_eq!(store.find(&tables, BOT, &query("things", Filter::All(vec![]))).await.expect("read"), rows);
    })
    .await;
}

#[tokio::test]
async fn every_comparison_means_what_is_said() {
    each_database(async |place| {
        let (store, tables, rows) = prepared(place).await;
        let mut filters = Vec::new();
        for column in ["number", "real", "text", "bytes", "truth", "moment", "sure", "id"] {
            let mut values: Vec<_> = rows.iter().map(|row| value_of(row, column)).collect();
            values.push(Value::Null);
            values.sort_by(order_of);
            values.dedup_by(|a, b| a == b);
            for value in values {
                use Comparison::{Contains, Eq, Ge, Gt, Le, Lt, Ne, StartsWith};
                let texts = [Contains, StartsWith].into_iter().filter(|_| matches!(column, "text" | "sure"));
                for comparison in [Eq, Ne, Lt, Le, Gt, Ge].into_iter().chain(texts) {
                    let filter = Filter::Is(column.into(), comparison, value.clone());
                    filters.extend([filter.clone(), Filter::Not(Box::new(filter))]);
                }
            }
        }
        assert!(filters.len() > 500, "{}", filters.len());
        for filter in filters {
            let found = store.find(&tables, BOT, &query("things", filter.clone())).await.expect("read");
            let found: Vec<_> = found.iter().map(|row| row.id).collect();
            let expected: Vec<_> = rows.iter().filter(|row| passes(row, &filter)).map(|row| row.id).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn filters_are_trees() {
    each_database(async |place| {
        let (store, tables, rows) = prepared(place).await;
        let truth = eq("truth", Value::Boolean(true));
        let big = Filter::Is("number".into(), Comparison::Gt, Value::Integer(0));
        let none = eq("text", Value::Null);
        let many = |count: i64| Filter::Any((0..count).map(|id| eq("id", Value::Integer(id * 7))).collect());
        let mut deep = truth.clone();
        for _ in 0..31 {
            deep = Filter::Not(Box::new(Filter::All(vec![deep, Filter::All(vec![])])));
        }
        for filter in [
            Filter::All(vec![]),
            Filter::Any(vec![]),
            Filter::Not(Box::new(Filter::Any(vec![]))),
            Filter::All(vec![truth.clone(), big.clone(), none.clone()]),
            Filter::Any(vec![truth.clone(), big.clone(), none.clone()]),
            Filter::All(vec![
                Filter::Any(vec![truth, none.clone()]),
                Filter::Not(Box::new(Filter::All(vec![big, none]))),
            ]),
            many(1000),
            deep,
        ] {
            let expected = rows.iter().filter(|row| passes(row, &filter));
            let count = store.count(&tables, BOT, "things", &filter).await.expect("read");
            assert_eq!(count, expected.count() as u64, "{filter:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn rows_come_in_their_order() {
    each_database(async |place| {
        let (store, tables, rows) = prepared(place).await;
        let by = |column: &str, descending| Order { column: column.into(), descending };
        for order in [
            vec![by("text", false)],
            vec![by("text", true)],
            vec![by("sure", false)],
            vec![by("bytes", true), by("number", false)],
            vec![by("truth", false), by("real", true)],
            vec![by("moment", false), by("id", true), by("text", true)],
            vec![by("id", true)],
            vec![],
        ] {
            let mut expected = rows.clone();
            expected.sort_by(|a, b| {
                let by_columns = order.iter().map(|Order { column, descending }| {
                    let ascending = order_of(&value_of(a, column), &value_of(b, column));
                    if *descending { ascending.reverse() } else { ascending }
                });
                let by_id =
                    if order.last().is_some_and(|last| last.descending) { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) };
                by_columns.fold(Ordering::Equal, Ordering::then).then(by_id)
            });
            let ids = |rows: &[Row]| rows.iter().map(|row| row.id).collect::<Vec<_>>();
            let all = Query { order: order.clone(), ..query("things", Filter::All(vec![])) };
            let found = store.find(&tables, BOT, &all).await.expect("read");
            assert_eq!(ids(&found), ids(&expected), "{order:?}");
            let some = Query { limit: 7, offset: 11, columns: vec!["text".into()], ..all };
            let found = store.find(&tables, BOT, &some).await.expect("read");
            assert_eq!(ids(&found), ids(&expected[11..18]), "{order:?}");
            assert!(found.iter().all(|row| row.cells.len() == 1));
        }
    })
    .await;
}

#[tokio::test]
async fn sums_and_columns() {
    each_database(async |place| {
        let (store, tables, _) = prepared(place).await;
        let small = Filter::All(vec![
            Filter::Is("number".into(), Comparison::Gt, Value::Integer(-5)),
            Filter::Is("number".into(), Comparison::Lt, Value::Integer(100)),
        ]);
        let sum = async |filter: &Filter| store.sum(&tables, BOT, "things", "number", filter).await;
        assert_eq!(sum(&small).await.expect("read"), 10 * (-1 + 7));
        assert_eq!(sum(&Filter::Any(vec![])).await.expect("read"), 0);
        assert_eq!(sum(&eq("number", Value::Null)).await.expect("read"), 0);
        let error = sum(&eq("number", Value::Integer(i64::MAX))).await.expect_err("beyond 64 bits");
        assert!(!error.is_transient());
        let names = ["truth".to_owned(), "number".to_owned(), "id".to_owned()];
        let row = store.get(&tables, BOT, "things", 4, &names).await.expect("read").expect("there");
        let columns: Vec<_> = row.cells.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(columns, ["number", "truth"], "in the order of the manifest");
        let row = store.get(&tables, BOT, "things", 4, &["id".into()]).await.expect("read").expect("there");
        assert_eq!(row, Row { id: 4, cells: vec![] });
        for error in [
            store.get(&tables, BOT, "nothing", 4, &[]).await.expect_err("no such table"),
            store.get(&tables, BOT, "things", 4, &["nothing".into()]).await.expect_err("no such column"),
        ] {
            assert!(error.to_string().contains("`nothing`"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_endless_question_is_ended_and_harms_nobody() {
    each_database(async |place| {
        let store = place.open().await;
        let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
        let ask = || store.shared.engine.read(session::Step::made(endless.to_owned(), vec![]));
        // More of them than there are connections for reading.
        let answers = futures_util::future::join_all((0..9).map(|_| ask())).await;
        for answer in answers {
            let Err(error) = answer else { panic!("it was answered") };
            assert!(matches!(error, StoreError::Slow) && !error.is_lasting(), "{error}");
        }
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM updates").await, 0, "the connections are good again");
    })
    .await;
}
