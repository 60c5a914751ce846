//! Making and extending the tables of plugins, and what is refused.

use super::*;

fn notes(columns: Vec<Column>) -> Table {
    Table { name: "notes".into(), columns, unique: vec![], indexes: vec![] }
}

fn text(name: &str, nullable: bool) -> Column {
    column(name, ColumnKind::Text, nullable)
}

async fn refusal(store: &Store, table: Table) -> String {
    let error = store.declare(&cards(), &[table]).await.expect_err("refused");
    assert!(matches!(error, StoreError::Table { .. }), "{error}");
    let said = error.to_string();
    assert!(said.starts_with("plugin `cards` cannot have its table `") && said.contains("\nhint: "), "{said}");
    said
}

#[tokio::test]
async fn tables_grow_and_keep_what_they_hold() {
    each_database(async |place| {
        let store = place.open().await;
        let first = notes(vec![text("title", false)]);
        let tables = store.declare(&cards(), std::slice::from_ref(&first)).await.expect("declared");
        let insert = |id, cells: &[(&str, &str)]| Write::Insert {
            table: "notes".into(),
            id,
            cells: cells.iter().map(|(name, text)| ((*name).to_owned(), Value::Text((*text).to_owned()))).collect(),
        };
        assert_eq!(write(&store, &tables, vec![insert(1, &[("title", "one")])]).await, CommitOutcome::Committed);

        let mut second = notes(vec![text("body", true), text("title", true)]);
        second.unique = vec![vec!["title".into()], vec!["body".into(), "title".into()]];
        second.indexes = vec![vec!["body".into()], vec!["body".into()]];
        let more = [second.clone(), Table { name: "more".into(), ..notes(vec![]) }];
        let grown = store.declare(&cards(), &more).await.expect("extended");
        let row = store.get(&grown, BOT, "notes", 1, &[]).await.expect("read").expect("there");
        assert_eq!(row.cells, [("body".into(), Value::Null), ("title".into(), Value::Text("one".into()))]);
        // Whoever still has the older declaration can go on with it.
        assert_eq!(write(&store, &tables, vec![insert(2, &[("title", "two")])]).await, CommitOutcome::Committed);
        let nothing = Write::Insert { table: "notes".into(), id: 3, cells: vec![] };
        assert_eq!(write(&store, &grown, vec![nothing]).await, CommitOutcome::Committed);
        assert!(matches!(
            write(&store, &grown, vec![insert(4, &[("title", "one")])]).await,
            CommitOutcome::Conflict { .. }
        ));

        // A key that is gone does not bind any more; a table that is gone keeps its rows.
        second.unique.clear();
        let loose = store.declare(&cards(), &[second]).await.expect("extended");
        assert_eq!(write(&store, &loose, vec![insert(4, &[("title", "one")])]).await, CommitOutcome::Committed);
        store.declare(&cards(), &[]).await.expect("nothing is taken away");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM cards__notes").await, 4);
    })
    .await;
}

#[tokio::test]
async fn an_unchanged_declaration_only_looks() {
    each_database(async |place| {
        let store = place.open().await;
        store.declare(&cards(), &tables()).await.expect("declared");
        let lock = session::Step::made("UPDATE plugin_tables SET plugin = plugin".into(), vec![]);
        assert_eq!(store.shared.engine.write(opening::Raw(lock)).await.expect("written"), 2);
        let before = place.number(&store, "SELECT COUNT(*) FROM plugin_tables").await;
        let (name, same) = (cards(), tables());
        let all = futures_util::future::join_all((0..8).map(|_| store.declare(&name, &same))).await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM plugin_tables").await, before);
    })
    .await;
}

#[tokio::test]
async fn hosts_that_declare_at_once_agree() {
    each_database(async |place| {
        let first = place.open().await;
        let second = if place.is_sqlite() { first.clone() } else { place.open().await };
        let (name, tables) = (cards(), tables());
        let both = [first.declare(&name, &tables), second.declare(&name, &tables), first.declare(&name, &tables)];
        for declared in futures_util::future::join_all(both).await {
            declared.expect("declared");
        }
    })
    .await;
}

#[tokio::test]
async fn what_would_lose_data_is_refused() {
    each_database(async |place| {
        let store = place.open().await;
        let before = notes(vec![text("title", false), text("body", true)]);
        let tables = store.declare(&cards(), std::slice::from_ref(&before)).await.expect("declared");
        let twice =
            |id| Write::Insert { table: "notes".into(), id, cells: vec![("title".into(), Value::Text("same".into()))] };
        assert_eq!(write(&store, &tables, vec![twice(1), twice(2)]).await, CommitOutcome::Committed);

        let gone = refusal(&store, notes(vec![text("body", true)])).await;
        assert!(gone.contains("column `title` is gone"), "{gone}");
        let kind = notes(vec![column("title", ColumnKind::Integer, false), text("body", true)]);
        assert!(refusal(&store, kind).await.contains("column `title` holds texts, not integers"));
        let strict = notes(vec![text("title", false), text("body", false)]);
        assert!(refusal(&store, strict).await.contains("column `body` may be null so far"));
        let added = notes(vec![text("title", false), text("body", true), text("author", false)]);
        assert!(refusal(&store, added).await.contains("column `author` is new"));
        let unique = Table { unique: vec![vec!["title".into()]], ..before.clone() };
        assert!(refusal(&store, unique).await.contains("not unique"));
        // Nothing of what was refused is left.
        store.declare(&cards(), &[before]).await.expect("as before");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM cards__notes").await, 2);
    })
    .await;
}

#[tokio::test]
async fn who_only_asks_is_told_the_same_and_changes_nothing() {
    each_database(async |place| {
        let store = place.open().await;
        let before = notes(vec![text("title", false), text("body", true)]);
        let tables = store.declare(&cards(), std::slice::from_ref(&before)).await.expect("declared");
        let twice =
            |id| Write::Insert { table: "notes".into(), id, cells: vec![("title".into(), Value::Text("same".into()))] };
        assert_eq!(write(&store, &tables, vec![twice(1), twice(2)]).await, CommitOutcome::Committed);
        let prospect = Prospect::open(&place.url).await.expect("opened").expect("there is a database");
        let asked = async |table: Table| {
            let refusals = prospect.refusals(&cards(), &[table]).await.expect("asked");
            refusals.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let gone = notes(vec![text("body", true)]);
        assert_eq!(asked(gone.clone()).await, [refusal(&store, gone).await]);
        let kind = notes(vec![column("title", ColumnKind::Integer, false), text("body", true)]);
        assert_eq!(asked(kind.clone()).await, [refusal(&store, kind).await]);
        let unique = Table { unique: vec![vec!["title".into()]], ..before.clone() };
        assert!(asked(unique).await[0].contains("rows that are there already are not unique in title"));
        // Nulls never collide.
        let unique = Table { unique: vec![vec!["body".into()]], ..before.clone() };
        assert!(asked(unique).await.is_empty());
        let grown = notes(vec![text("title", false), text("body", true), text("author", true)]);
        assert!(asked(grown).await.is_empty() && asked(before.clone()).await.is_empty());
        assert!(asked(Table { name: "more".into(), ..before }).await.is_empty());
        prospect.close().await;
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM plugin_tables").await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    each_database(async |place| {
        let store = place.open().await;
        let named = |name: &str| Table { name: name.into(), ..notes(vec![]) };
        for name in ["", "Notes", "1st", "a-b", "a\"b", &"t".repeat(33)] {
            assert!(refusal(&store, named(name)).await.contains("no name for a table"));
        }
        assert!(refusal(&store, notes(vec![text("Ünicode", true)])).await.contains("no name for a column"));
        for name in ["id", "bot_id", "xmin", "ctid"] {
            assert!(refusal(&store, notes(vec![text(name, true)])).await.contains("that name is taken"));
        }
        assert!(refusal(&store, notes(vec![text("a", true), text("a", true)])).await.contains("declared twice"));
        let keyed = |columns: &[&str]| Table {
            unique: vec![columns.iter().map(|name| (*name).to_owned()).collect()],
            ..notes(vec![text("a", true)])
        };
        assert!(refusal(&store, keyed(&[])).await.contains("no columns"));
        assert!(refusal(&store, keyed(&["b"])).await.contains("names `b`"));
        assert!(refusal(&store, keyed(&["a", "a"])).await.contains("names `a` twice"));
    })
    .await;
}

#[tokio::test]
async fn two_plugins_cannot_share_a_table_by_accident() {
    each_database(async |place| {
        let store = place.open().await;
        let named = |name: &str| Table { name: name.into(), ..notes(vec![]) };
        let name = |name| PluginName::new(name).expect("a name");
        store.declare(&name("a"), &[named("b__c")]).await.expect("declared");
        let error = store.declare(&name("a--b"), &[named("c")]).await.expect_err("refused").to_string();
        assert!(error.contains("table `b__c` of plugin `a` is called `a__b__c` already"), "{error}");
        store.declare(&name("a-b"), &[named("c")]).await.expect("that is another name");
    })
    .await;
}

#[tokio::test]
async fn words_of_sql_and_long_names_are_names_like_others() {
    each_database(async |place| {
        let store = place.open().await;
        let plugin = PluginName::new(&"p".repeat(32)).expect("a name");
        let words =
            ["select", "order", "group", "limit", "user", "table", "rowid", "oid", "null", "index", "key", "value"];
        let mut columns: Vec<_> = words.iter().map(|word| text(word, true)).collect();
        let long: Vec<_> = (0..4).map(|number| format!("{}{number}", "c".repeat(47))).collect();
        columns.extend(long.iter().map(|name| text(name, true)));
        let table = Table {
            name: "t".repeat(32),
            unique: vec![long.clone(), words[..3].iter().map(|word| (*word).to_owned()).collect()],
            indexes: long.iter().map(|name| vec![name.clone()]).collect(),
            columns,
        };
        let tables = store.declare(&plugin, std::slice::from_ref(&table)).await.expect("declared");
        store.declare(&plugin, std::slice::from_ref(&table)).await.expect("unchanged");
        let cells = table.columns.iter().map(|column| (column.name.clone(), Value::Text(column.name.clone())));
        let insert = Write::Insert { table: table.name.clone(), id: 1, cells: cells.clone().collect() };
        assert_eq!(write(&store, &tables, vec![insert]).await, CommitOutcome::Committed);
        let update = Write::Update { table: table.name.clone(), id: 1, cells: cells.collect() };
        assert_eq!(write(&store, &tables, vec![update]).await, CommitOutcome::Committed);
        let filter = Filter::All(words.iter().map(|word| eq(word, Value::Text((*word).into()))).collect());
        let order = words.iter().map(|word| Order { column: (*word).into(), descending: true }).collect();
        let query = Query { order, ..query(&table.name, filter) };
        assert_eq!(store.find(&tables, BOT, &query).await.expect("read").len(), 1);
        // Bots do not see each other's rows, and may use the same ids and keys.
        assert!(store.find(&tables, BotId(8), &query).await.expect("read").is_empty());
    })
    .await;
}

#[tokio::test]
async fn two_versions_of_a_plugin_share_a_table() {
    each_database(async |place| {
        let store = place.open().await;
        let old = notes(vec![text("title", false)]);
        let new =
            Table { indexes: vec![vec!["author".into()]], ..notes(vec![text("author", true), text("title", false)]) };
        let row = |id, cells: &[(&str, &str)]| Write::Insert {
            table: "notes".into(),
            id,
            cells: cells.iter().map(|(name, value)| ((*name).into(), Value::Text((*value).into()))).collect(),
        };
        let mut id = 0;
        // To and fro, as hosts of both versions start one after another.
        for _ in 0..2 {
            let before = store.declare(&cards(), std::slice::from_ref(&old)).await.expect("the old version");
            let after = store.declare(&cards(), std::slice::from_ref(&new)).await.expect("the new version");
            let again = store.declare(&cards(), std::slice::from_ref(&old)).await.expect("a step back");
            for (tables, cells) in [
                (before, &[("title", "a")][..]),
                (after, &[("title", "b"), ("author", "x")]),
                (again, &[("title", "c")]),
            ] {
                id += 1;
                assert_eq!(write(&store, &tables, vec![row(id, cells)]).await, CommitOutcome::Committed);
            }
        }
        assert_eq!(place.number(&store, "SELECT COUNT(author) FROM cards__notes").await, 2, "nothing is lost");
        assert_eq!(place.number(&store, "SELECT COUNT(*) FROM cards__notes").await, 6);
    })
    .await;
}
