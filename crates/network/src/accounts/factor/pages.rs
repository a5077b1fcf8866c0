//! The page on which somebody enrols her second factor, changes it, or draws new backup codes. Enrolling works without a script.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use envelope::audit::act::{Act, ActKind};
use jiff::civil::{ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use platform::clock::ZONE;
use platform::door::Visitor;
use platform::texts::{Language, Texts};
use platform::web::sessions::{SessionId, clear_cookie};
use platform::web::{PlatformError, Shell, render};
use qrcodegen::{QrCode, QrCodeEcc};
use serde::Deserialize;

use super::super::access::{Operator, PageOperator, PageSignedIn, SignedIn, sign_in_address};
use super::super::console::{Console, ConsoleForm, OwnForm, back};
use super::super::store;
use super::code::{Code, in_groups, to_base32};
use super::proof::{BothProofs, Word, look_at_both};
use super::{Factor, Proved, draw_backups, totp};
use crate::App;

const PATH: &str = "/console/factor";

/// A secret that is offered, in the three ways in which a telephone takes it.
struct Offer {
    /// Modules a side, with the quiet zone.
    side: i32,
    /// The path of the dark modules.
    modules: String,
    /// In groups of four.
    groups: String,
    link: String,
}

impl Offer {
    /// The offer to a person who has this factor, or none. It follows from her session, so that nothing is stored before it is confirmed.
    fn of(app: &App, signed_in: &SignedIn, now: Option<&Factor>) -> Self {
        let secret = offered(app, signed_in, now);
        let (host, account) = (app.platform.site.public.host(), &signed_in.person().account);
        let link = format!(
            "otpauth://totp/{host}:{account}?secret={}&issuer={host}&algorithm=SHA1&digits=6&period=30",
            to_base32(&secret)
        );
        let (side, modules) = modules_of(&link);
        Self { side, modules, groups: in_groups(&secret), link }
    }
}

fn offered(app: &App, signed_in: &SignedIn, now: Option<&Factor>) -> [u8; totp::SECRET_LENGTH] {
    let now = now.map_or(&[][..], |factor| &factor.secret);
    app.installation.offered_factor(&signed_in.token().id(), signed_in.person().id, now)
}

/// A text as a square of modules: how many a side, and a path of those that are dark. An empty one when the text is too long.
fn modules_of(text: &str) -> (i32, String) {
    const QUIET: i32 = 4;
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return (0, String::new()) };
    let side = code.size();
    let dark =
        (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path: Vec<String> = dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + QUIET, y + QUIET)).collect();
    (side + 2 * QUIET, path.concat())
}

/// For whoever has only begun to sign in.
#[derive(Template)]
#[template(path = "accounts/templates/factor_first.html")]
struct FirstPage {
    shell: Shell,
    csrf: String,
    name: String,
    refusal: Option<&'static str>,
    offer: Offer,
}

/// For whoever is signed in.
#[derive(Template)]
#[template(path = "accounts/templates/factor.html")]
struct FactorPage {
    shell: Shell,
    console: Console,
    csrf: String,
    account: String,
    refusal: Option<&'static str>,
    offer: Offer,
    /// The sentences that say since when, and how many backup codes are left; nothing where there is no factor.
    has: Option<(String, String)>,
}

/// The backup codes, shown once.
#[derive(Template)]
#[template(path = "accounts/templates/factor_codes.html")]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
    /// Whether she signs in again now.
    is_out: bool,
}

/// The sentence of a word after `?refused=`.
fn refusal(t: Texts, query: &HashMap<String, String>) -> Option<&'static str> {
    Some(match query.get("refused")?.as_str() {
        "code" => t.factor_refused_code(),
        "new-code" => t.factor_refused_new_code(),
        "passphrase" => t.factor_refused_passphrase(),
        "late" => t.factor_refused_late(),
        "wait" => t.factor_refused_wait(),
        _ => t.factor_refused_changed(),
    })
}

/// `GET /{lang}/console/factor`: what she has, or what she is offered.
pub(in crate::accounts) async fn factor(
    State(app): State<App>,
    language: Language,
    PageSignedIn(signed_in): PageSignedIn,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let read = app.platform.database.read();
    let now = store::factor::find(read, signed_in.person().id).await?;
    let csrf = signed_in.csrf();
    let shell = Shell::console(&app.platform, language, PATH, Some(csrf.clone()));
    let (offer, refusal) = (Offer::of(&app, &signed_in, now.as_ref()), refusal(shell.t, &query));
    match signed_in.into_operator(&app) {
        // Enrolled meanwhile, from elsewhere: only the code opens more.
        Err(_) if now.is_some() => Ok(Redirect::to(&sign_in_address(language)).into_response()),
        Err(begun) => render(&FirstPage { name: begun.person().name.clone(), shell, csrf, refusal, offer }),
        Ok(operator) => {
            let left = store::factor::count_backups(read, operator.person().id).await?;
            let PageOperator(operator) = PageOperator::of(&app, operator, language).await?;
            render(&FactorPage {
                console: Console::of(&app, &operator),
                account: operator.person().account.clone(),
                has: now.map(|factor| (since(shell.t, &factor.week), shell.t.factor_left(left))),
                csrf,
                refusal,
                offer,
                shell,
            })
        }
    }
}

/// A form with the first code of what was offered.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::accounts) struct FirstCode {
    language: String,
    code: String,
}

/// `POST /console/factor`: the first code is right, and so the offer is hers. Her other sessions end; this one too, if it began without a
/// factor where one is required.
pub(in crate::accounts) async fn enrol(
    State(app): State<App>,
    form: OwnForm<FirstCode>,
) -> Result<Response, PlatformError> {
    let (signed_in, fields) = (form.signed_in, form.fields);
    let secret = offered(&app, &signed_in, None);
    let Some(new) = confirmed(&app, &secret, &fields.code) else {
        return Ok(back(&fields.language, PATH, "refused=new-code"));
    };
    let change = Change::Enrolled(new);
    let is_out = signed_in.is_begun_only(&app);
    write(&app, &signed_in, change, is_out, &fields.language).await
}

/// A form that changes the telephone.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::accounts) struct NewPhone {
    language: String,
    new_code: String,
    #[serde(flatten)]
    proofs: BothProofs,
}

/// `POST /console/factor/replace`: another telephone, after the passphrase and a code of the old one. Her other sessions end.
pub(in crate::accounts) async fn replace(
    State(app): State<App>,
    visitor: Visitor,
    form: ConsoleForm<NewPhone>,
) -> Result<Response, PlatformError> {
    let (operator, fields) = (form.operator, form.fields);
    let refused = |word: Word| Ok(back(&fields.language, PATH, &format!("refused={word}")));
    let Some(old) = find(&app, &operator).await? else { return refused("changed") };
    // Before the other code is looked at: that one is used up by looking.
    let secret = offered(&app, operator.signed_in(), Some(&old));
    let Some(new) = confirmed(&app, &secret, &fields.new_code) else { return refused("new-code") };
    match look_at_both(&app, &visitor, &operator, &old, &fields.proofs).await? {
        Err(word) => refused(word),
        Ok(proved) => {
            write(&app, operator.signed_in(), Change::Replaced(new, proved), false, &fields.language).await
        }
    }
}

/// A form that draws new backup codes.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::accounts) struct NewCodes {
    language: String,
    #[serde(flatten)]
    proofs: BothProofs,
}

/// `POST /console/factor/codes`: ten new backup codes in place of those that are left, after both proofs. Her other sessions end.
pub(in crate::accounts) async fn renew_codes(
    State(app): State<App>,
    visitor: Visitor,
    form: ConsoleForm<NewCodes>,
) -> Result<Response, PlatformError> {
    let (operator, fields) = (form.operator, form.fields);
    let refused = |word: Word| Ok(back(&fields.language, PATH, &format!("refused={word}")));
    let Some(old) = find(&app, &operator).await? else { return refused("changed") };
    match look_at_both(&app, &visitor, &operator, &old, &fields.proofs).await? {
        Err(word) => refused(word),
        Ok(proved) => write(&app, operator.signed_in(), Change::Codes(proved), false, &fields.language).await,
    }
}

async fn find(app: &App, operator: &Operator) -> Result<Option<Factor>, PlatformError> {
    Ok(store::factor::find(app.platform.database.read(), operator.person().id).await?)
}

/// The factor of an offered secret whose first code is right; that step is taken.
fn confirmed(app: &App, secret: &[u8], typed: &str) -> Option<Factor> {
    let now = app.platform.now();
    let Some(Code::Timed(given)) = Code::parse(typed) else { return None };
    let last_step = totp::accepted(secret, given, now, None)?;
    let week = now.to_zoned(TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)).date().iso_week_date();
    let week = format!("{:04}-W{:02}", week.year(), week.week());
    Some(Factor { secret: secret.to_vec(), last_step, week })
}

/// What is changed about what she signs in with.
enum Change {
    Enrolled(Factor),
    Replaced(Factor, Proved),
    Codes(Proved),
}

impl Change {
    fn act(&self) -> ActKind {
        match self {
            Self::Enrolled(_) => ActKind::FactorEnrolled,
            Self::Replaced(..) => ActKind::FactorReplaced,
            Self::Codes(_) => ActKind::BackupCodesDrawn,
        }
    }

    fn proved(&self) -> Option<&Proved> {
        match self {
            Self::Enrolled(_) => None,
            Self::Replaced(_, proved) | Self::Codes(proved) => Some(proved),
        }
    }
}

/// Does it, ends sessions, and shows the ten codes once.
async fn write(
    app: &App,
    signed_in: &SignedIn,
    change: Change,
    is_out: bool,
    language: &str,
) -> Result<Response, PlatformError> {
    let (codes, hashes) = draw_backups(&app.platform.random);
    let (person, own) = (signed_in.person().id, signed_in.token().id());
    let acts = {
        let used = change.proved().is_some_and(Proved::is_backup).then_some(ActKind::BackupCodeUsed);
        let act = |kind| Act::of_centre(kind, Some(person), signed_in.centre(), person);
        used.into_iter().chain([change.act()]).map(act).collect::<Vec<_>>()
    };
    let (asked, hashes, acts) = (&change, &hashes, &acts);
    let written = app
        .platform
        .database
        .write(|transaction| async move {
            // Whatever took rights from her meanwhile has ended her session.
            if !signed_in.is_still_there(&transaction).await? {
                return Ok(Err("changed"));
            }
            if let Some(proved) = asked.proved()
                && !proved.take(&transaction).await?
            {
                return Ok(Err("code"));
            }
            match asked {
                Change::Enrolled(_) if store::factor::find(&transaction, person).await?.is_some() => {
                    return Ok(Err("changed"));
                }
                Change::Enrolled(new) | Change::Replaced(new, _) => {
                    store::factor::insert(&transaction, person, new, hashes).await?;
                }
                Change::Codes(_) => store::factor::amend_backups(&transaction, person, hashes).await?,
            }
            let kept: &[u8] = if is_out { &[] } else { &own };
            let ended = store::delete_other_sessions(&transaction, person, kept).await?;
            for act in acts {
                app.record(&transaction, *act).await?;
            }
            Ok::<Result<Vec<Vec<u8>>, Word>, PlatformError>(Ok(ended))
        })
        .await?;
    let ended = match written {
        Ok(ended) => ended,
        Err(word) => return Ok(back(language, PATH, &format!("refused={word}"))),
    };
    for id in ended.iter().filter_map(|id| SessionId::try_from(id.as_slice()).ok()) {
        app.platform.secrets.end(&id);
    }
    if let Some(proved) = change.proved() {
        proved.forgive(app);
    }
    let language = Language::find(language).unwrap_or_default();
    let shell = Shell::console(&app.platform, language, PATH, None);
    let page = render(&CodesPage { shell, codes, is_out })?;
    Ok(if is_out { (AppendHeaders([clear_cookie(&app.platform.site)]), page).into_response() } else { page })
}

/// The sentence about a stored week, by its Monday.
fn since(t: Texts, week: &str) -> String {
    let day = week.split_once("-W").and_then(|(year, number)| {
        ISOWeekDate::new(year.parse().ok()?, number.parse().ok()?, Weekday::Monday).ok()
    });
    let day = day.map(ISOWeekDate::date);
    t.factor_since(
        day.map_or_else(|| week.to_owned(), |day| t.layout_date(day.day(), day.month(), day.year())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_square_with_a_quiet_zone() {
        let (side, modules) = modules_of("otpauth://totp/a:b?secret=MZXW6YTB");
        // Version 3 has 29 modules a side; the finder's corner lies behind four quiet ones.
        assert_eq!(side, 29 + 8);
        assert!(modules.starts_with("M4 4h1v1h-1z"), "{modules:.40}");
    }
}
