//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// A sealed file as far as the server may know it.
pub(super) mod file {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "file")]
    pub struct Model {
        /// The file: the first half of the hash of its upload key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// How many chunks it has.
        pub chunks: i32,
        /// How many are kept.
        pub kept: i32,
        /// The day of the first one, until an item names the file.
        pub arrived_on: Option<String>,
        /// The case of the item that names it.
        pub case_id: Option<Uuid>,
        /// The item that names it.
        pub item_id: Option<Uuid>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A chunk of a sealed file.
pub(super) mod chunk {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "file_chunk")]
    pub struct Model {
        /// The file.
        #[sea_orm(primary_key, auto_increment = false)]
        pub file_id: Uuid,
        /// Its place, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// SHA-256 of its bytes: what makes a repeat a repeat.
        pub hash: Vec<u8>,
        /// Sealed bytes.
        pub bytes: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
