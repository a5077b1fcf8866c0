//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// How long a closed case is kept.
pub(super) mod keeping {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_keeping")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The centre.
        pub centre_id: Uuid,
        /// Word of the purpose.
        pub purpose: String,
        /// ISO week of closing.
        pub closed_week: String,
        /// Items of the conversation at closing.
        pub items: i64,
        /// Not before the end of this week.
        pub at_least_week: Option<String>,
        /// The week after whose end it goes.
        pub due_week: Option<String>,
        /// Since when it stands in the list.
        pub warned_week: Option<String>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What stands against shredding.
pub(super) mod hold {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_hold")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The centre.
        pub centre_id: Uuid,
        /// Word of the reason.
        pub reason: String,
        /// Who placed it.
        pub placed_by: Uuid,
        /// ISO week.
        pub placed_week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The first of two people proposes to shred a case.
pub(super) mod proposal {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shred_proposal")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// The centre.
        pub centre_id: Uuid,
        /// Word of the reason.
        pub reason: String,
        /// Items of the conversation then.
        pub items: i64,
        /// Who proposes.
        pub proposed_by: Uuid,
        /// ISO week.
        pub week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A case whose shredding was decided and is not yet complete.
pub(super) mod shredding {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shredding")]
    pub struct Model {
        /// The case.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_id: Uuid,
        /// ISO week.
        pub week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A tombstone: what was shredded stays shredded after a restore.
pub(super) mod shredded {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "shredded")]
    pub struct Model {
        /// SHA-256 of the 16 bytes of the case id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub case_hash: Vec<u8>,
        /// ISO week.
        pub week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A centre's table of terms: the one in force and the one that waits for a second person.
pub(super) mod table {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "retention_table")]
    pub struct Model {
        /// The centre.
        #[sea_orm(primary_key, auto_increment = false)]
        pub centre_id: Uuid,
        /// `proposed` or `approved`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub standing: String,
        /// Purpose to term, JSON.
        pub terms: String,
        /// Who proposed it.
        pub proposed_by: Uuid,
        /// ISO week.
        pub proposed_week: String,
        /// Who confirmed it.
        pub confirmed_by: Option<Uuid>,
        /// ISO week.
        pub confirmed_week: Option<String>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What was seen of the calendar: one row.
pub(super) mod clock {
    use sea_orm::entity::prelude::*;

    /// The row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "keeping_clock")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// ISO week of the last round.
        pub seen_week: String,
        /// ISO week since when none was left out.
        pub steady_since_week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
