//! The simulated vendor, asked over its wire: signed requests in, statuses and bodies out.

use serde_json::{Value, json};

use crate::{
    domain::time::Timestamp,
    providers::{huawei::sign, profile::Credential, provider::Stamp},
    sim::{
        dialect::{Dialect as _, SimKey, SimRequest, SimResponse, VendorError},
        world::World,
    },
    wire::WireRequest,
};

use super::HuaweiDialect;

mod auth;
mod reads;
mod writes;

/// 2026-01-02T03:04:05Z, the time of the recorded requests.
const NOW: Timestamp = Timestamp(1_767_323_045_000);
const PROJECT: &str = "0123456789abcdef0123456789abcdef";
const ID: &str = "00112233445566778899aabbccddeeff";
/// One NIC for each state, virtual IPs bound in each way.
const WORLD: &str = include_str!("../../../../../tests/sdk/huawei.world.json");

/// A running cloud with a clock that the test moves.
struct Cloud {
    world: World,
    key: SimKey,
    now: Timestamp,
    ids: u32,
}

/// What came back.
#[derive(Clone, PartialEq, Debug)]
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Reply {
    /// Status and code, in whichever envelope.
    fn code(&self) -> (u16, &str) {
        let paths = ["/error_code", "/code", "/error/code", "/NeutronError/type"];
        (self.status, paths.iter().find_map(|path| self.body.pointer(path)?.as_str()).unwrap_or_default())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// One member of each object in the array of this name.
    fn texts(&self, list: &str, member: &str) -> Vec<String> {
        let list = self.body[list].as_array().unwrap_or_else(|| panic!("{list}: {self:?}"));
        list.iter().map(|each| each[member].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Cloud {
    fn new() -> Self {
        let mut world = World::parse(&[("test", WORLD)]).expect("a good world");
        world.transition_ms = 3000;
        let key = SimKey { id: "AKTEST".to_owned(), secret: "a secret".to_owned(), token: None };
        Self { world, key, now: NOW, ids: 0 }
    }

    fn raw(&mut self, request: &SimRequest) -> SimResponse {
        self.ids += 1;
        let id = format!("{}{:04x}", &ID[..28], self.ids);
        HuaweiDialect.answer(&mut self.world, &self.key, request, self.now, &id)
    }

    fn send(&mut self, request: &SimRequest) -> Reply {
        let SimResponse { status, headers, body } = self.raw(request);
        let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).expect("JSON") };
        Reply { status, headers, body }
    }

    fn unsigned(method: &'static str, url: &str, body: Option<&Value>) -> WireRequest {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut request = WireRequest {
            method,
            scheme: "http".to_owned(),
            host: "127.0.0.1:18080".to_owned(),
            path: path.replace("{p}", PROJECT),
            query: query.to_owned(),
            headers: Vec::new(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        };
        if body.is_some() {
            request.set_header("content-type", "application/json");
        }
        request.set_header("x-project-id", PROJECT);
        request
    }

    fn request(&self, method: &'static str, url: &str, body: Option<&Value>) -> SimRequest {
        let mut request = Self::unsigned(method, url, body);
        let credential = Credential::keys(&self.key.id, &self.key.secret, self.key.token.as_deref());
        sign::sign(&mut request, &credential, &Stamp { now: self.now, nonce: String::new() });
        received(request)
    }

    fn ask(&mut self, method: &'static str, url: &str, body: Option<&Value>) -> Reply {
        let request = self.request(method, url, body);
        self.send(&request)
    }

    fn get(&mut self, url: &str) -> Reply {
        self.ask("GET", url, None)
    }

    fn put(&mut self, url: &str, body: &Value) -> Reply {
        self.ask("PUT", url, Some(body))
    }

    fn post(&mut self, url: &str, body: &Value) -> Reply {
        self.ask("POST", url, Some(body))
    }

    fn later(&mut self, ms: i64) {
        self.now = Timestamp(self.now.0 + ms);
        self.world.settle(self.now);
    }
}

/// What the server sees of a request.
fn received(request: WireRequest) -> SimRequest {
    let mut headers = vec![("host".to_owned(), request.host)];
    headers.extend(request.headers);
    SimRequest {
        method: request.method.to_owned(),
        path: request.path,
        query: request.query,
        headers,
        body: request.body,
    }
}
