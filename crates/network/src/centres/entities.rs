//! The tables of this slice as the database library sees them; only `store.rs` uses them.

/// The one root of this installation.
pub(super) mod network_root {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "network_root")]
    pub struct Model {
        /// Network id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub network: Uuid,
        /// SHA-256 of the payload.
        pub hash: String,
        /// The signed document, exactly as published.
        pub document: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A centre and its public facts.
pub(super) mod centre {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "centre")]
    pub struct Model {
        /// The centre.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Its organisation.
        pub organisation_id: Uuid,
        /// Its address on the site.
        pub slug: String,
        /// `centre.json` as published.
        pub facts: String,
        /// The certificate in force.
        pub certificate_hash: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A certificate signed by governors.
pub(super) mod certificate {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "certificate")]
    pub struct Model {
        /// SHA-256 of the payload.
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: String,
        /// The centre.
        pub centre_id: Uuid,
        /// The signed document.
        pub document: String,
        /// Seconds since 1970.
        pub not_before: i64,
        /// Seconds since 1970.
        pub not_after: i64,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A statement of the chain under a certificate.
pub(super) mod statement {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement")]
    pub struct Model {
        /// The certificate.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_hash: String,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        /// SHA-256 of the payload.
        pub hash: String,
        /// The signed document.
        pub document: String,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A channel of a certificate, with what its organisation must report about residence status. The database itself refuses the safe channel
/// for a body that is bound (gate 3 of protocol section 8).
pub(super) mod certified_channel {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "certified_channel")]
    pub struct Model {
        /// The certificate.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_hash: String,
        /// `safe` or `general`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        /// `none`, `contested` or `strong`.
        pub on_status: String,
        /// Whether a local legal opinion was uploaded.
        pub opinion: bool,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Somebody who may be given the epochs of a channel, with what she and her organisation must report.
pub(super) mod channel_reader {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "channel_reader")]
    pub struct Model {
        /// The certificate.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_hash: String,
        /// `safe` or `general`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        /// A person's id, or `paper`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub reader: String,
        /// The duty of the organisation, the same as in `certified_channel`.
        pub body_on_status: String,
        /// The duty of the person; of paper that of the organisation.
        pub on_status: String,
        /// Whether a local opinion admits the person by name.
        pub named: bool,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An epoch of a channel.
pub(super) mod epoch {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "epoch")]
    pub struct Model {
        /// The certificate under which it was made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_hash: String,
        /// `safe` or `general`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        /// Its number: it rises over all certificates of the centre.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// The centre, as in the certificate.
        pub centre_id: Uuid,
        /// X25519 recipient, `age1…`.
        pub recipient: String,
        /// Seconds since 1970.
        pub not_before: i64,
        /// Seconds since 1970.
        pub not_after: i64,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The private half of an epoch, sealed to one member or to the paper identity.
pub(super) mod epoch_wrap {
    use sea_orm::entity::prelude::*;

    /// One row.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "epoch_wrap")]
    pub struct Model {
        /// The certificate under which it was made.
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_hash: String,
        /// `safe` or `general`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub channel: String,
        /// The epoch.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// A person's id, or `paper`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sealed_to: String,
        /// `WRAP_LENGTH` bytes (protocol 12.3).
        pub wrap: Vec<u8>,
    }

    /// No relation is followed: each question is one function of the store.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
