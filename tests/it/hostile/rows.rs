//! Rows that are each as large as a call can carry: a query over many of them ends before they fill the memory.

use crate::support::{Database, House, fixture};

#[tokio::test]
async fn large_rows_are_read_up_to_a_limit() {
    for database in Database::each().await {
        let house = House::opens_with(database, "attempts = 1\ncpu_ms = 10000", &[fixture("hostile")]).await;
        let user = house.person(1002);
        for turns in 1..=3 {
            user.says("/write 10").await;
            assert_eq!(user.sees_all(2).await, "never seen\n---\nwrite did no harm to me");
            user.says("/count").await;
            assert_eq!(user.sees().await, format!("{} rows there", turns * 10));
        }
        // All at once is more than an answer may have, and several answers are more than a turn may keep.
        user.says("/read 1000").await;
        assert_eq!(user.sees().await, "0 rows, then: the answer has more than 16 MiB; ask for fewer rows or columns");
        user.says("/read 6").await;
        assert_eq!(user.sees().await, "12 rows, then: more than 16 MiB read, written and sent in one turn");
        house.closes([user]).await;
    }
}
