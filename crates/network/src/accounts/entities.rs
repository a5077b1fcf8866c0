//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// The secret of this installation, born at the first start.
pub(super) mod installation {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "installation")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// 32 random bytes.
        pub secret: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An organisation of the network.
pub(super) mod organisation {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organisation")]
    pub struct Model {
        /// Random.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// As certified; unique.
        pub name: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A person with an account.
pub(super) mod person {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        /// The person's id in statements.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The organisation.
        pub organisation_id: Uuid,
        /// The name typed at sign-in.
        pub account: String,
        /// The person's name.
        pub name: String,
        /// Language tag of the passphrase words and of the console.
        pub language: String,
        /// Ed25519 public key, 32 bytes.
        pub signing_key: Vec<u8>,
        /// X25519 recipient, `age1…`.
        pub recipient: String,
        /// Whether an administrator has suspended her.
        pub suspended: bool,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a person is, and for which centre.
pub(super) mod role {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "role")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        /// The centre.
        #[sea_orm(primary_key, auto_increment = false)]
        pub centre_id: Uuid,
        /// The name of a `policy::Role`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A way to unlock a person's keys (protocol section 6).
pub(super) mod slot {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "slot")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        /// `passphrase`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Argon2id salt, 16 bytes.
        pub salt: Vec<u8>,
        /// Ed25519 public key that signs the challenge.
        pub login_key: Vec<u8>,
        /// The slot: an age file.
        pub sealed: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A session; the cookie itself is never stored.
pub(super) mod session {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// SHA-256 of the cookie's token.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: Vec<u8>,
        /// Whose it is.
        pub person_id: Uuid,
        /// Seconds since 1970.
        pub created_at: i64,
        /// Seconds since 1970.
        pub seen_at: i64,
        /// Seconds since 1970: the absolute end.
        pub expires_at: i64,
        /// Whether it began with a second factor.
        pub with_factor: bool,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The second factor of a person (docs/adr/0023-second-factor.md).
pub(super) mod factor {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "factor")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        /// `totp`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// 20 bytes, which the authenticator has as well.
        pub secret: Vec<u8>,
        /// The last step that was taken: its number since 1970.
        pub last_step: i64,
        /// The ISO week of enrolment, `2026-W48`.
        pub week: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Backup codes that are left.
pub(super) mod factor_backup {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "factor_backup")]
    pub struct Model {
        /// The person.
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        /// SHA-256 of the code, under a label.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
