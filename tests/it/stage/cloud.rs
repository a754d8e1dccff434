//! A cloud as the clients of tests see it: its own codec, asked as fast as the machine can, with traps for tests.

use nicdeck::{
    domain::{
        address::Backend,
        capabilities::Capabilities,
        fault::Fault,
        ids::RegionId,
        nic::Nic,
        outcome::Receipt,
        page::{Cursor, InventoryPage, Listing, Resource, Scope},
        plan::OperationKind,
        snapshot::NicSnapshot,
    },
    providers::{
        discover::VendorCli,
        profile::{Credential, Profile},
        provider::{Call, Descriptor, Provider, Quota, Reply, Stamp, Step},
    },
    sim::dialect::Dialect,
    wire::{WireRequest, WireResponse},
};

/// Looks at each answer before it is read; may panic, as a bug in a codec would.
pub type Trap = Box<dyn Fn(&Call) + Send + Sync>;

pub struct Brisk {
    inner: &'static dyn Provider,
    descriptor: &'static Descriptor,
    trap: Trap,
    /// A NIC's own record comes on a second page.
    late_record: bool,
    /// The list of regions says that this one can not be used.
    off: Option<RegionId>,
}

impl Brisk {
    /// Leaks a few hundred bytes: providers live for ever.
    pub fn leak(
        inner: &'static dyn Provider,
        release_batch: Option<usize>,
        in_flight: usize,
        late_record: bool,
        off: Option<RegionId>,
        trap: Trap,
    ) -> &'static dyn Provider {
        let own = inner.descriptor();
        let descriptor = Descriptor {
            id: own.id,
            title: own.title,
            capabilities: Capabilities {
                in_flight: own.capabilities.in_flight.min(in_flight),
                release_batch: release_batch.unwrap_or(own.capabilities.release_batch),
                release_by_type: own.capabilities.release_by_type.filter(|_| release_batch.is_none()),
                ..own.capabilities
            },
            env: own.env,
            bearer: own.bearer,
            password: own.password,
            apis: own.apis,
            example_region: own.example_region,
            demo_world: own.demo_world,
            errors: "",
        };
        Box::leak(Box::new(Self { inner, descriptor: Box::leak(Box::new(descriptor)), trap, late_record, off }))
    }

    /// The call that the cloud knows.
    fn real<'a>(&self, call: &'a Call) -> std::borrow::Cow<'a, Call> {
        match call {
            Call::List(listing) if self.late_record && is_record(listing) => {
                std::borrow::Cow::Owned(Call::List(Listing { cursor: Cursor::Start, ..listing.clone() }))
            }
            _ => std::borrow::Cow::Borrowed(call),
        }
    }
}

fn is_record(listing: &Listing) -> bool {
    listing.resource == Resource::Nics && matches!(listing.scope, Scope::Nic(_))
}

impl Provider for Brisk {
    fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }

    fn listings(&self, regions: &[RegionId]) -> Vec<Listing> {
        self.inner.listings(regions)
    }

    fn inspection(&self, nic: &Nic, known: &[Backend]) -> Vec<Listing> {
        self.inner.inspection(nic, known)
    }

    fn sign_in(&self, profile: &Profile, credential: &Credential, region: &RegionId) -> Option<Call> {
        self.inner.sign_in(profile, credential, region)
    }

    fn step(&self, kind: &OperationKind, seen: &NicSnapshot, made: &[Step]) -> Option<Step> {
        self.inner.step(kind, seen, made)
    }

    fn assumed(&self, kind: &OperationKind, seen: &NicSnapshot, step: &Step) -> Option<NicSnapshot> {
        self.inner.assumed(kind, seen, step)
    }

    fn instead(
        &self,
        kind: &OperationKind,
        seen: &NicSnapshot,
        made: &[Step],
        refused: &Step,
        fault: &Fault,
    ) -> Option<Step> {
        self.inner.instead(kind, seen, made, refused, fault)
    }

    fn task(&self, region: &RegionId, receipt: &Receipt) -> Option<Call> {
        self.inner.task(region, receipt)
    }

    fn identity(&self, region: &RegionId) -> Option<Call> {
        self.inner.identity(region)
    }

    fn permission(&self, call: &Call) -> String {
        self.inner.permission(call)
    }

    fn request_id_headers(&self) -> &'static [&'static str] {
        self.inner.request_id_headers()
    }

    fn action(&self, call: &Call) -> &'static str {
        self.inner.action(call)
    }

    fn quota(&self, call: &Call) -> Quota {
        Quota { calls: 50_000, seconds: 1, ..self.inner.quota(call) }
    }

    fn region_name(&self, region: &RegionId) -> RegionId {
        self.inner.region_name(region)
    }

    fn brings(&self, listing: &Listing) -> &'static [Resource] {
        self.inner.brings(listing)
    }

    fn encode(&self, call: &Call, profile: &Profile) -> WireRequest {
        self.inner.encode(&self.real(call), profile)
    }

    fn vendor_cli(&self) -> Option<&'static dyn VendorCli> {
        self.inner.vendor_cli()
    }

    fn cli(&self, call: &Call, profile: &Profile) -> Option<String> {
        self.inner.cli(&self.real(call), profile)
    }

    fn sign(&self, request: &mut WireRequest, credential: &Credential, stamp: &Stamp) {
        self.inner.sign(request, credential, stamp);
    }

    fn decode(&self, call: &Call, response: &WireResponse) -> Result<Reply, Fault> {
        (self.trap)(call);
        match call {
            Call::List(listing) if self.late_record && is_record(listing) && listing.cursor == Cursor::Start => {
                let next = vec![Listing { cursor: Cursor::Page(2), ..listing.clone() }];
                Ok(Reply::Page(InventoryPage { next, ..InventoryPage::default() }))
            }
            _ => {
                let mut reply = self.inner.decode(&self.real(call), response)?;
                if let Reply::Page(page) = &mut reply {
                    let off = page.regions.iter_mut().filter(|region| Some(&region.id) == self.off.as_ref());
                    off.for_each(|region| region.off = Some("unavailable".into()));
                }
                Ok(reply)
            }
        }
    }

    fn dialect(&self) -> Box<dyn Dialect> {
        self.inner.dialect()
    }
}
