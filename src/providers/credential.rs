//! Where a profile's credential comes from, and why it could not be had. Reading it is `runtime`'s part.

use crate::domain::{ids::ProfileId, place::Place};

/// Where one profile's credential comes from. Holds names of variables, never a secret.
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
}

/// Why a profile has no credential. The fault of this profile alone. Never holds a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialError {
    pub profile: ProfileId,
    pub place: Option<Place>,
    pub problem: CredentialProblem,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CredentialProblem {
    /// These variables are not set, or empty; `or` is the one that would do instead of all of them.
    Missing { variables: Vec<String>, or: Option<String> },
    /// The variable holds blanks, control or non-ASCII characters: it cannot be a key.
    Malformed { variable: String },
}
