//! Which background jobs are current. An event whose job is not current is stale and dropped.

use std::collections::HashMap;

use crate::domain::{
    ids::{JobId, ProfileId},
    inventory::Section,
    time::Timestamp,
};

/// Ids are counted here, so a test can predict them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct JobTable {
    last: u64,
    listings: HashMap<ProfileId, ListingJob>,
}

/// A profile being listed.
#[derive(Clone, PartialEq, Debug)]
pub struct ListingJob {
    pub job: JobId,
    /// Sections that have begun; removed when they end.
    pub open: HashMap<Section, OpenSection>,
    /// When the listing was asked for.
    pub since: Timestamp,
    pub began: usize,
    pub ended: usize,
    pub throttled: Throttled,
}

/// Pauses of a listing that the cloud throttles.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Throttled {
    /// So far.
    pub pauses: usize,
    /// The newest one is so long.
    pub wait_ms: u64,
}

/// A section being listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenSection {
    /// The inventory's number for it.
    pub sweep: u64,
    /// When it began or its newest page came: what has been waited for since then has not been answered.
    pub heard: Timestamp,
}

/// A call that has not been answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waiting<'a> {
    pub profile: &'a ProfileId,
    /// `None`: nothing of the profile has begun.
    pub section: Option<&'a Section>,
    pub since: Timestamp,
}

impl JobTable {
    pub fn next_id(&mut self) -> JobId {
        self.last += 1;
        JobId(self.last)
    }

    /// Makes a new listing job current for the profile; returns it and the one it replaces.
    pub fn start_listing(&mut self, profile: ProfileId, now: Timestamp) -> (JobId, Option<ListingJob>) {
        let job = self.next_id();
        let new =
            ListingJob { job, open: HashMap::new(), since: now, began: 0, ended: 0, throttled: Throttled::default() };
        (job, self.listings.insert(profile, new))
    }

    /// The profile a current listing job belongs to.
    pub fn listing(&mut self, job: JobId) -> Option<(&ProfileId, &mut ListingJob)> {
        self.listings.iter_mut().find(|(_, listing)| listing.job == job)
    }

    pub fn end_listing(&mut self, profile: &ProfileId) -> Option<ListingJob> {
        self.listings.remove(profile)
    }

    pub fn listing_of(&self, profile: &ProfileId) -> Option<&ListingJob> {
        self.listings.get(profile)
    }

    pub fn listings(&self) -> impl Iterator<Item = (&ProfileId, &ListingJob)> {
        self.listings.iter()
    }

    /// What has been waited for the longest, of all listings.
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        let open = self.listings.iter().flat_map(|(profile, listing)| {
            let none = (listing.began == 0).then_some(Waiting { profile, section: None, since: listing.since });
            let open = listing.open.iter();
            open.map(move |(section, open)| Waiting { profile, section: Some(section), since: open.heard }).chain(none)
        });
        open.min_by_key(|waiting| (waiting.since, waiting.profile, waiting.section))
    }
}
