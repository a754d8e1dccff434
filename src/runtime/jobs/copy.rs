//! Makes what is to be copied: a row as its screen's export has it, or the lines for a shell of a write. Sends nothing.

use crate::{
    app::{
        effect::Making,
        export::{ExportForm, Exported, RowOf},
        history::Lookup,
        msg::Msg,
        notices::Phrase,
        state::{Language, State},
    },
    domain::plan::Operation,
    providers::client::Client,
    report,
    runtime::listed,
};

use super::{dry_run, export};

/// What still has to be waited for.
pub enum Made {
    Now(Option<String>),
    Batch(String),
    Command(Box<Operation>),
}

/// Makes of the state as it is what can be made at once.
pub fn begin(state: &State, making: Making) -> Made {
    Made::Now(match making {
        Making::Command(operation) => return Made::Command(operation),
        Making::Row(RowOf::Batch(id)) => return Made::Batch(id),
        Making::Row(RowOf::Listed(key)) => listed::row(state, &key),
        Making::Row(RowOf::Planned(plan, target)) => {
            let row = plan.rows().iter().find(|row| row.target == target);
            row.and_then(|row| export::planned(row).json())
        }
        Making::Row(RowOf::Ended(results)) => results.rows.first().and_then(|row| export::ended(&results, row).json()),
        Making::Row(RowOf::Written(batch, operation)) => report::history::written(&batch, operation),
        Making::Row(RowOf::Call(call)) => report::calls::call(&call),
    })
}

/// The message with it, once it is made.
pub async fn end(made: Made, desk: export::Desk, client: impl FnOnce(&Operation) -> Option<Client>) -> Msg {
    let made = match made {
        Made::Now(text) => text.ok_or_else(|| Phrase::new("notice.nothing-to-copy")),
        Made::Batch(id) => batch(desk, id).await,
        Made::Command(operation) => command(client(&operation).as_ref(), &operation).await,
    };
    Msg::CopyMade(made)
}

/// The whole batch, as an export has it.
async fn batch(desk: export::Desk, id: String) -> Result<String, Phrase> {
    let what = Exported::History(Lookup::Batch(id));
    // Its keys and words are the same in every language.
    let text = move || export::text(&desk, &what, export::format(ExportForm::Json), Language::English);
    let text = tokio::task::spawn_blocking(text).await.map_err(|_| Phrase::new("local.died"))?;
    let text = text.map_err(|error| Phrase::new("notice.not-made").with("reason", error))?;
    String::from_utf8(text).map(|text| text.trim_end().to_owned()).map_err(|_| Phrase::new("notice.nothing-to-copy"))
}

async fn command(client: Option<&Client>, operation: &Operation) -> Result<String, Phrase> {
    let Some(client) = client else { return Err(Phrase::new("disabled.no-command")) };
    match dry_run::commands(client, operation).await {
        Ok(lines) if lines.is_empty() => Err(Phrase::new("disabled.no-command")),
        Ok(lines) => Ok(lines.join("\n")),
        Err(fault) => Err(match fault.keys.as_deref() {
            Some(why) => Phrase::from(why).with("place", ""),
            None => Phrase::new("notice.not-made").with("reason", fault.message),
        }),
    }
}
