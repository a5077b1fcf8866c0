//! The lines above every page of the console: that something waits. Inside the console they may count.

use platform::database::DatabaseError;
use platform::texts::{Language, Texts};

use crate::App;
use crate::accounts::{ConsoleLine, Operator};
use crate::keeping;
use crate::reports::{self, Glance, Reader};

const ARRIVED: &str = "/console/?state=arrived";

/// Up to here things are counted; beyond it a line says "99+", as the inbox does.
const MOST_COUNTED: u64 = 99;

/// What waits for an operator, at her centre and on her channels. A few questions with a bound each, whatever lies there.
pub(crate) async fn lines(
    app: &App,
    operator: &Operator,
    language: Language,
) -> Result<Vec<ConsoleLine>, DatabaseError> {
    let Ok(reader) = Reader::of(app, operator.clone()) else { return Ok(Vec::new()) };
    let glance = reports::glance(app, &reader).await?;
    let near = keeping::count_near(app, &reader).await?;
    Ok(in_words(Texts::new(language), &glance, u64::try_from(near).unwrap_or(u64::MAX)))
}

fn in_words(t: Texts, glance: &Glance, near: u64) -> Vec<ConsoleLine> {
    let second = u64::try_from(glance.second).unwrap_or(u64::MAX);
    let line = |is_so: bool, text: String, path: &'static str| is_so.then_some(ConsoleLine { text, path });
    let waiting =
        counted(glance.unopened, |few| t.notices_line_waiting(few), |many| t.notices_line_waiting(many));
    let second_text = counted(second, |few| t.notices_line_second(few), |many| t.notices_line_second(many));
    let near_text = counted(near, |few| t.notices_line_near(few), |many| t.notices_line_near(many));
    let lines = [
        line(glance.unopened > 0, waiting, ARRIVED),
        line(glance.overdue, t.notices_line_overdue().to_owned(), ARRIVED),
        line(second > 0, second_text, "/console/"),
        line(near > 0, near_text, "/console/keeping"),
    ];
    lines.into_iter().flatten().collect()
}

/// Numbers choose singular or plural, "99+" is a text.
fn counted(number: u64, few: impl Fn(u64) -> String, many: impl Fn(String) -> String) -> String {
    if number > MOST_COUNTED { many(format!("{MOST_COUNTED}+")) } else { few(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_waiting_says_nothing_and_many_are_not_counted_out() {
        let t = Texts::new(Language::English);
        assert!(in_words(t, &Glance::default(), 0).is_empty());
        let lines = in_words(t, &Glance { unopened: 100, overdue: true, second: 1 }, 2);
        let paths: Vec<&str> = lines.iter().map(|line| line.path).collect();
        assert_eq!(paths, [ARRIVED, ARRIVED, "/console/", "/console/keeping"]);
        assert!(lines.first().is_some_and(|line| line.text.contains("99+")), "{lines:?}");
        assert!(lines.get(2).is_some_and(|line| line.text.starts_with("1 message ")), "{lines:?}");
    }
}
