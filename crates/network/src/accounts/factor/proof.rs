//! Both proofs at once, for whoever changes what she signs in with: the passphrase by a signature, and a current code.

use envelope::encoding::from_base64;
use envelope::mailbox::{Nonce, NonceLabel};
use envelope::signature::Signature;
use platform::door::Visitor;
use platform::web::PlatformError;
use serde::Deserialize;

use super::super::access::Operator;
use super::super::model::AccountName;
use super::super::passphrase::is_signed;
use super::super::secrets::Use;
use super::super::store;
use super::{CodeRefusal, Factor, Proved};
use crate::App;

/// What a form of the page brings.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::accounts) struct BothProofs {
    nonce: String,
    signature: String,
    code: String,
}

/// Why nothing was changed, as the word after `?refused=`.
pub(super) type Word = &'static str;

/// Looks at both proofs of an operator against the factor that she has. The challenge is that of signing in, and used up here.
pub(super) async fn look_at_both(
    app: &App,
    visitor: &Visitor,
    operator: &Operator,
    factor: &Factor,
    proofs: &BothProofs,
) -> Result<Result<Proved, Word>, PlatformError> {
    let person = operator.person();
    let nonce = from_base64(&proofs.nonce).ok().and_then(|nonce| Nonce::from_slice(&nonce).ok());
    let (Some(nonce), Ok(signature)) = (nonce, Signature::parse(&proofs.signature)) else {
        return Ok(Err("passphrase"));
    };
    let now = app.platform.now();
    if app.platform.nonces.check(NonceLabel::SignIn.name(), nonce.as_bytes(), now).is_err() {
        return Ok(Err("late"));
    }
    let Ok(attempt) = app.delays.begin(&person.account, visitor.network(), now) else {
        return Ok(Err("wait"));
    };
    let slot = match AccountName::parse(&person.account) {
        Some(account) => store::find_slot(app.platform.database.read(), &account).await?,
        None => None,
    };
    if !is_signed(slot.as_ref(), &nonce, &person.account, &signature) {
        return Ok(Err("passphrase"));
    }
    app.delays.forgive(&attempt);
    let proved = match Proved::look_at(app, person.id, factor, &proofs.code).await {
        Ok(proved) => proved,
        Err(CodeRefusal::Wait(_)) => return Ok(Err("wait")),
        Err(CodeRefusal::Wrong) => return Ok(Err("code")),
        Err(CodeRefusal::Database(error)) => return Err(error.into()),
    };
    Ok(match app.used_nonces.take(*nonce.as_bytes(), now) {
        Use::First => Ok(proved),
        Use::Again | Use::Full => Err("late"),
    })
}
