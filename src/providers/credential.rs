//! Where a profile's credential comes from. Reading it is `runtime`'s part.

use std::time::Duration;

use crate::domain::{ids::ProfileId, key_fault::KeyFault, place::Place};

/// Where one profile's credential comes from. Holds names of variables, files and programs, never a secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialSource {
    pub profile: ProfileId,
    /// Where the config says so; `None` for a profile that no file describes.
    pub place: Option<Place>,
    pub from: CredentialFrom,
}

/// The ways to hand over a credential.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CredentialFrom {
    /// Environment variables, by name.
    Env {
        /// Variables of the key's id and secret. `None`: the token is all there is.
        keys: Option<(String, String)>,
        /// Variable of the token. Need not be set when there are `keys`.
        token: Option<String>,
        /// The token, when it is set, is a bearer token and beats the keys; otherwise it is a session token and goes along.
        bearer: bool,
    },
    /// Environment variables of a user's name, password and account, by name: to sign in for a token.
    Password { user: String, password: String, account: String },
    /// The file of the vendor's own command line tool.
    VendorCli {
        /// A profile of the tool; `None`: the one that the tool would take.
        profile: Option<String>,
    },
    /// A program that prints it.
    Command {
        /// The program and its arguments; never empty. No shell reads them.
        argv: Vec<String>,
        /// It is stopped when it takes longer.
        timeout: Duration,
        /// A bare line is a bearer token.
        bearer: bool,
    },
}

/// Why a profile has no credential. The fault of this profile alone. Never holds a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialError {
    pub profile: ProfileId,
    pub place: Option<Place>,
    pub problem: KeyFault,
}
