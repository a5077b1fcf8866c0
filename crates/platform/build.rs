//! Turns `translations/<language>/*.ftl` into typed methods, so that a message that is missing, or that
//! takes other variables in another language, stops the build and names file, message and language.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

/// The languages of the interface; `platform::texts::Language` has one variant for each.
const LANGUAGES: [&str; 2] = ["it", "en"];

/// One message of one language, as far as the generated code must know it.
struct Message {
    file: String,
    /// All words a reader may see, without the values of variables.
    words: String,
    variables: BTreeSet<String>,
    /// Messages and terms (`-name`) whose variables count as its own.
    references: BTreeSet<String>,
    /// Carries `# limits: …`, the reason why a word of promise may stand here.
    limits: bool,
}

struct Catalogue {
    language: &'static str,
    files: Vec<(String, PathBuf, String)>,
    messages: BTreeMap<String, Message>,
    terms: BTreeMap<String, Message>,
}

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../translations");
    println!("cargo::rerun-if-changed={}", folder.display());
    match generate(&folder) {
        Ok(code) => {
            let out = PathBuf::from(env::var("OUT_DIR").unwrap_or_default()).join("texts.rs");
            if let Err(error) = fs::write(&out, code) {
                fail(&[format!("cannot write {}: {error}", out.display())]);
            }
        }
        Err(problems) => fail(&problems),
    }
}

fn fail(problems: &[String]) -> ! {
    for problem in problems {
        println!("cargo::error=translations: {problem}");
    }
    std::process::exit(1);
}

fn generate(folder: &Path) -> Result<String, Vec<String>> {
    let mut problems = Vec::new();
    let catalogues: Vec<Catalogue> =
        LANGUAGES.iter().map(|language| read(folder, language, &mut problems)).collect();
    compare(&catalogues, &mut problems);
    if problems.is_empty() { Ok(code(&catalogues)) } else { Err(problems) }
}

fn read(folder: &Path, language: &'static str, problems: &mut Vec<String>) -> Catalogue {
    let mut catalogue =
        Catalogue { language, files: Vec::new(), messages: BTreeMap::new(), terms: BTreeMap::new() };
    let own = folder.join(language);
    println!("cargo::rerun-if-changed={}", own.display());
    let mut paths: Vec<PathBuf> = match fs::read_dir(&own) {
        Ok(entries) => entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect(),
        Err(error) => {
            problems.push(format!("{}: {error}", own.display()));
            return catalogue;
        }
    };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ftl"));
    paths.sort();
    for path in paths {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        match fs::read_to_string(&path) {
            Ok(source) => read_file(&mut catalogue, &name, &source, path, problems),
            Err(error) => problems.push(format!("{language}/{name}: {error}")),
        }
    }
    catalogue
}

fn read_file(catalogue: &mut Catalogue, name: &str, source: &str, path: PathBuf, problems: &mut Vec<String>) {
    let place = format!("{}/{name}", catalogue.language);
    let reviewer = source.lines().next().and_then(|line| line.strip_prefix("# reviewed_by: ")).map(str::trim);
    match reviewer {
        Some(reviewer) if !reviewer.is_empty() => {
            catalogue.files.push((name.to_owned(), path, reviewer.to_owned()));
        }
        _ => problems.push(format!("{place}: the first line must be `# reviewed_by: unreviewed` or a name")),
    }
    let resource = match parser::parse(source) {
        Ok(resource) => resource,
        Err((_, errors)) => {
            for error in errors {
                let line = source.get(..error.pos.start).map_or(0, |before| before.matches('\n').count()) + 1;
                problems.push(format!("{place}:{line}: {}", error.kind));
            }
            return;
        }
    };
    for entry in resource.body {
        let (id, term, value, attributes, comment) = match entry {
            Entry::Message(message) => {
                (message.id.name, false, message.value, message.attributes.len(), message.comment)
            }
            Entry::Term(term) => (term.id.name, true, Some(term.value), term.attributes.len(), term.comment),
            _ => continue,
        };
        if attributes > 0 {
            problems.push(format!("{place}: `{id}` has attributes; write messages of their own"));
        }
        if !term
            && (!id.contains('-')
                || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
        {
            problems
                .push(format!("{place}: `{id}` must be lower-kebab-case and begin with the slice's prefix"));
        }
        let Some(pattern) = value else {
            problems.push(format!("{place}: `{id}` has no text"));
            continue;
        };
        let limits = comment.is_some_and(|comment| {
            comment
                .content
                .iter()
                .any(|line| line.trim().strip_prefix("limits: ").is_some_and(|why| !why.is_empty()))
        });
        let mut message = Message {
            file: name.to_owned(),
            words: String::new(),
            variables: BTreeSet::new(),
            references: BTreeSet::new(),
            limits,
        };
        walk(&pattern, &mut message);
        let map = if term { &mut catalogue.terms } else { &mut catalogue.messages };
        if let Some(earlier) = map.insert(id.to_owned(), message) {
            problems.push(format!("{place}: `{id}` stands already in {}", earlier.file));
        }
    }
}

fn walk(pattern: &Pattern<&str>, message: &mut Message) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => message.words.push_str(value),
            PatternElement::Placeable { expression } => walk_expression(expression, message),
        }
    }
}

fn walk_expression(expression: &Expression<&str>, message: &mut Message) {
    match expression {
        Expression::Inline(inline) => walk_inline(inline, message),
        Expression::Select { selector, variants } => {
            walk_inline(selector, message);
            for variant in variants {
                message.words.push(' ');
                walk(&variant.value, message);
            }
        }
    }
}

fn walk_inline(inline: &InlineExpression<&str>, message: &mut Message) {
    match inline {
        InlineExpression::StringLiteral { value } => message.words.push_str(value),
        InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::VariableReference { id } => {
            message.variables.insert(id.name.to_owned());
        }
        InlineExpression::MessageReference { id, .. } => {
            message.references.insert(id.name.to_owned());
        }
        InlineExpression::TermReference { id, .. } => {
            message.references.insert(format!("-{}", id.name));
        }
        InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                walk_inline(argument, message);
            }
        }
        InlineExpression::Placeable { expression } => walk_expression(expression, message),
    }
}

/// The variables of a message and of everything it refers to; problems are written down.
fn variables(
    catalogue: &Catalogue,
    id: &str,
    seen: &mut BTreeSet<String>,
    problems: &mut Vec<String>,
) -> BTreeSet<String> {
    let found = match id.strip_prefix('-') {
        Some(term) => catalogue.terms.get(term),
        None => catalogue.messages.get(id),
    };
    let mut all = BTreeSet::new();
    let Some(message) = found else {
        problems.push(format!("{}: something refers to `{id}`, which does not exist", catalogue.language));
        return all;
    };
    if seen.insert(id.to_owned()) {
        all.extend(message.variables.iter().cloned());
        for reference in &message.references {
            all.extend(variables(catalogue, reference, seen, problems));
        }
    }
    all
}

fn compare(catalogues: &[Catalogue], problems: &mut Vec<String>) {
    let mut needed: BTreeMap<&str, (&str, &str, BTreeSet<String>)> = BTreeMap::new();
    for catalogue in catalogues {
        for (id, message) in &catalogue.messages {
            let used = variables(catalogue, id, &mut BTreeSet::new(), problems);
            match needed.get(id.as_str()) {
                None => {
                    needed.insert(id, (catalogue.language, &message.file, used));
                }
                Some((language, _, other)) if *other != used => problems.push(format!(
                    "{}/{}: `{id}` uses the variables {used:?}, but in {language} {other:?}",
                    catalogue.language, message.file
                )),
                Some((language, file, _)) if *file != message.file => problems.push(format!(
                    "{}/{}: `{id}` stands in {file} in {language}; keep it in the same file",
                    catalogue.language, message.file
                )),
                Some(_) => {}
            }
        }
    }
    for catalogue in catalogues {
        for (id, (language, file, _)) in &needed {
            if !catalogue.messages.contains_key(*id) {
                problems.push(format!(
                    "{}/{file}: `{id}` is missing (it exists in {language})",
                    catalogue.language
                ));
            }
        }
    }
}

fn code(catalogues: &[Catalogue]) -> String {
    let mut out = String::from("// Generated by build.rs from translations/; edit the .ftl files instead.\n");
    let Some(first) = catalogues.first() else { return out };
    let mut ordered: Vec<(&String, &Message)> = first.messages.iter().collect();
    ordered.sort_by_key(|(id, message)| (message.file.clone(), (*id).clone()));
    // English, where there is one, reads best in the documentation of the methods.
    let shown = catalogues.iter().find(|catalogue| catalogue.language == "en").unwrap_or(first);

    out.push_str("impl Texts {\n");
    for (index, (id, message)) in ordered.iter().enumerate() {
        let words = shown
            .messages
            .get(*id)
            .map(|message| message.words.split_whitespace().collect::<Vec<_>>().join(" "));
        let words = words.unwrap_or_default();
        let used = variables(first, id, &mut BTreeSet::new(), &mut Vec::new());
        let method = id.replace('-', "_");
        let _ = writeln!(out, "    #[doc = {:?}]", format!("{}: {words}", message.file));
        if used.is_empty() {
            let _ = writeln!(
                out,
                "    #[must_use]\n    pub fn {method}(&self) -> &'static str {{ self.fixed({index}) }}"
            );
        } else {
            let parameters: Vec<String> =
                used.iter().map(|name| format!("{}: impl Into<FluentValue<'a>>", rust_name(name))).collect();
            let values: Vec<String> =
                used.iter().map(|name| format!("({name:?}, {}.into())", rust_name(name))).collect();
            let _ = writeln!(
                out,
                "    #[must_use]\n    pub fn {method}<'a>(&self, {}) -> String {{ self.filled({id:?}, [{}]) }}",
                parameters.join(", "),
                values.join(", ")
            );
        }
    }
    out.push_str("}\n");

    out.push_str("/// All messages, ordered by slice and name; the position is the one the methods use.\n");
    out.push_str("pub(crate) const MESSAGES: &[MessageFacts] = &[\n");
    for (id, message) in &ordered {
        let used = variables(first, id, &mut BTreeSet::new(), &mut Vec::new());
        let names: Vec<String> = used.into_iter().collect();
        let _ = writeln!(
            out,
            "    MessageFacts {{ id: {id:?}, file: {:?}, variables: &{names:?} }},",
            message.file
        );
    }
    out.push_str("];\n\n/// Every file in every language.\npub(crate) const SOURCES: &[SourceFile] = &[\n");
    for catalogue in catalogues {
        for (name, _, reviewer) in &catalogue.files {
            let _ = writeln!(
                out,
                "    SourceFile {{ language: {:?}, file: {name:?}, reviewed_by: {reviewer:?}, source: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../translations/{}/{name}\")) }},",
                catalogue.language, catalogue.language
            );
        }
    }
    out.push_str("];\n\n/// (language, message, all its words, carries `# limits:`).\n#[cfg(test)]\npub(crate) const WORDS: &[(&str, &str, &str, bool)] = &[\n");
    for catalogue in catalogues {
        for (id, message) in catalogue.messages.iter().chain(&catalogue.terms) {
            let _ = writeln!(
                out,
                "    ({:?}, {id:?}, {:?}, {}),",
                catalogue.language, message.words, message.limits
            );
        }
    }
    out.push_str("];\n");
    out
}

fn rust_name(variable: &str) -> String {
    let name = variable.replace('-', "_").to_lowercase();
    match name.as_str() {
        "type" | "in" | "for" | "where" | "use" | "match" | "ref" | "move" | "mod" | "as" | "self" => {
            format!("{name}_")
        }
        _ => name,
    }
}

/// Run through `tests/translations.rs`, which includes this file.
#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# reviewed_by: unreviewed\n";

    /// What the build says about one file in two languages.
    fn problems(italian: &str, english: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (language, text) in [("it", italian), ("en", english)] {
            fs::create_dir(folder.path().join(language)).unwrap();
            fs::write(folder.path().join(language).join("slice.ftl"), text).unwrap();
        }
        generate(folder.path()).err().unwrap_or_default()
    }

    fn both(italian: &str, english: &str) -> Vec<String> {
        problems(&format!("{HEAD}{italian}"), &format!("{HEAD}{english}"))
    }

    #[test]
    fn what_agrees_is_built() {
        assert_eq!(
            both(
                "a-b = uno { $who }\na-c = { a-b }",
                "a-b = { $who ->\n [one] x\n *[other] { $who }\n }\na-c = { a-b }"
            ),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_mistake_names_language_file_and_message() {
        for (italian, english, expected) in [
            ("a-b = uno", "a-c = two", "it/slice.ftl: `a-c` is missing (it exists in en)"),
            ("a-b = uno", "a-c = two", "en/slice.ftl: `a-b` is missing (it exists in it)"),
            (
                "a-b = { $x }",
                "a-b = { $y }",
                "en/slice.ftl: `a-b` uses the variables {\"y\"}, but in it {\"x\"}",
            ),
            ("a-b = x\na-b = y", "a-b = x", "it/slice.ftl: `a-b` stands already in slice.ftl"),
            (
                "a-b = x\n .title = y",
                "a-b = x",
                "it/slice.ftl: `a-b` has attributes; write messages of their own",
            ),
            ("a-b = { -name }", "a-b = x", "it: something refers to `-name`, which does not exist"),
            (
                "start = x",
                "start = x",
                "it/slice.ftl: `start` must be lower-kebab-case and begin with the slice's prefix",
            ),
        ] {
            let found = both(italian, english);
            assert!(found.iter().any(|problem| problem == expected), "{expected}: {found:?}");
        }
        assert!(
            both("a-b = x\n= y", "a-b = x").iter().any(|problem| problem.starts_with("it/slice.ftl:3: "))
        );
        let nobody = problems("a-b = x", &format!("{HEAD}a-b = x"));
        assert!(
            nobody.iter().any(|problem| problem.starts_with("it/slice.ftl: the first line must be")),
            "{nobody:?}"
        );
    }
}
