//! The JSON API of a running server, as its tests use it.

use serde_json::{Value, json};

/// See the module.
pub(crate) struct Api<'a> {
    http: &'a str,
    token: String,
}

impl<'a> Api<'a> {
    /// Of the demonstration's first account.
    pub(crate) async fn of_user1(http: &'a str) -> Self {
        let mut api = Self { http, token: String::new() };
        let (_, login) = api.post(0, "login", &json!({ "username": "user1", "password": "123" })).await;
        api.token = login["token"].as_str().unwrap().to_owned();
        api
    }

    /// Of somebody who comes new.
    #[cfg(unix)]
    pub(crate) async fn registered(http: &'a str, name: &str) -> Self {
        let mut api = Self { http, token: String::new() };
        let body = json!({ "username": name, "password": "correct horse", "client": "test" });
        let (_, login) = api.post(0, "register", &body).await;
        api.token = login["token"].as_str().unwrap_or_else(|| panic!("{login}")).to_owned();
        api
    }

    /// Of somebody who has logged in.
    #[cfg(unix)]
    pub(crate) fn with(http: &'a str, token: &str) -> Self {
        Self { http, token: token.to_owned() }
    }

    #[cfg(unix)]
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// With the same login at another server.
    #[cfg(unix)]
    pub(crate) fn at<'b>(&self, http: &'b str) -> Api<'b> {
        Api { http, token: self.token.clone() }
    }

    /// A room, made under that key.
    pub(crate) async fn made_room(&self, key: u32) -> String {
        let (_, made) = self.post(key, "rooms", &json!({ "name": "small" })).await;
        made["room"]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn post(&self, key: u32, path: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("http://{}/api/v1/{path}", self.http)).json(body);
        let key = format!("01890a5d-ac96-774b-bcce-{key:012x}");
        let answer = request.bearer_auth(&self.token).header("Idempotency-Key", key).send().await.unwrap();
        // Some answers are done with their status.
        let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
    }

    pub(crate) async fn texts(&self, room: &str) -> Vec<String> {
        self.texts_from(room, "").await
    }

    /// What was said on a page of its history; what happened there has no text.
    pub(crate) async fn texts_from(&self, room: &str, query: &str) -> Vec<String> {
        let url = format!("http://{}/api/v1/rooms/{room}/messages{query}", self.http);
        let answer = reqwest::Client::new().get(url).bearer_auth(&self.token).send().await.unwrap();
        let page: Value = answer.json().await.unwrap();
        let said = page["messages"].as_array().unwrap().iter().filter(|message| message["kind"] == "text");
        said.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    }

    /// How often the code was given over that transport.
    pub(crate) async fn refusals(&self, door: &str, code: &str) -> u64 {
        let answer = reqwest::get(format!("http://{}/metrics", self.http)).await.unwrap();
        let text = answer.text().await.unwrap();
        let of = |line: &&str| line.contains(&format!("\"{code}\"")) && line.contains(&format!("\"{door}\""));
        text.lines().filter(of).filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }
}
