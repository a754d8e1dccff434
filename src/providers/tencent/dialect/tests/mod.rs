//! The simulated vendor, asked over its wire: signed requests in, bodies out.

use serde_json::{Value, json};

use crate::{
    domain::time::Timestamp,
    providers::{provider::Stamp, tencent::sign},
    sim::{
        dialect::{Dialect as _, SimKey, SimRequest, SimResponse},
        world::World,
    },
    wire::WireRequest,
};

use super::TencentDialect;

mod auth;
mod legacy;
mod reads;
mod writes;

/// 2024-03-05T01:02:03Z, the time of the recorded requests.
const NOW: Timestamp = Timestamp(1_709_600_523_000);
const HOST: &str = "127.0.0.1:18080";
const REQUEST_ID: &str = "00112233-4455-6677-8899-aabbccddee";

/// One NIC for each state and kind, and something of every load balancer.
const WORLD: &str = include_str!("../../../../../tests/sdk/tencent.world.json");

/// A running cloud with a clock that the test moves.
struct Cloud {
    world: World,
    key: SimKey,
    now: Timestamp,
    calls: u32,
}

/// What stands in `Response`.
type Reply = Value;

fn code(reply: &Reply) -> &str {
    reply["Error"]["Code"].as_str().unwrap_or_default()
}

/// One member of each object in a list.
fn texts(reply: &Reply, list: &str, member: &str) -> Vec<String> {
    let list = reply[list].as_array().unwrap_or_else(|| panic!("{list}: {reply}"));
    list.iter().map(|each| each[member].as_str().unwrap_or_default().to_owned()).collect()
}

impl Cloud {
    fn new() -> Self {
        let mut world = World::parse(&[("test", WORLD)]).unwrap();
        world.transition_ms = 3_000;
        let key = SimKey { id: "AKID-test".to_owned(), secret: "a secret".to_owned(), token: None };
        Self { world, key, now: NOW, calls: 0 }
    }

    fn later(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    fn raw(&mut self, request: &SimRequest) -> SimResponse {
        self.calls += 1;
        let id = format!("00112233445566778899aabbccddee{:02x}", self.calls);
        TencentDialect.answer(&mut self.world, &self.key, request, self.now, &id)
    }

    fn send(&mut self, request: &SimRequest) -> Reply {
        let answer = self.raw(request);
        assert_eq!(answer.status, 200, "the vendor has no other");
        assert_eq!(answer.headers, [("content-type".to_owned(), "application/json".to_owned())]);
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        let reply = body["Response"].clone();
        assert_eq!(reply["RequestId"], json!(format!("{REQUEST_ID}{:02x}", self.calls)));
        reply
    }

    /// A request over headers, before it is signed.
    fn unsigned(product: &str, action: &str, body: &Value) -> WireRequest {
        let version = super::PRODUCTS.iter().find(|row| row.0 == product).map_or("2017-03-12", |row| row.1);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        WireRequest {
            method: "POST",
            scheme: "http".to_owned(),
            host: HOST.to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![
                header("content-type", "application/json"),
                header("x-tc-action", action),
                header("x-tc-version", version),
                header("x-tc-region", "ap-guangzhou"),
                header("x-tc-language", "en-US"),
            ],
            body: body.to_string().into_bytes(),
        }
    }

    fn signed(&self, product: &str, mut request: WireRequest) -> SimRequest {
        sign::sign(&mut request, product, &self.key.id, &self.key.secret, self.key.token.as_deref(), self.now);
        received(request)
    }

    fn ask(&mut self, product: &str, action: &str, body: &Value) -> Reply {
        let request = self.signed(product, Self::unsigned(product, action, body));
        self.send(&request)
    }

    fn vpc(&mut self, action: &str, body: &Value) -> Reply {
        self.ask("vpc", action, body)
    }

    fn nic(&mut self, id: &str) -> Value {
        let reply = self.vpc("DescribeNetworkInterfaces", &json!({"NetworkInterfaceIds": [id]}));
        reply["NetworkInterfaceSet"][0].clone()
    }

    /// Addresses of a NIC with their states.
    fn addresses(&mut self, id: &str) -> Vec<(String, String)> {
        let nic = self.nic(id);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = nic["PrivateIpAddressSet"].as_array().unwrap();
        list.iter().map(|one| (text(&one["PrivateIpAddress"]), text(&one["State"]))).collect()
    }

    fn ips(&self, nic: &str) -> Vec<String> {
        self.world.nic(nic).unwrap().addresses.iter().map(|address| address.ip.to_string()).collect()
    }

    /// A request of API 2.0.
    fn legacy_request(&mut self, params: &[(&str, &str)]) -> SimRequest {
        self.calls += 1;
        let form: Vec<String> = [("Region", "gz")]
            .iter()
            .chain(params)
            .map(|(name, value)| format!("{name}={}", crate::wire::percent_encode(value)))
            .collect();
        let mut request = WireRequest {
            path: sign::LEGACY_PATH.to_owned(),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: form.join("&").into_bytes(),
            ..Self::unsigned("vpc", "", &json!({}))
        };
        let stamp = Stamp { now: self.now, nonce: format!("{:030x}", u64::from(self.calls) << 60) };
        sign::legacy_sign(&mut request, &self.key.id, &self.key.secret, self.key.token.as_deref(), &stamp);
        received(request)
    }

    fn legacy(&mut self, params: &[(&str, &str)]) -> Value {
        let request = self.legacy_request(params);
        let answer = self.raw(&request);
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap()
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

/// The call is refused with this, and nothing changed.
#[track_caller]
fn refused(cloud: &mut Cloud, expected: &str, ask: impl FnOnce(&mut Cloud) -> Reply) {
    let before = cloud.world.to_files();
    let reply = ask(cloud);
    assert_eq!(code(&reply), expected, "{reply}");
    assert_eq!(cloud.world.to_files(), before);
}
