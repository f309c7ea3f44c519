//! What each command asks of the API and says of the answer.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    AdminError,
    args::AdminCommand,
    reach::Reach,
    table::{table, time},
};

const DAY_S: u64 = 24 * 60 * 60;
/// Accounts of one call.
const PAGE: usize = 500;

/// A command with all that it needs of a person.
pub(super) struct Prepared {
    command: AdminCommand,
    password: Option<String>,
}

/// What a person and a program get to see.
struct Outcome {
    text: String,
    json: Value,
}

impl Outcome {
    fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json }
    }
}

/// A name or an id as a part of a path (RFC 3986, section 2.1).
fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let part = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(part).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl AdminCommand {
    /// Asks for what only a person knows, before anything is opened.
    pub(super) fn prepare(self) -> Result<Prepared, AdminError> {
        let password = match &self {
            Self::Create { password, .. } => password.read()?,
            _ => None,
        };
        Ok(Prepared { command: self, password })
    }
}

impl Prepared {
    /// Only an account can be made where nothing is yet.
    pub(super) fn may_begin_a_store(&self) -> bool {
        matches!(self.command, AdminCommand::Create { .. })
    }

    pub(super) async fn run(self, reach: &mut Reach, as_json: bool) -> Result<String, AdminError> {
        let Outcome { text, json } = carry_out(self, reach).await?;
        Ok(if as_json { format!("{json}\n") } else { text })
    }
}

async fn carry_out(Prepared { command, password }: Prepared, reach: &Reach) -> Result<Outcome, AdminError> {
    let done = |text: String| Outcome::new(text, json!({}));
    let post = async |path: String| reach.call(Method::POST, &path, None).await;
    Ok(match command {
        AdminCommand::Create { name, member, .. } => {
            let body = json!({ "username": name, "password": password, "administrator": !member });
            let made = reach.call(Method::POST, "users", Some(body)).await?;
            let role = if member { "member" } else { "administrator" };
            let mut said = format!("made {role} {}\n", text(&made["user"]["name"]));
            if let Some(password) = made["password"].as_str() {
                said.push_str(&format!("password {password}\n"));
            }
            Outcome::new(said, made)
        }
        AdminCommand::List => list(reach).await?,
        AdminCommand::Disable { name } => {
            post(format!("users/{}/disable", segment(&name))).await?;
            done(format!("disabled {name}; its logins have ended\n"))
        }
        AdminCommand::Enable { name } => {
            post(format!("users/{}/enable", segment(&name))).await?;
            done(format!("enabled {name}\n"))
        }
        AdminCommand::ResetPassword { name } => {
            let reset = post(format!("users/{}/reset-password", segment(&name))).await?;
            let said = format!("reset {name}; its logins have ended\npassword {}\n", text(&reset["password"]));
            Outcome::new(said, reset)
        }
        AdminCommand::Sessions { name, end: Some(id), .. } => {
            let path = format!("users/{}/sessions/{}", segment(&name), segment(&id));
            reach.call(Method::DELETE, &path, None).await?;
            done(format!("ended login {id} of {name}\n"))
        }
        AdminCommand::Sessions { name, end_all: true, .. } => {
            let path = format!("users/{}/sessions", segment(&name));
            let ended = reach.call(Method::DELETE, &path, None).await?;
            Outcome::new(format!("ended {} logins of {name}\n", ended["ended"]), ended)
        }
        AdminCommand::Sessions { name, .. } => {
            let path = format!("users/{}/sessions", segment(&name));
            let found = reach.call(Method::GET, &path, None).await?;
            let row = |session: &Value| {
                let at = |key: &str| time(session[key].as_u64());
                vec![text(&session["id"]), text(&session["client"]), at("created_ms"), at("used_ms")]
            };
            rows(&["ID", "CLIENT", "SINCE", "USED"], found, "sessions", row)
        }
        AdminCommand::Administrator { name, switch } => {
            let path = format!("users/{}/role", segment(&name));
            reach.call(Method::POST, &path, Some(json!({ "administrator": switch.on }))).await?;
            done(format!("{name} is {}\n", if switch.on { "an administrator" } else { "a member" }))
        }
        AdminCommand::Invite { uses, days } => {
            let body = json!({ "uses": uses, "expires_in_s": u64::from(days) * DAY_S });
            let made = reach.call(Method::POST, "invitations", Some(body)).await?;
            let until = time(made["expires_ms"].as_u64());
            let said = format!("invitation {}\nfor {uses} to register, until {until}\n", text(&made["invitation"]));
            Outcome::new(said, made)
        }
        AdminCommand::Reports { close: Some(number), outcome, note, .. } => {
            let body = json!({ "outcome": outcome, "note": note });
            let closed = reach.call(Method::POST, &format!("reports/{number}/close"), Some(body)).await?;
            Outcome::new(format!("closed report {number}\n"), closed)
        }
        AdminCommand::Reports { closed, .. } => reports(reach, if closed { "closed" } else { "open" }).await?,
        AdminCommand::Audit { before, limit } => {
            let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
            let found = reach.call(Method::GET, &format!("audit?limit={limit}{before}"), None).await?;
            rows(&["NUMBER", "TIME", "BY", "ACT", "WHOM", "DETAIL", "OUTCOME"], found, "entries", |entry| {
                let by = entry["by"]["name"].as_str().unwrap_or("(operator)").to_owned();
                let mut detail = text(&entry["detail"]);
                if let (Some(room), Some(seq)) = (entry["room"].as_str(), entry["message"].as_u64()) {
                    detail = format!("{room} {seq}");
                } else if let Some(room) = entry["room"].as_str() {
                    detail = format!("{room} {detail}");
                }
                let at = time(entry["at_ms"].as_u64());
                let whom = text(&entry["user"]["name"]);
                vec![entry["seq"].to_string(), at, by, text(&entry["act"]), whom, detail, text(&entry["outcome"])]
            })
        }
        AdminCommand::RemoveMessage { room, number } => {
            reach.call(Method::DELETE, &format!("rooms/{}/messages/{number}", segment(&room)), None).await?;
            done(format!("removed message {number} of {room}\n"))
        }
        AdminCommand::DeleteRoom { room } => {
            reach.call(Method::DELETE, &format!("rooms/{}", segment(&room)), None).await?;
            done(format!("deleted room {room}\n"))
        }
        AdminCommand::Invitations { revoke: Some(id) } => {
            reach.call(Method::DELETE, &format!("invitations/{}", segment(&id)), None).await?;
            done(format!("took back {id}\n"))
        }
        AdminCommand::Invitations { revoke: None } => {
            let found = reach.call(Method::GET, "invitations", None).await?;
            let row = |open: &Value| {
                let creator = open["creator"].as_str().unwrap_or("(operator)").to_owned();
                let uses = format!("{} of {}", open["uses"], open["uses_max"]);
                vec![text(&open["id"]), creator, uses, time(open["expires_ms"].as_u64())]
            };
            rows(&["ID", "BY", "USED", "UNTIL"], found, "invitations", row)
        }
    })
}

async fn list(reach: &Reach) -> Result<Outcome, AdminError> {
    let mut users = Vec::new();
    let mut path = format!("users?limit={PAGE}");
    loop {
        let mut page = reach.call(Method::GET, &path, None).await?;
        if let Value::Array(part) = page["users"].take() {
            users.extend(part);
        }
        match users.last() {
            Some(last) if page["more"] == true => {
                path = format!("users?limit={PAGE}&after={}", text(&last["id"]));
            }
            _ => break,
        }
    }
    let row = |user: &Value| {
        let role = if user["administrator"] == true { "administrator" } else { "member" };
        let disabled = time(user["disabled_ms"].as_u64());
        let at = time(user["created_ms"].as_u64());
        vec![text(&user["name"]), role.to_owned(), at, disabled]
    };
    Ok(rows(&["NAME", "ROLE", "SINCE", "DISABLED"], json!({ "users": users }), "users", row))
}

/// Reports of one call.
const REPORTS: usize = 50;

async fn reports(reach: &Reach, state: &str) -> Result<Outcome, AdminError> {
    let found = reach.call(Method::GET, &format!("reports?state={state}&limit={REPORTS}"), None).await?;
    let head = ["NUMBER", "TIME", "BY", "WHOM", "MESSAGE", "WHY", "SAID"];
    Ok(rows(&head, found, "reports", |report| {
        let message = match (report["message"]["room"].as_str(), report["message"]["seq"].as_u64()) {
            (Some(room), Some(seq)) => format!("{room} {seq}"),
            _ => String::new(),
        };
        let (by, whom) = (text(&report["reporter"]["name"]), text(&report["user"]["name"]));
        let said = match report["closed"]["outcome"].as_str() {
            Some(outcome) => format!("({outcome}) {}", text(&report["closed"]["note"])),
            None => text(&report["quote"]["text"]),
        };
        let at = time(report["at_ms"].as_u64());
        vec![report["number"].to_string(), at, by, whom, message, text(&report["reason"]), said]
    }))
}

fn rows(head: &[&str], found: Value, key: &str, row: impl Fn(&Value) -> Vec<String>) -> Outcome {
    let rows: Vec<_> = found[key].as_array().into_iter().flatten().map(row).collect();
    Outcome::new(table(head, &rows), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_parts_of_a_path() {
        assert_eq!(segment("a.b-c_d"), "a.b-c_d");
        assert_eq!(segment("林/../?#%"), "%E6%9E%97%2F..%2F%3F%23%25");
    }
}
