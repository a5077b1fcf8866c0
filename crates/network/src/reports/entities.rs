//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// A case as far as the server may know it (protocol section 4.1).
pub(super) mod report {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report")]
    pub struct Model {
        /// The case, made in her browser.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The centre.
        pub centre_id: Uuid,
        /// `safe` or `general`.
        pub channel: String,
        /// SHA-256 of her signing key.
        pub mailbox: Vec<u8>,
        /// The epoch it was sealed to.
        pub epoch: i64,
        /// Word of the state.
        pub state: String,
        /// Raised by every change; every change names the one it saw.
        pub version: i64,
        /// She ticked the box.
        pub urgent: bool,
        /// Interface language.
        pub language: String,
        /// Length of the largest frame of hers.
        pub size_class: i32,
        /// ISO week of her latest item.
        pub week: String,
        /// Arrival day, until opened or seven days old.
        pub arrived_on: Option<String>,
        /// Whether the centre that holds it ever opened it.
        pub opened: bool,
        /// Whether the centre ever answered.
        pub answered: bool,
        /// Items of the conversation.
        pub conversation_items: i64,
        /// Items of the notes.
        pub notes_items: i64,
        /// The other centre that can open it, if she named one.
        pub second_centre_id: Option<Uuid>,
        /// The epoch of that centre.
        pub second_epoch: Option<i64>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A mailbox id that led to a case once and leads nowhere now (protocol section 7.4).
pub(super) mod past {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailbox_past")]
    pub struct Model {
        /// SHA-256 of the signing key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub mailbox: Vec<u8>,
        /// The case it led to.
        pub case_id: Uuid,
        /// `rotated`, `burned`, or `undone`: the new id of a rotation that two members took back.
        pub cause: String,
        /// ISO week in which it happened.
        pub week: String,
        /// Place of the rotation in the conversation.
        pub seq: Option<i64>,
        /// Notes of the case when it happened: signatures for undoing come after them.
        pub notes_before: i64,
        /// The word typed at a burn, sealed.
        pub word: Option<Vec<u8>>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A sealed item, taken apart into its parts; wraps are apart.
pub(super) mod item {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_item")]
    pub struct Model {
        /// The item.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The case.
        pub case_id: Uuid,
        /// `conversation` or `notes`.
        pub chain: String,
        /// From 1 in its chain.
        pub seq: i64,
        /// Word of the kind.
        pub kind: String,
        /// Length of the whole frame.
        pub length: i32,
        /// The clear fields, exact bytes.
        pub clear: Vec<u8>,
        /// The age file.
        pub body: Vec<u8>,
        /// SHA-256 of the body.
        pub body_hash: Vec<u8>,
        /// The author's, 64 bytes.
        pub signature: Vec<u8>,
        /// SHA-256 of the whole frame (protocol section 7.5).
        pub frame_hash: Vec<u8>,
        /// ISO week.
        pub week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A wrap of an item key, in its own table for shredding.
pub(super) mod wrap {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "report_wrap")]
    pub struct Model {
        /// The item.
        #[sea_orm(primary_key, auto_increment = false)]
        pub item_id: Uuid,
        /// Its place in the frame, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        /// 1 epoch, 2 receipt.
        pub kind: i32,
        /// Exact bytes.
        pub wrap: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
