//! Carrying rows from one database into another, whatever the engines, a page at a time in the order of the primary key.

use platform::database::DatabaseError;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::tables::{Column, Kind, Table, quoted};

/// The values of one row, in the order of the table's columns.
pub(super) type Row = Vec<Value>;

/// Reads a table to its end.
#[derive(Debug)]
pub(super) struct Pages<'a, C> {
    connection: &'a C,
    table: &'a Table,
    condition: Option<String>,
    limit: u64,
    after: Option<Row>,
    is_over: bool,
}

impl<'a, C: ConnectionTrait> Pages<'a, C> {
    /// All rows of a table, so many at once.
    pub(super) fn of(connection: &'a C, table: &'a Table, limit: u64) -> Self {
        Self { connection, table, condition: None, limit, after: None, is_over: false }
    }

    /// Only rows in which one of these columns has a value.
    pub(super) fn with_any(mut self, columns: &[&str]) -> Self {
        let any: Vec<String> =
            columns.iter().map(|column| format!("{} IS NOT NULL", quoted(column))).collect();
        self.condition = Some(format!("({})", any.join(" OR ")));
        self
    }

    /// The next page; none after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<Row>>, DatabaseError> {
        if self.is_over {
            return Ok(None);
        }
        let engine = self.connection.get_database_backend();
        let keys = self.table.keys();
        let sorted: Vec<String> = keys.iter().map(|key| quoted(&key.name)).collect();
        let sorted = sorted.join(", ");
        let shown: Vec<String> = self.table.columns.iter().map(|column| shown(column, engine)).collect();
        let mut conditions: Vec<String> = self.condition.iter().cloned().collect();
        let mut values = Vec::new();
        if let Some(after) = &self.after {
            let places: Vec<String> = (1..=after.len()).map(|place| format!("${place}")).collect();
            conditions.push(format!("({sorted}) > ({})", places.join(", ")));
            values.clone_from(after);
        }
        let conditions = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        let question = format!(
            "SELECT {} FROM {}{conditions} ORDER BY {sorted} LIMIT {}",
            shown.join(", "),
            quoted(&self.table.name),
            self.limit
        );
        let statement = Statement::from_sql_and_values(engine, question, values);
        let found = self.connection.query_all_raw(statement).await?;
        let rows = found.iter().map(|row| read(row, self.table)).collect::<Result<Vec<Row>, DbErr>>()?;
        self.is_over = u64::try_from(rows.len()).map_or(true, |length| length < self.limit);
        let Some(last) = rows.last() else { return Ok(None) };
        let of_key = |key: &&Column| {
            let place = self.table.columns.iter().position(|column| column.name == key.name);
            place.and_then(|place| last.get(place)).cloned()
        };
        self.after = keys.iter().map(of_key).collect();
        Ok(Some(rows))
    }
}

/// A column as it is asked for: PostgreSQL has two kinds of whole numbers, and one reading must do for both.
fn shown(column: &Column, engine: DatabaseBackend) -> String {
    let name = quoted(&column.name);
    if engine == DatabaseBackend::Postgres && column.kind == Kind::Number {
        return format!("CAST({name} AS bigint) AS {name}");
    }
    name
}

fn read(row: &QueryResult, table: &Table) -> Result<Row, DbErr> {
    let value = |(place, column): (usize, &Column)| -> Result<Value, DbErr> {
        Ok(match column.kind {
            Kind::Number => row.try_get_by_index::<Option<i64>>(place)?.into(),
            Kind::Truth => row.try_get_by_index::<Option<bool>>(place)?.into(),
            Kind::Text => row.try_get_by_index::<Option<String>>(place)?.into(),
            Kind::Bytes => row.try_get_by_index::<Option<Vec<u8>>>(place)?.into(),
            Kind::Id => row.try_get_by_index::<Option<Uuid>>(place)?.into(),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// The id at a place of a row.
pub(super) fn id_at(row: &Row, place: usize) -> Option<Uuid> {
    <Uuid as sea_orm::sea_query::ValueType>::try_from(row.get(place)?.clone()).ok()
}

/// Adds rows to a table.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    table: &Table,
    rows: &[Row],
) -> Result<(), DatabaseError> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let width = columns.len();
    let places = (0..rows.len()).map(|row| {
        let places: Vec<String> = (1..=width).map(|place| format!("${}", row * width + place)).collect();
        format!("({})", places.join(", "))
    });
    let places: Vec<String> = places.collect();
    let statement =
        format!("INSERT INTO {} ({}) VALUES {}", quoted(&table.name), columns.join(", "), places.join(", "));
    let engine = connection.get_database_backend();
    let values: Vec<Value> = rows.iter().flatten().cloned().collect();
    connection.execute_raw(Statement::from_sql_and_values(engine, statement, values)).await?;
    Ok(())
}

/// Writes the columns that are no keys into rows that are there; where a row is gone, nothing happens.
pub(super) async fn amend(
    connection: &impl ConnectionTrait,
    table: &Table,
    row: &Row,
) -> Result<(), DatabaseError> {
    let part = |is_key: bool, with: &str| {
        let parts = table.columns.iter().enumerate().filter(|(_, column)| (column.key > 0) == is_key);
        let parts: Vec<String> =
            parts.map(|(place, column)| format!("{} = ${}", quoted(&column.name), place + 1)).collect();
        parts.join(with)
    };
    let statement =
        format!("UPDATE {} SET {} WHERE {}", quoted(&table.name), part(false, ", "), part(true, " AND "));
    let engine = connection.get_database_backend();
    connection.execute_raw(Statement::from_sql_and_values(engine, statement, row.clone())).await?;
    Ok(())
}

/// How many rows a table has.
pub(super) async fn count(connection: &impl ConnectionTrait, table: &str) -> Result<u64, DatabaseError> {
    number(connection, &format!("SELECT count(*) FROM {}", quoted(table))).await
}

/// The one number that a question answers with.
pub(super) async fn number(connection: &impl ConnectionTrait, question: &str) -> Result<u64, DatabaseError> {
    let statement = Statement::from_string(connection.get_database_backend(), question);
    let row = connection.query_one_raw(statement).await?;
    let number: i64 = row.ok_or_else(|| DbErr::Custom("no answer".to_owned()))?.try_get_by_index(0)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// The texts that a question answers with.
pub(super) async fn texts(
    connection: &impl ConnectionTrait,
    question: &str,
) -> Result<Vec<String>, DatabaseError> {
    let statement = Statement::from_string(connection.get_database_backend(), question);
    let rows = connection.query_all_raw(statement).await?;
    let texts: Vec<Option<String>> =
        rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
    Ok(texts.into_iter().flatten().collect())
}
