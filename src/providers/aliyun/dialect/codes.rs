//! The vendor's error codes with their HTTP statuses and messages, and the refusal that carries one out of a call.
//! Knows no conditions: when a code is due is decided where the action is.

/// Code, status, message. Vendor: the error tables of the calls' own pages and the table of common errors;
/// where a page prints no text, a plain sentence stands in. Callers decide on the code, never on the text.
const CODES: &[(&str, u16, &str)] = &[
    // The gateway in front of every product.
    ("IncompleteSignature", 400, "The request signature does not conform to Aliyun standards."),
    ("SignatureDoesNotMatch", 400, "Specified signature is not matched with our calculation."),
    ("InvalidAccessKeyId.NotFound", 404, "Specified access key is not found."),
    ("InvalidAccessKeyId.Inactive", 403, "Specified access key is disabled."),
    ("Forbidden.AccessKeyDisabled", 403, "The specified access key is disabled."),
    ("InvalidTimeStamp.Expired", 400, "Specified time stamp or date value is expired."),
    ("InvalidTimeStamp.Format", 400, "Specified time stamp or date value is not well formatted."),
    ("SignatureNonceUsed", 400, "Specified signature nonce was used already."),
    ("InvalidSecurityToken.Malformed", 400, "The specified SecurityToken is malformed."),
    ("InvalidSecurityToken.MismatchWithAccessKey", 400, "The specified SecurityToken does not match the AccessKeyId."),
    ("InvalidSecurityToken.Expired", 400, "The specified SecurityToken is expired."),
    ("InvalidAction.NotFound", 404, "Specified api is not found, please check your url and method."),
    ("InvalidVersion", 400, "Specified parameter Version is not valid."),
    ("UnsupportedHTTPMethod", 403, "This http method is not supported."),
    ("Throttling", 400, "Request was denied due to request throttling."),
    ("Throttling.User", 400, "Request was denied due to user flow control."),
    ("Throttling.Api", 400, "Request was denied due to api flow control."),
    ("InternalError", 500, "The request processing has failed due to some unknown error, exception or failure."),
    ("UnknownError", 400, "The request processing has failed due to some unknown error."),
    ("ServiceUnavailable", 503, "The request has failed due to a temporary failure of the server."),
    ("ServiceUnavailable.RegionMaintaining", 503, "The region is under maintenance."),
    ("OperationConflict", 409, "Your request was conflicted with your previous request."),
    // Who may do what, and where.
    ("InvalidUserType.NotSupported", 403, "The specified action is not supported for the specified user type."),
    ("Abs.InvalidAccount.NotFound", 403, "The Alibaba Cloud account does not exist, or its access key has expired."),
    ("Forbidden.NotSupportRAM", 403, "This action does not support accessed by RAM mode."),
    ("Forbidden.SubUser", 403, "The specified action is not available for you."),
    (
        "Forbidden.RAM",
        403,
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    ("Forbidden.Unauthorized", 403, "A required authorization for the specified action is not supplied."),
    ("Forbidden.RegionId", 400, "The specified action is not supported in the specified region."),
    ("InvalidAction", 400, "The specified action is not valid."),
    ("InvalidRegionId.NotFound", 404, "The specified RegionId does not exist."),
    ("InvalidRegionId.MalFormed", 400, "The specified parameter RegionId is not valid."),
    ("InvalidOperation.InvalidRegion", 400, "The specified action is not supported in the specified region."),
    // Parameters.
    ("MissingParameter", 400, "The input parameter that is mandatory for processing this request is not supplied."),
    ("InvalidParameter", 400, "The specified parameter is not valid."),
    ("InvalidParameter.Conflict", 400, "The specified parameters can not be used together."),
    ("UnsupportedParameter", 400, "The specified parameter is not supported."),
    ("InvalidStatus.NotFound", 404, "The specified parameter Status does not exist."),
    ("InvalidAcceptLanguage.NotFound", 404, "The specified AcceptLanguage does not exist."),
    ("InvalidResourceType.NotFound", 404, "The specified ResourceType does not exist."),
    ("DryRunOperation", 400, "Request validation has been passed with DryRun flag set."),
    ("InvalidInstanceID.Malformed", 400, "The specified parameter InstanceId is not valid."),
    ("InvalidEniId.Malformed", 400, "The specified parameter NetworkInterfaceId is not valid."),
    ("InvalidParams.EniId", 400, "The specified parameter NetworkInterfaceId is not valid."),
    ("InvalidPrivateIpAddress.Malformed", 403, "The specified private IP address is malformed."),
    ("InvalidIp.IpRepeated", 403, "The specified IP address is repeated."),
    ("InvalidIp.IpPrefixIllegal", 403, "The specified IP prefix is illegal."),
    ("InvalidIp.IpPrefixMaskInvalid", 403, "The mask of the specified IP prefix is invalid."),
    ("InvalidIp.IpPrefixMaskNotSame", 403, "The masks of the specified IP prefixes are not the same."),
    ("InvalidIp.IpPrefixNotStrict", 403, "The specified IP prefix has host bits set."),
    // Instances and network interfaces.
    ("InvalidOperation.InvalidEcsState", 400, "The operation is not permitted due to an invalid instance state."),
    ("InvalidOperation.InvalidEniState", 400, "The operation is not allowed in the current ENI state."),
    ("InvalidOperation.DetachPrimaryEniNotAllowed", 400, "You can not detach a primary ENI."),
    ("InvalidOperation.InvalidEniType", 403, "The operation is not permitted due to the ENI type."),
    ("InvalidOperation.EniServiceManaged", 403, "The ENI is managed by a cloud service and can not be changed."),
    ("InvalidOperation.EniLinked", 403, "The ENI is linked with another ENI."),
    ("InvalidOperation.HasMemberEniAttached", 403, "The trunk ENI has member ENIs attached."),
    ("InvalidOperation.HasSlaveEniBonded", 400, "The ENI has slave ENIs bonded."),
    (
        "InvalidOperation.EniHotPlugNotSupported",
        400,
        "The ENI can be attached or detached only while the instance is stopped.",
    ),
    ("InvalidOperation.HotPlugNotSupport", 403, "The instance type does not support hot plugging of ENIs."),
    ("InvalidOperation.InvalidGeneration", 400, "The ENI can not be attached to an instance of this generation."),
    ("InvalidOperation.AvailabilityZoneMismatch", 403, "The ENI and the instance are not in the same zone."),
    ("InvalidOperation.VpcMismatch", 403, "The ENI, its security groups and the instance are not in the same VPC."),
    ("InvalidOperation.Ipv4CountExceeded", 403, "The number of private IPv4 addresses exceeds the limit."),
    ("InvalidEcsId.NotFound", 404, "The specified instance does not exist."),
    ("InvalidInstanceId.NotFound", 404, "The specified InstanceId does not exist."),
    ("InvalidEniId.NotFound", 404, "The specified ENI does not exist."),
    ("InvalidVSwitchId.NotFound", 404, "The specified vSwitch does not exist."),
    ("InvalidSecurityGroupId.NotFound", 404, "The specified security group does not exist."),
    ("InvalidSecurityGroupId.NotVpc", 403, "The specified security group is not in a VPC."),
    ("SecurityGroupInstanceLimitExceed", 403, "The maximum number of instances in the security group is exceeded."),
    ("EniPerInstanceLimitExceeded", 403, "The maximum number of ENIs per instance is exceeded."),
    ("InvalidParameter.EniNotBelongEcs", 400, "The specified ENI does not belong to the specified instance."),
    ("InvalidVSwitchId.IpInvalid", 403, "The specified IP address is not a valid address of the vSwitch."),
    ("InvalidVSwitchId.IpNotEnough", 403, "The vSwitch does not have enough IP addresses."),
    ("InvalidIp.IpUnassigned", 403, "The specified IP is not assigned on this ENI."),
    ("InvalidIp.IpAssigned", 403, "The specified IP has already been assigned."),
    ("InvalidPrivateIpAddress.Duplicated", 400, "The specified private IP address is in use."),
    ("MaxEniPrivateIpsCountExceeded", 403, "The maximum number of private IP addresses per ENI is exceeded."),
    ("MaxEniCountExceeded", 403, "The maximum number of ENIs is exceeded."),
    ("QuotaExceeded.PrivateIpAddress", 403, "The quota of private IP addresses is exceeded."),
    ("Operation.Conflict", 403, "ecs task is conflicted."),
    ("IdempotentParameterMismatch", 400, "The ClientToken was used before with other parameters."),
    ("InvalidIdempotenceParameter.Mismatch", 403, "The ClientToken was used before with other parameters."),
    ("LastTokenProcessing", 403, "The request with the same ClientToken is being processed."),
    ("IdempotentFailed", 403, "The request with the same ClientToken failed."),
    // EIPs and load balancers.
    ("InvalidAllocationId.NotFound", 404, "The specified AllocationId does not exist."),
    ("IncorrectEipStatus", 400, "Current elastic IP status does not support this operation."),
    ("InvalidAssociation.Duplicated", 400, "The specified address has an EIP already."),
    ("InvalidAssociation.NotFound", 404, "The specified EIP is not associated with the specified instance."),
    ("InvalidLoadBalancerId.NotFound", 404, "The specified LoadBalancerId does not exist."),
    ("InvalidParameter.VServerGroupId", 400, "The specified VServerGroupId does not exist."),
    ("ResourceNotFound.ServerGroup", 404, "The specified server group does not exist."),
];

/// Where a call's own page gives another status than the rest. Vendor: the pages of these calls.
const EXCEPTIONS: &[(&str, &str, u16)] = &[
    ("UnassignPrivateIpAddresses", "MissingParameter", 403),
    ("DeleteNetworkInterface", "InvalidEniId.NotFound", 403),
    ("DetachNetworkInterface", "InvalidInstanceId.NotFound", 403),
    ("AttachNetworkInterface", "InvalidInstanceId.NotFound", 403),
];

/// An answer that is an error of the vendor's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub code: String,
    pub message: String,
}

impl Refusal {
    /// The code with the table's message. A code that the table does not hold keeps itself as its message.
    #[must_use]
    pub fn of(code: &str) -> Self {
        let message = CODES.iter().find(|(name, ..)| *name == code).map_or(code, |(_, _, text)| *text);
        Self { code: code.to_owned(), message: message.to_owned() }
    }

    #[must_use]
    pub fn with(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    /// The gateway's own code for a missing common parameter: `Missing` and its name.
    #[must_use]
    pub fn missing_common(name: &str) -> Self {
        Self::with(&format!("Missing{name}"), format!("{name} is mandatory for this action."))
    }

    /// A required parameter of the call itself.
    #[must_use]
    pub fn missing(name: &str) -> Self {
        let text =
            format!("The input parameter \"{name}\" that is mandatory for processing this request is not supplied.");
        Self::with("MissingParameter", text)
    }

    #[must_use]
    pub fn invalid(name: &str) -> Self {
        Self::with("InvalidParameter", format!("The specified parameter \"{name}\" is not valid."))
    }

    /// The HTTP status of this code in the answer to `action`; 400 for a code that no table holds.
    pub fn status(&self, action: &str) -> u16 {
        let exception = EXCEPTIONS.iter().find(|(call, code, _)| *call == action && *code == self.code);
        let common = CODES.iter().find(|(code, ..)| *code == self.code);
        exception.map(|row| row.2).or_else(|| common.map(|row| row.1)).unwrap_or(400)
    }
}
