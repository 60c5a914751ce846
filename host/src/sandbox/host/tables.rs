//! `tables`: the guest's values in, `rows` answers, values out.

use crate::sandbox::bindings::guesthouse::plugin::tables::{Cell, Error, FilterStep, Host, Query, Row};
use crate::sandbox::convert;
use crate::sandbox::guest::Guest;

impl Host for Guest {
    async fn get(
        &mut self,
        table: String,
        id: i64,
        columns: Vec<String>,
    ) -> wasmtime::Result<Result<Option<Row>, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().get(&table, id, &columns).await;
        Ok(answer.map(|row| row.map(convert::row)))
    }

    async fn find(&mut self, query: Query) -> wasmtime::Result<Result<Vec<Row>, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().find(query).await;
        Ok(answer.map(|rows| rows.into_iter().map(convert::row).collect()))
    }

    async fn count(&mut self, table: String, filter: Vec<FilterStep>) -> wasmtime::Result<Result<u64, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().count(&table, filter).await;
        Ok(answer)
    }

    async fn sum(
        &mut self,
        table: String,
        column: String,
        filter: Vec<FilterStep>,
    ) -> wasmtime::Result<Result<i64, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().sum(&table, &column, filter).await;
        Ok(answer)
    }

    async fn insert(&mut self, table: String, cells: Vec<Cell>) -> wasmtime::Result<Result<i64, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().insert(&table, cells).await;
        Ok(answer)
    }

    async fn update(&mut self, table: String, id: i64, cells: Vec<Cell>) -> wasmtime::Result<Result<(), Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().update(&table, id, cells).await;
        Ok(answer)
    }

    async fn increment(
        &mut self,
        table: String,
        id: i64,
        column: String,
        by: i64,
    ) -> wasmtime::Result<Result<i64, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().increment(&table, id, &column, by).await;
        Ok(answer)
    }

    async fn delete(&mut self, table: String, id: i64) -> wasmtime::Result<Result<bool, Error>> {
        let mut entered = self.enter("tables")?;
        let answer = entered.rows().delete(&table, id).await;
        Ok(answer)
    }
}
