//! The table in `docs/profile.md` is what the command prints, and the sets are as large as the page says.

#[path = "../examples/evaluate/table.rs"]
mod table;

#[test]
fn the_page_shows_what_the_command_prints() {
    let hint = "hint: cargo run -p guesthouse-profile --example evaluate -- --write";
    assert!(table::written() == table::table(), "docs/profile.md does not show today's table\n{hint}");
}

#[test]
fn the_sets_are_large_enough() {
    for (language, count) in table::sizes() {
        assert!(count >= 100, "{language}: {count} messages");
    }
    assert!(table::sizes().iter().map(|(_, count)| count).sum::<usize>() >= 300);
}
