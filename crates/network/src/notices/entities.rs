//! The table of this slice as the database library sees it; only `store.rs` uses it.

/// Where an operator wants notices.
pub(super) mod notice {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        /// The centre for which she set it.
        pub centre_id: Uuid,
        /// The confirmed address.
        pub address: Option<String>,
        /// Whether she is told that a message waits.
        pub wants: bool,
        /// Whether she is told of a broken promise and of the end of a term.
        pub supervises: bool,
        /// Whether the mail server refused the address for good.
        pub refused: bool,
        /// The address that waits to be confirmed.
        pub asked_address: Option<String>,
        /// SHA-256 of the code that was sent there.
        pub asked_hash: Option<Vec<u8>>,
        /// Seconds since 1970: until then the code holds.
        pub asked_until: Option<i64>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
