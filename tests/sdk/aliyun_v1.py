"""The vendor's older SDK (aliyun-python-sdk-ecs), which signs in the RPC style, against the simulator.

    nicdeck simulate --clouds aliyun --world tests/sdk/aliyun.world.json > line.json &
    pip install aliyun-python-sdk-ecs aliyun-python-sdk-vpc aliyun-python-sdk-slb
    python tests/sdk/aliyun_v1.py line.json

Nothing but the endpoint is overridden. Ends with status 0 and "ok" when all of it holds. Changes the world it talks to.
"""

import json
import sys
import time
import xml.etree.ElementTree as tree

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkecs.request.v20140526.DescribeInstancesRequest import DescribeInstancesRequest
from aliyunsdkecs.request.v20140526.DescribeNetworkInterfacesRequest import DescribeNetworkInterfacesRequest
from aliyunsdkecs.request.v20140526.DescribeRegionsRequest import DescribeRegionsRequest
from aliyunsdkecs.request.v20140526.DetachNetworkInterfaceRequest import DetachNetworkInterfaceRequest
from aliyunsdkecs.request.v20140526.UnassignPrivateIpAddressesRequest import UnassignPrivateIpAddressesRequest
from aliyunsdkslb.request.v20140515.DescribeLoadBalancersRequest import DescribeLoadBalancersRequest
from aliyunsdkvpc.request.v20160428.DescribeEipAddressesRequest import DescribeEipAddressesRequest

LINE = json.loads(open(sys.argv[1], encoding="utf-8").readline())
REGION = LINE["region"]
SCHEME, HOST = LINE["endpoint"].rstrip("/").split("://")
CLIENT = AcsClient(LINE["access_key_id"], LINE["access_key_secret"], REGION)


def prepared(kind, members):
    request = kind()
    request.set_endpoint(HOST)
    request.set_protocol_type(SCHEME)
    for name, value in members.items():
        getattr(request, f"set_{name}")(value)
    return request


def ask(kind, client=CLIENT, **members):
    return json.loads(client.do_action_with_exception(prepared(kind, members)))


def fails(code, status, call):
    """The SDK's own exception carries the vendor's code, status and request id."""
    try:
        call()
    except ServerException as error:
        assert error.get_error_code() == code, (error.get_error_code(), code)
        assert error.get_http_status() == status, (error.get_http_status(), status)
        assert len(error.get_request_id()) == 36
        print(f"  {type(error).__name__} {error.get_http_status()} {error.get_error_code()}")
        return error
    raise AssertionError(f"{code} was expected")


def release(nic_id, *ips):
    return ask(UnassignPrivateIpAddressesRequest, NetworkInterfaceId=nic_id, PrivateIpAddresss=list(ips))


def detach(nic_id, instance_id):
    return ask(DetachNetworkInterfaceRequest, NetworkInterfaceId=nic_id, InstanceId=instance_id)


def nics(**members):
    return ask(DescribeNetworkInterfacesRequest, **members)


def nic(nic_id):
    return nics(NetworkInterfaceIds=[nic_id])["NetworkInterfaceSets"]["NetworkInterfaceSet"][0]


def lists():
    regions = ask(DescribeRegionsRequest)["Regions"]["Region"]
    assert [region["RegionId"] for region in regions] == [REGION]

    found, token, pages = [], None, 0
    while token != "":
        members = {"MaxResults": 10} if token is None else {"MaxResults": 10, "NextToken": token}
        body = nics(**members)
        found += [each["NetworkInterfaceId"] for each in body["NetworkInterfaceSets"]["NetworkInterfaceSet"]]
        token, pages = body["NextToken"], pages + 1
    assert len(found) == len(set(found)) == 13 and pages == 2, (found, pages)
    print(f"  {len(found)} NICs on {pages} pages by token")

    body = nics(PageNumber=3, PageSize=5)
    assert (body["TotalCount"], len(body["NetworkInterfaceSets"]["NetworkInterfaceSet"])) == (13, 3)
    odd = nics(NetworkInterfaceName="no such * + / ~ 名 name")
    assert odd["NetworkInterfaceSets"]["NetworkInterfaceSet"] == []

    body = ask(DescribeInstancesRequest, InstanceIds=json.dumps(["i-web", "i-gone"]))
    assert [each["InstanceName"] for each in body["Instances"]["Instance"]] == ["web-1"]
    body = ask(DescribeEipAddressesRequest, PageNumber=1, PageSize=100)
    assert body["TotalCount"] == 3
    body = ask(DescribeLoadBalancersRequest, ServerIntranetAddress="10.0.8.11")
    assert [each["LoadBalancerId"] for each in body["LoadBalancers"]["LoadBalancer"]] == ["lb-1"]
    print("  regions, instances, EIPs, CLB read")

    # Without a format the vendor answers in XML.
    request = prepared(DescribeRegionsRequest, {})
    request.set_accept_format("XML")
    _, _, body, _ = CLIENT._implementation_of_do_action(request)
    root = tree.fromstring(body)
    assert root.tag == "DescribeRegionsResponse" and root.find("Regions/Region/RegionId").text == REGION
    print("  XML read")


def refusals():
    fails("InvalidAccessKeyId.NotFound", 404,
          lambda: ask(DescribeRegionsRequest, AcsClient("nobody", LINE["access_key_secret"], REGION)))
    # The SDK calls it so itself when the server's string to sign is its own: then only the secret can be wrong.
    fails("InvalidAccessKeySecret", 400,
          lambda: ask(DescribeRegionsRequest, AcsClient(LINE["access_key_id"], "wrong", REGION)))
    token = AcsClient(region_id=REGION,
                      credential=StsTokenCredential(LINE["access_key_id"], LINE["access_key_secret"], "tok+en=="))
    fails("InvalidSecurityToken.MismatchWithAccessKey", 400, lambda: ask(DescribeRegionsRequest, token))

    fails("InvalidIp.IpUnassigned", 403, lambda: release("eni-s", "10.0.8.20"))
    fails("InvalidVSwitchId.IpInvalid", 403, lambda: release("eni-s", "192.168.0.1"))
    fails("InvalidIp.IpRepeated", 403, lambda: release("eni-s", "10.0.8.21", "10.0.8.21"))
    fails("MissingParameter", 403, lambda: release("eni-s"))
    fails("InvalidEniId.NotFound", 404, lambda: release("eni-gone", "10.0.8.21"))
    fails("InvalidOperation.InvalidEniState", 400, lambda: release("eni-stuck", "10.0.8.41"))
    fails("InvalidOperation.InvalidEcsState", 400, lambda: release("eni-boot", "10.0.8.61"))

    fails("InvalidOperation.DetachPrimaryEniNotAllowed", 400, lambda: detach("eni-p", "i-web"))
    fails("InvalidOperation.InvalidEniState", 400, lambda: detach("eni-free", "i-web"))
    fails("InvalidParameter.EniNotBelongEcs", 400, lambda: detach("eni-s", "i-db"))
    fails("InvalidInstanceId.NotFound", 403, lambda: detach("eni-s", "i-gone"))
    fails("InvalidOperation.HasMemberEniAttached", 403, lambda: detach("eni-trunk", "i-web"))


def writes():
    assert release("eni-p", "10.0.8.11", "10.0.8.13")["RequestId"]
    left = [each["PrivateIpAddress"] for each in nic("eni-p")["PrivateIpSets"]["PrivateIpSet"]]
    assert left == ["10.0.8.10", "10.0.8.12"], left
    fails("InvalidIp.IpUnassigned", 403, lambda: release("eni-p", "10.0.8.11"))

    assert detach("eni-s", "i-web")["RequestId"]
    seen = []
    for _ in range(200):
        body = nic("eni-s")
        if not seen or seen[-1] != (body["Status"], body["InstanceId"]):
            seen.append((body["Status"], body["InstanceId"]))
        if body["Status"] == "Available":
            break
        time.sleep(0.05)
    assert seen == [("Detaching", "i-web"), ("Available", "")], seen
    print(f"  detach: {seen}")
    fails("InvalidOperation.InvalidEniState", 400, lambda: detach("eni-s", "i-web"))


for part in (lists, refusals, writes):
    print(part.__name__)
    part()
print("ok")
