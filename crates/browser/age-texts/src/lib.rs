//! A stand-in for `i18n-embed-fl` (docs/adr/0005): `age` names one text of its own while it reads a file, and for that one text the
//! original brings a translation engine and seven languages into the WebAssembly core, a third of its weight. No code of ours shows
//! a text of `age`: refusals are codes. Here a text is the name of the message.

use proc_macro::{Delimiter, TokenStream, TokenTree};

/// `fl!(loader, "message-id", …)` is the message's id as a `String`.
#[proc_macro]
pub fn fl(input: TokenStream) -> TokenStream {
    let id = first_literal(input).unwrap_or_else(|| "\"\"".to_owned());
    format!("::std::string::String::from({id})").parse().unwrap_or_default()
}

/// A literal that came through another macro stands in a group without delimiters.
fn first_literal(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string()),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => first_literal(group.stream()),
        _ => None,
    })
}
