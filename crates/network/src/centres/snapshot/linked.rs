//! The bundle of a centre from its stored chains: the one in force, and before it those that it goes back to.
//!
//! Nothing is believed here: what is put together wrongly does not verify (`envelope::centre`).

use envelope::centre::{CentreBundle, EarlierChain};
use envelope::certificate::Certificate;
use envelope::encoding::Hash;
use envelope::refusal::CentreRefusal;
use envelope::signature::SignedDocument;

use super::{StoredCentre, StoredChain};

/// Follows the heads that certificates name, from the one in force back to the first that is kept. A chain that nothing leads to is left out.
pub(super) fn bundle(stored: &StoredCentre) -> Result<CentreBundle, CentreRefusal> {
    let in_force = parse(&stored.chain)?;
    let mut others = stored.others.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut earlier = Vec::new();
    let mut wanted = previous_of(&in_force);
    while let Some(place) = others.iter().position(|chain| Some(head_of(chain)) == wanted) {
        let chain = others.swap_remove(place);
        wanted = previous_of(&chain);
        earlier.push(chain);
    }
    earlier.reverse();
    Ok(CentreBundle { certificate: in_force.certificate, statements: in_force.statements, earlier })
}

fn parse(stored: &StoredChain) -> Result<EarlierChain, CentreRefusal> {
    let document = |document: &str| SignedDocument::parse(document.as_bytes());
    Ok(EarlierChain {
        certificate: document(&stored.certificate.document)?,
        statements: stored
            .statements
            .iter()
            .map(|kept| document(&kept.document))
            .collect::<Result<_, _>>()?,
    })
}

fn head_of(chain: &EarlierChain) -> Hash {
    chain.statements.last().unwrap_or(&chain.certificate).hash()
}

fn previous_of(chain: &EarlierChain) -> Option<Hash> {
    serde_json::from_slice::<Certificate>(&chain.certificate.payload.0).ok()?.previous_chain
}
