//! The vendor's error codes with their messages, and the refusal that carries one out of a call.
//! Knows no conditions: when a code is due is decided where the action is.

/// Code, Chinese message (what comes unless the client asks for English), English message.
/// Vendor: the "common error codes" table and the tables of the calls' own pages; callers decide on the code, never on the text.
const CODES: &[(&str, &str, &str)] = &[
    // The gateway in front of every product.
    (
        "AuthFailure.InvalidAuthorization",
        "请求头部的 Authorization 不符合腾讯云标准。",
        "The Authorization header is malformed.",
    ),
    ("AuthFailure.SecretIdNotFound", "密钥不存在。", "The SecretId does not exist."),
    ("AuthFailure.SignatureExpire", "签名过期。", "The signature has expired."),
    ("AuthFailure.SignatureFailure", "签名错误。", "The provided credentials could not be validated."),
    ("AuthFailure.TokenFailure", "token 错误。", "The token is invalid."),
    ("AuthFailure.UnauthorizedOperation", "请求未授权。", "The request is not authorized."),
    ("UnauthorizedOperation", "未授权操作。", "The operation is not authorized."),
    ("InternalError", "内部错误。", "An internal error has occurred."),
    ("InternalError.ModuleError", "内部模块错误。", "A module inside the product failed."),
    ("InvalidAction", "接口不存在。", "The requested action does not exist."),
    ("InvalidParameter", "参数错误（包括参数格式、类型等错误）。", "A parameter is malformed or of a wrong type."),
    ("InvalidParameterValue", "参数取值错误。", "A parameter's value is wrong."),
    ("InvalidRequest", "请求格式错误。", "The request is malformed."),
    ("LimitExceeded", "超过配额限制。", "The quota is exceeded."),
    ("LimitExceeded.ActionLimited", "接口请求次数超过频次限制。", "The action is called too often."),
    ("MissingParameter", "缺少参数。", "A parameter is missing."),
    ("NoSuchProduct", "产品不存在。", "The product does not exist."),
    ("NoSuchVersion", "接口版本不存在。", "The version does not exist."),
    ("RequestLimitExceeded", "请求的次数超过了频率限制。", "The number of requests exceeds the frequency limit."),
    ("ResourceInUse", "资源被占用。", "The resource is in use."),
    ("ResourceInsufficient.Subnet", "子网没有足够的 IP。", "The subnet has not enough addresses."),
    ("ResourceNotFound", "资源不存在。", "The resource does not exist."),
    ("ServiceUnavailable", "当前服务暂时不可用。", "The service is temporarily unavailable."),
    ("UnknownParameter", "未知参数错误。", "An undefined parameter was sent."),
    ("UnsupportedOperation", "操作不支持。", "The operation is not supported."),
    ("UnsupportedProtocol", "HTTP 请求方法错误，请求仅支持 GET 和 POST 请求。", "Only GET and POST are supported."),
    ("UnsupportedRegion", "接口不支持所传地域。", "The region is not supported."),
    // Network interfaces and their addresses.
    ("InvalidParameter.Coexist", "参数不支持同时指定。", "The parameters can not be given together."),
    ("InvalidParameter.FilterInvalidKey", "指定过滤条件不存在。", "The filter does not exist."),
    ("InvalidParameter.FilterNotDict", "指定过滤条件不是键值对。", "The filter is no pair of name and values."),
    ("InvalidParameter.FilterValuesNotList", "指定过滤选项值不是列表。", "The filter's values are no list."),
    ("InvalidParameterValue.DuplicatePara", "参数值重复。", "A value is given twice."),
    ("InvalidParameterValue.LimitExceeded", "参数值超过限制。", "A value is beyond its limit."),
    ("InvalidParameterValue.Malformed", "入参格式不合法。", "A value is malformed."),
    ("InvalidParameterValue.Range", "参数值不在指定范围。", "A value is out of range."),
    ("InvalidInstanceId.Malformed", "实例 ID 不合要求。", "The instance id is malformed."),
    ("InvalidFilter", "过滤器不合法。", "The filter is not valid."),
    ("InvalidFilterValue.LimitExceeded", "过滤器的值过多。", "The filter has too many values."),
    ("UnsupportedOperation.AttachmentAlreadyExists", "绑定关系已存在。", "The attachment exists already."),
    ("UnsupportedOperation.AttachmentNotFound", "绑定关系不存在。", "The attachment does not exist."),
    (
        "UnsupportedOperation.IdempotentParameterMismatch",
        "幂等参数不匹配。",
        "The ClientToken was used with other parameters.",
    ),
    (
        "UnsupportedOperation.IdempotentProcessing",
        "幂等请求处理中。",
        "The request with this ClientToken is being processed.",
    ),
    (
        "UnsupportedOperation.InstanceAssociateHavip",
        "实例已关联 HAVIP，请先解除关联。",
        "The instance is within the range of a HAVIP.",
    ),
    ("UnsupportedOperation.InvalidState", "资源状态不合法。", "The resource's state does not allow it."),
    (
        "UnsupportedOperation.MutexOperationTaskRunning",
        "资源互斥操作任务正在执行。",
        "Another task is running on the resource.",
    ),
    ("UnsupportedOperation.ResourceIsInvalidState", "资源状态不合法。", "The instance's state does not allow it."),
    ("UnsupportedOperation.ResourceMismatch", "资源不匹配。", "The resources do not match."),
    ("UnsupportedOperation.VpcMismatch", "资源不属于同一个 VPC。", "The resources are not in the same VPC."),
    ("UnsupportedOperation.ZoneMismatch", "资源不在同一个可用区。", "The resources are not in the same zone."),
    // EIPs and load balancers.
    ("InvalidAddressId.NotFound", "EIP 不存在。", "The EIP does not exist."),
    ("InvalidNetworkInterfaceId.NotFound", "弹性网卡不存在。", "The network interface does not exist."),
    ("InvalidPrivateIpAddress.AlreadyBindEip", "内网 IP 已绑定 EIP。", "The private address has an EIP already."),
    ("UnsupportedOperation.AddressStatusNotPermit", "EIP 的状态不允许此操作。", "The EIP's state does not allow it."),
    ("InvalidParameter.LBIdNotFound", "负载均衡实例 ID 错误。", "The load balancer does not exist."),
    ("InvalidParameterValue.Length", "参数长度错误。", "A value's length is wrong."),
];

/// An answer that is an error of the vendor's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    pub code: String,
    text: Option<String>,
}

impl Refusal {
    #[must_use]
    pub fn of(code: &str) -> Self {
        Self { code: code.to_owned(), text: None }
    }

    #[must_use]
    pub fn with(code: &str, text: impl Into<String>) -> Self {
        Self { code: code.to_owned(), text: Some(text.into()) }
    }

    #[must_use]
    pub fn missing(name: &str) -> Self {
        Self::with("MissingParameter", format!("The request is missing a required parameter `{name}`."))
    }

    /// A value of a wrong form or type.
    #[must_use]
    pub fn invalid(name: &str) -> Self {
        Self::with("InvalidParameter", format!("The parameter `{name}` is malformed or of a wrong type."))
    }

    /// In the language that was asked for; a code that the table does not hold is its own message.
    pub fn message(&self, english: bool) -> &str {
        let row = CODES.iter().find(|(code, ..)| *code == self.code);
        let tabled = row.map_or(self.code.as_str(), |(_, chinese, text)| if english { text } else { chinese });
        match &self.text {
            // The longer texts of this server are English.
            Some(text) if english || row.is_none() => text,
            _ => tabled,
        }
    }
}
