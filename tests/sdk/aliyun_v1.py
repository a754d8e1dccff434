"""Alibaba Cloud through the vendor's older SDK (aliyun-python-sdk-ecs), which signs in the RPC style."""

import json
import xml.etree.ElementTree as tree

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DeleteNetworkInterfaceRequest import DeleteNetworkInterfaceRequest
from aliyunsdkecs.request.v20140526.DescribeInstanceTypesRequest import DescribeInstanceTypesRequest
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from aliyunsdkecs.request.v20140526.DescribeNetworkInterfacesRequest import DescribeNetworkInterfacesRequest
from aliyunsdkecs.request.v20140526.DescribeRegionsRequest import DescribeRegionsRequest
from aliyunsdkecs.request.v20140526.DetachNetworkInterfaceRequest import DetachNetworkInterfaceRequest
from aliyunsdkecs.request.v20140526.UnassignPrivateIpAddressesRequest import UnassignPrivateIpAddressesRequest
from aliyunsdkslb.request.v20140515.DescribeLoadBalancersRequest import DescribeLoadBalancersRequest
from aliyunsdkvpc.request.v20160428.DescribeEipAddressesRequest import DescribeEipAddressesRequest

from checks import Checks, answering, line
from shared import aliyun

LINE = line()
REGION = LINE["region"]
SCHEME, HOST = LINE["endpoint"].rstrip("/").split("://")
KEY, SECRET = LINE["access_key_id"], LINE["access_key_secret"]


def client(key=KEY, secret=SECRET, token=None):
    # Of its own accord the SDK repeats reads that failed.
    if token is None:
        return AcsClient(key, secret, REGION, auto_retry=False)
    return AcsClient(region_id=REGION, credential=StsTokenCredential(key, secret, token), auto_retry=False)


def prepared(kind, members):
    request = kind()
    request.set_endpoint(HOST)
    request.set_protocol_type(SCHEME)
    for name, value in members.items():
        getattr(request, f"set_{name}")(value)
    return request


def ask(kind, by=client(), **members):
    return json.loads(by.do_action_with_exception(prepared(kind, members)))


def nics(**members):
    return ask(DescribeNetworkInterfacesRequest, **members)


def listed(body):
    return body["NetworkInterfaceSets"]["NetworkInterfaceSet"]


def world():
    found = listed(nics(PageNumber=1, PageSize=100))
    return {
        nic["NetworkInterfaceId"]: (
            nic["Status"],
            # Missing in a NIC that a service of the cloud manages.
            nic.get("InstanceId", ""),
            [each["PrivateIpAddress"] for each in nic["PrivateIpSets"]["PrivateIpSet"]],
        )
        for nic in found
    }


def release(nic_id, *ips):
    return ask(UnassignPrivateIpAddressesRequest, NetworkInterfaceId=nic_id, PrivateIpAddresss=list(ips))


def detach(nic_id, instance_id):
    return ask(DetachNetworkInterfaceRequest, NetworkInterfaceId=nic_id, InstanceId=instance_id)


CHECKS = Checks(
    error=ServerException,
    facts=lambda error: (error.get_error_code(), error.get_http_status()),
    request_id=lambda error: error.get_request_id(),
    id_form=r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
    world=world,
)


def lists():
    regions = ask(DescribeRegionsRequest)["Regions"]["Region"]
    CHECKS.equal("regions", [region["RegionId"] for region in regions], [REGION])

    found, token, pages = [], None, 0
    while token != "" and pages < 9:
        body = nics(**{"MaxResults": 10, **({} if token is None else {"NextToken": token})})
        found += [nic["NetworkInterfaceId"] for nic in listed(body)]
        token, pages = body["NextToken"], pages + 1
    CHECKS.equal("NICs by token: 13, none twice, on 2 pages", (len(found), len(set(found)), pages), (13, 13, 2))

    sizes, found = [], set()
    for number in (1, 2, 3):
        body = nics(PageNumber=number, PageSize=5)
        sizes.append((body["TotalCount"], len(listed(body))))
        found |= {nic["NetworkInterfaceId"] for nic in listed(body)}
    CHECKS.equal("NICs by page number", (sizes, len(found)), ([(13, 5), (13, 5), (13, 3)], 13))

    odd = nics(NetworkInterfaceName="no such * + / ~ 名 name")
    CHECKS.equal("a name full of signs is signed and finds nothing", listed(odd), [])

    body = ask(DescribeInstancesRequest, InstanceIds=json.dumps(["i-web", "i-gone"]))
    CHECKS.equal("instances by id", [each["InstanceName"] for each in body["Instances"]["Instance"]], ["web-1"])
    sizes = []
    for number in (1, 2):
        body = ask(DescribeInstancesRequest, PageNumber=number, PageSize=2)
        sizes.append((body["TotalCount"], len(body["Instances"]["Instance"])))
    CHECKS.equal("instances by page number", sizes, [(3, 2), (3, 1)])

    sizes = []
    for number in (1, 2):
        body = ask(DescribeEipAddressesRequest, PageNumber=number, PageSize=2)
        sizes.append((body["TotalCount"], len(body["EipAddresses"]["EipAddress"])))
    CHECKS.equal("EIPs by page number", sizes, [(3, 2), (3, 1)])
    body = ask(DescribeLoadBalancersRequest, ServerIntranetAddress="10.0.8.11")
    balancers = [each["LoadBalancerId"] for each in body["LoadBalancers"]["LoadBalancer"]]
    CHECKS.equal("CLB by a backend's address", balancers, ["lb-1"])

    # Without a format the vendor answers in XML.
    request = prepared(DescribeRegionsRequest, {})
    request.set_accept_format("XML")
    _, _, body, _ = client()._implementation_of_do_action(request)
    root = tree.fromstring(body)
    CHECKS.equal("XML", (root.tag, root.findtext("Regions/Region/RegionId")), ("DescribeRegionsResponse", REGION))


def keys():
    CHECKS.refused("unknown key", lambda: ask(DescribeRegionsRequest, client(key="nobody")),
                   "InvalidAccessKeyId.NotFound", 404)
    # The SDK calls it so itself when the server's string to sign is its own: then only the secret can be wrong.
    CHECKS.refused("wrong secret", lambda: ask(DescribeRegionsRequest, client(secret="wrong")),
                   "InvalidAccessKeySecret", 400)
    CHECKS.refused("token of another key", lambda: ask(DescribeRegionsRequest, client(token="tok+en==")),
                   "InvalidSecurityToken.MismatchWithAccessKey", 400)
    helper = "aliyunsdkcore.utils.parameter_helper"
    regions = lambda: ask(DescribeRegionsRequest)
    CHECKS.refused("a clock that is off", answering(f"{helper}.get_iso_8061_date", "2020-01-01T00:00:00Z", regions),
                   "InvalidTimeStamp.Expired", 400)
    again = answering(f"{helper}.get_uuid", "the-same-again", regions)
    CHECKS.equal("a nonce once", [each["RegionId"] for each in again()["Regions"]["Region"]], [REGION])
    CHECKS.refused("a nonce twice", again, "SignatureNonceUsed", 400)


def busy():
    def types():
        return ask(DescribeInstanceTypesRequest, InstanceTypess=["ecs.g7.xlarge"])["InstanceTypes"]["InstanceType"]

    CHECKS.refused("throttled", types, "Throttling.User", 400)
    CHECKS.refused("unavailable", types, "ServiceUnavailable", 503)
    CHECKS.equal("then it answers: addresses by instance type",
                 [each["EniPrivateIpAddressQuantity"] for each in types()], [15])


def releases_refused():
    aliyun.releases_refused(CHECKS, release)


def detaches_refused():
    aliyun.detaches_refused(CHECKS, detach)


def writes():
    aliyun.released_and_detached(CHECKS, release, detach, lambda nic_id: world()[nic_id])

    CHECKS.lost("delete", lambda: ask(DeleteNetworkInterfaceRequest, NetworkInterfaceId="eni-free"),
                {"eni-free": ("Deleting", "", ["10.0.8.30"])})
    CHECKS.becomes("delete is done", lambda: world().get("eni-free"), ("Deleting", "", ["10.0.8.30"]), None)
    CHECKS.refused("delete: an attached NIC", lambda: ask(DeleteNetworkInterfaceRequest, NetworkInterfaceId="eni-bond"),
                   "InvalidOperation.InvalidEniState", 400)


CHECKS.run(lists, keys, busy, releases_refused, detaches_refused, writes)
