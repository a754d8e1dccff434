//! The vendor's error codes and the HTTP status of each. Vendor: the error tables of each action's page, "Common Error Codes".

/// An answer that is no success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: String,
    /// The vendor's message texts aren't documented, so these are the simulator's own.
    pub message: String,
}

pub fn refuse(code: &str, message: impl Into<String>) -> Refusal {
    Refusal { status: status(code), code: code.to_owned(), message: message.into() }
}

/// The status that goes with a code; 400 for one that stands in no table.
fn status(code: &str) -> u16 {
    match code {
        "AUTHFAILURE_INVALID_AUTHORIZATION"
        | "AUTHFAILURE_SIGNATURE_FAILURE"
        | "AUTHFAILURE_SIGNATURE_EXPIRED"
        | "AUTHFAILURE_UNAUTHORIZED_OPERATION" => 401,
        "INVALID_NIC_PRIVATE_IP_EXCEED_LIMIT"
        | "OPERATION_DENIED_NIC_NOT_EXIST_INSTANCE"
        | "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE"
        | "OPERATION_FAILED_FOR_RECYCLE_RESOURCE" => 403,
        "INVALID_NIC_NOT_FOUND"
        | "INVALID_INSTANCE_NOT_FOUND"
        | "INVALID_EIP_NOT_FOUND"
        | "INVALID_LB_NOT_FOUND"
        | "INVALID_LB_LISTENER_NOT_FOUND"
        | "OPERATION_FAILED_RESOURCE_GROUP_NOT_FOUND"
        | "OPERATION_FAILED_RESOURCE_NOT_FOUND" => 404,
        "INVALID_NIC_LB_ASSOCIATED"
        | "INVALID_NIC_PRIMARY_IP_CANT_DETACH"
        | "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"
        | "INVALID_NIC_PRIMARY_CANT_DETACH"
        | "INVALID_NIC_PRIMARY_CANT_DELETE"
        | "INVALID_NIC_INSTANCE_REGION_MISMATCH"
        | "INVALID_SUBNET_PRIVATE_IPV4_IN_USED" => 409,
        "REQUEST_LIMIT_EXCEEDED" => 429,
        // A business error, in spite of its status.
        "OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT" | "INTERNAL_SERVER_ERROR" => 500,
        "SERVICE_TEMPORARY_UNAVAILABLE" | "REQUEST_TIMED_OUT" => 503,
        _ => 400,
    }
}
