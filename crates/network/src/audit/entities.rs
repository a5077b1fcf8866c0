//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// What stays of an act for ever.
pub(super) mod leaf {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_leaf")]
    pub struct Model {
        /// SHA-256 of the rest.
        #[sea_orm(primary_key, auto_increment = false)]
        pub leaf: Vec<u8>,
        /// Word of the kind.
        pub kind: String,
        /// ISO week.
        pub week: String,
        /// Salted, of who and what.
        pub commitment: Vec<u8>,
        /// The checkpoint that took it in; none while its week lasts.
        pub checkpoint: Option<i64>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What opens a leaf, in its own table for shredding.
pub(super) mod opening {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_opening")]
    pub struct Model {
        /// The leaf.
        #[sea_orm(primary_key, auto_increment = false)]
        pub leaf: Vec<u8>,
        /// 32 random bytes.
        pub salt: Vec<u8>,
        /// Who.
        pub actor: Option<Uuid>,
        /// At which centre.
        pub centre: Option<Uuid>,
        /// A case, a person, a centre.
        pub object: Option<Uuid>,
        /// `safe` or `general`, for a case.
        pub channel: Option<String>,
        /// Openings that are gone, for an erasure.
        pub gone: i64,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tree at the end of a week.
pub(super) mod checkpoint {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_checkpoint")]
    pub struct Model {
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The week of the leaves that it took in.
        pub week: String,
        /// Leaves of the whole tree.
        pub size: i64,
        /// Root of the whole tree.
        pub root: Vec<u8>,
        /// Of itself and the one before.
        pub hash: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
