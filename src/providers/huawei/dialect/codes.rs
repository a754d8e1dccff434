//! The vendor's error codes with their HTTP statuses and messages, and the refusal that carries one out of a call.
//! Vendor: the error pages of API Gateway, ECS, VPC.

/// Code, status, message. Callers decide on the code; where a page prints no text, a plain sentence stands in.
const CODES: &[(&str, u16, &str)] = &[
    ("APIGW.0101", 404, "The API does not exist or has not been published in the environment"),
    ("APIGW.0106", 400, "Orchestration error"),
    ("APIGW.0201", 400, "Bad request"),
    ("APIGW.0301", 401, "Incorrect IAM authentication information"),
    ("APIGW.0302", 403, "Incorrect IAM authentication information: no permission"),
    (
        "APIGW.0308",
        429,
        "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 second",
    ),
    ("APIGW.0602", 503, "Backend unavailable"),
    ("Common.0001", 500, "System error."),
    ("Common.0002", 400, "The request body is empty."),
    ("Common.0011", 400, "The job ID is invalid."),
    ("Common.0013", 401, "Invalid token."),
    ("Common.0018", 400, "The project in the token is different from the project in the URL."),
    ("Common.0024", 202, "The flow limit has been reached."),
    ("Common.1503", 503, "Flow control: too many APIs are running."),
    ("Pdp.0001", 403, "Policy doesn't allow the action to be performed."),
    ("Ecs.0003", 403, "The account is restricted."),
    ("Ecs.0005", 400, "The request parameter is invalid."),
    ("Ecs.0010", 400, "The private IP address is already in use."),
    ("Ecs.0012", 400, "No IP address is available in the subnet."),
    ("Ecs.0014", 400, "The VPC, the subnet and the security group do not match."),
    ("Ecs.0030", 400, "The server is frozen."),
    ("Ecs.0038", 400, "The subnet does not exist."),
    ("Ecs.0039", 400, "The private IP address is not in the subnet."),
    ("Ecs.0050", 400, "The number of NICs exceeds the upper limit."),
    ("Ecs.0085", 400, "The server does not have this NIC."),
    ("Ecs.0100", 400, "The server status does not allow this operation."),
    ("Ecs.0110", 403, "No permission to perform this operation."),
    ("Ecs.0114", 404, "The server does not exist."),
    ("Ecs.0213", 400, "Failed to update the port attributes."),
    ("Ecs.0307", 400, "Failed to query the port."),
    ("Ecs.0507", 400, "Failed to delete the NIC."),
    ("Ecs.0603", 501, "Other commands are being executed. Try again later."),
    ("Ecs.0605", 400, "The server is locked."),
    ("Ecs.0919", 400, "The status of the port does not support this operation."),
    ("Ecs.1002", 400, "OpenStack timed out."),
    ("VPC.0007", 400, "The project in the URL is different from that of the credential."),
    ("VPC.0701", 409, "The IP address is in use."),
    ("VPC.0703", 409, "No IP address is available."),
    ("VPC.0707", 409, "The private IP address is in use."),
    ("VPC.2201", 403, "Policy doesn't allow the action to be performed."),
    ("VPC.2204", 404, "The resource does not exist, or there is no permission for it."),
    ("VPC.2500", 400, "The port parameters are invalid."),
    ("VPC.2502", 404, "The port does not exist."),
    ("VPC.2701", 403, "You do not have permission, or the account is restricted."),
    ("VPC.0504", 404, "The EIP does not exist."),
    ("VPC.0511", 400, "The port already has an EIP."),
];

/// Statuses of codes that no condition of a world brings about, but a refusal that a world states may. Others are a 400.
const STATUSES: &[(&str, u16)] = &[
    ("APIGW.0306", 403),
    ("APIGW.0303", 401),
    ("APIGW.0307", 401),
    ("APIGW.0608", 503),
    ("APIGW.0801", 503),
    ("APIGW.0802", 403),
    ("Ecs.0066", 403),
    ("Ecs.0067", 403),
    ("Ecs.0068", 403),
    ("Ecs.0069", 403),
    ("Ecs.0070", 403),
    ("Ecs.0071", 403),
    ("Ecs.0614", 404),
    ("Ecs.0615", 500),
    ("VPC.0003", 404),
    ("VPC.0005", 401),
    ("VPC.0009", 401),
    ("VPC.0008", 401),
    ("VPC.0010", 403),
    ("VPC.0704", 404),
    ("VPC.0706", 500),
    ("Ecs.0083", 403),
];

/// An answer that is no success.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Refusal {
    /// With the tables' status and text; a code that stands in none is a 400.
    pub fn of(code: &str) -> Self {
        let row = CODES.iter().find(|row| row.0 == code);
        let status = || STATUSES.iter().find(|row| row.0 == code).map_or(400, |row| row.1);
        let (status, message) = row.map_or_else(|| (status(), "The request is refused."), |row| (row.1, row.2));
        Self { status, code: code.to_owned(), message: message.to_owned() }
    }

    pub fn with(code: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::of(code) }
    }

    pub fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// VPC v2.0 has words instead of codes. Vendor: `OpenStack` Neutron's exceptions.
    pub fn neutron_type(&self) -> &str {
        match (self.code.as_str(), self.status) {
            ("VPC.2500" | "VPC.2502", 404) => "PortNotFound",
            ("VPC.0701", _) => "IpAddressInUse",
            ("VPC.0703", _) => "IpAddressGenerationFailure",
            ("VPC.2201" | "VPC.2701", _) => "PolicyNotAuthorized",
            (_, 409) => "PortInUse",
            (_, 500..) => "HTTPInternalServerError",
            _ => "InvalidInput",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code and status, as the vendor's pages have them; some codes come with several.
    #[test]
    fn each_code_comes_with_a_status_of_its_page() {
        let pages = include_str!("../../../../tests/codes/huawei.txt");
        let rows = || pages.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
        let mut seen = 0;
        for (code, _) in rows().filter(|(code, _)| code.contains('.')) {
            let status = Refusal::of(code).status.to_string();
            let of_page = |(other, rest): (&str, &str)| other == code && rest.split(' ').next() == Some(&status);
            assert!(rows().any(of_page), "{code}: {status}");
            seen += 1;
        }
        assert!(seen > 100, "{seen}");
    }
}
