//! The simulated vendor, asked over its wire: signed requests in, statuses and bodies out.

use serde_json::Value;

use crate::{
    domain::time::Timestamp,
    providers::{aliyun::sign, provider::Stamp},
    sim::{
        dialect::{Dialect as _, SimKey, SimRequest, SimResponse},
        world::World,
    },
    wire::{WireRequest, canonical_query},
};

use super::AliyunDialect;

mod auth;
mod reads;
mod writes;

/// 2026-03-05T07:08:09Z, the time of the recorded requests.
const NOW: Timestamp = Timestamp(1_772_694_489_000);
const ECS: &str = "2014-05-26";
const VPC: &str = "2016-04-28";
const SLB: &str = "2014-05-15";
const ALB: &str = "2020-06-16";
const NLB: &str = "2022-04-30";

/// Three instances and their NICs, one NIC for each state and kind, and something of every load balancer.
const WORLD: &str = include_str!("../../../../../tests/sdk/aliyun.world.json");

/// Names and values of parameters.
type Params<'a> = &'a [(&'a str, &'a str)];

/// A running cloud with a clock that the test moves.
struct Cloud {
    world: World,
    key: SimKey,
    now: Timestamp,
    nonce: u32,
}

/// What came back.
#[derive(Clone, PartialEq, Debug)]
struct Reply {
    status: u16,
    body: Value,
}

impl Reply {
    fn code(&self) -> (u16, &str) {
        (self.status, self.body["Code"].as_str().unwrap_or_default())
    }

    /// The array at this path.
    fn list(&self, pointer: &str) -> Vec<Value> {
        self.body.pointer(pointer).and_then(Value::as_array).unwrap_or_else(|| panic!("{pointer}: {self:?}")).clone()
    }

    /// One member of each object in the array at this path.
    fn texts(&self, pointer: &str, member: &str) -> Vec<String> {
        self.list(pointer).iter().map(|each| each[member].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Cloud {
    fn new() -> Self {
        Self::of(WORLD)
    }

    fn of(world: &str) -> Self {
        let mut world = World::parse(&[("test", world)]).expect("a good world");
        world.transition_ms = 3000;
        let key = SimKey { id: "LTAI-test".to_owned(), secret: "a secret".to_owned(), token: None };
        Self { world, key, now: NOW, nonce: 0 }
    }

    fn stamp(&mut self) -> Stamp {
        self.nonce += 1;
        Stamp { now: self.now, nonce: format!("{:032x}", self.nonce) }
    }

    fn raw(&mut self, request: &SimRequest) -> SimResponse {
        AliyunDialect.answer(&mut self.world, &self.key, request, self.now, "00112233445566778899aabbccddeeff")
    }

    fn send(&mut self, request: &SimRequest) -> Reply {
        let response = self.raw(request);
        Reply { status: response.status, body: serde_json::from_slice(&response.body).expect("JSON") }
    }

    /// A V3 request, signed with the cloud's key, parameters in the query.
    fn v3_request(&mut self, version: &str, action: &str, params: Params) -> SimRequest {
        let params: Vec<_> = params.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut request = WireRequest {
            method: "POST",
            scheme: "http".to_owned(),
            host: "127.0.0.1:18080".to_owned(),
            path: "/".to_owned(),
            query: canonical_query(&params),
            headers: vec![header("x-acs-action", action), header("x-acs-version", version)],
            body: Vec::new(),
        };
        let stamp = self.stamp();
        sign::sign(&mut request, &self.key.id, &self.key.secret, self.key.token.as_deref(), &stamp);
        received(request)
    }

    fn v3(&mut self, version: &str, action: &str, params: Params) -> Reply {
        let request = self.v3_request(version, action, params);
        self.send(&request)
    }

    /// A call in the world's region.
    fn ask(&mut self, version: &str, action: &str, params: Params) -> Reply {
        let params = [&[("RegionId", "cn-hangzhou")], params].concat();
        self.v3(version, action, &params)
    }

    fn ecs(&mut self, action: &str, params: Params) -> Reply {
        self.ask(ECS, action, params)
    }

    /// An older request: everything in the query, or in a form.
    fn v1_request(&mut self, action: &str, format: Option<&str>, params: Params, form: bool) -> SimRequest {
        let stamp = self.stamp();
        let date = sign::date(stamp.now);
        let mut all = vec![
            ("Action", action),
            ("Version", ECS),
            ("AccessKeyId", &self.key.id),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &stamp.nonce),
            ("Timestamp", &date),
        ];
        all.extend(format.map(|format| ("Format", format)));
        all.extend(self.key.token.as_deref().map(|token| ("SecurityToken", token)));
        all.extend(params);
        let all: Vec<_> = all.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        v1_signed(all, &self.key.secret, if form { "POST" } else { "GET" }, form)
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

fn v1_signed(mut params: Vec<(String, String)>, secret: &str, method: &str, form: bool) -> SimRequest {
    let to_sign = sign::rpc_string_to_sign(method, &sign::rpc_canonical_query(&params));
    params.push(("Signature".to_owned(), sign::rpc_signature(secret, &to_sign)));
    let text = canonical_query(&params);
    let mut headers = vec![("host".to_owned(), "127.0.0.1:18080".to_owned())];
    if form {
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let (query, body) = if form { (String::new(), text.into_bytes()) } else { (text, Vec::new()) };
    SimRequest { method: method.to_owned(), path: "/".to_owned(), query, headers, body }
}
