use super::*;

#[test]
fn the_tables_can_be_read() {
    Rules::new();
}
