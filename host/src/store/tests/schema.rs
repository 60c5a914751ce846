//! The migrations as files.

/// Every column has a comment that says what it holds.
#[test]
fn every_column_has_a_comment() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    // The workspace is the folder above the crate; a scratch crate may hold the files itself.
    let folder = ["../migrations", "migrations"].map(|name| folder.join(name)).into_iter().find(|path| path.is_dir());
    let mut columns = 0;
    for file in std::fs::read_dir(folder.expect("the folder of the migrations")).expect("it can be read") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let mut inside = false;
        for (index, line) in text.lines().enumerate() {
            let code = line.split("--").next().unwrap_or_default().trim();
            let is_column = inside && !code.is_empty() && !code.starts_with([')']) && !is_constraint(code);
            if is_column {
                columns += 1;
                let comment = line.split_once("--").map_or("", |(_, comment)| comment.trim());
                assert!(comment.len() > 5, "{}:{}: `{code}` has no comment", path.display(), index + 1);
            }
            inside = (inside || code.starts_with("CREATE TABLE")) && !code.contains(");");
        }
    }
    assert!(columns > 50, "the columns were not found: {columns}");
}

fn is_constraint(code: &str) -> bool {
    ["UNIQUE", "PRIMARY KEY", "CHECK", "FOREIGN KEY"].iter().any(|word| code.starts_with(word))
}
