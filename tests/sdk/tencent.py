"""Tencent Cloud through the vendor's SDK (tencentcloud-sdk-python), API 3.0, which signs TC3-HMAC-SHA256.

The SDK sees an error only where the answer's content type is exactly `application/json`.
"""

from tencentcloud.clb.v20180317 import clb_client, models as clb
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client, models as cvm
from tencentcloud.region.v20220627 import models as region, region_client
from tencentcloud.vpc.v20170312 import models as vpc, vpc_client

from checks import Checks, line

LINE = line()
REGION = LINE["region"]
SCHEME, HOST = LINE["endpoint"].rstrip("/").split("://")
KEY, SECRET = LINE["access_key_id"], LINE["access_key_secret"]


def client(kind=vpc_client.VpcClient, place=REGION, method="POST", sign="TC3-HMAC-SHA256", key=KEY, secret=SECRET, token=None):
    http = HttpProfile(protocol=SCHEME, endpoint=HOST, reqMethod=method, reqTimeout=20)
    profile = ClientProfile(httpProfile=http, signMethod=sign, language="en-US")
    return kind(Credential(key, secret, token), place, profile)


VPC, CVM, CLB = client(), client(cvm_client.CvmClient), client(clb_client.ClbClient)


def ask(action, by=VPC, models=vpc, **members):
    request = getattr(models, f"{action}Request")()
    request._deserialize(members)
    return getattr(by, action)(request)


def seen(nic):
    attached = nic.Attachment.InstanceId if nic.Attachment else ""
    return nic.State, attached, [f"{each.PrivateIpAddress} {each.State}" for each in nic.PrivateIpAddressSet]


def world():
    found, offset = {}, 0
    while True:
        page = ask("DescribeNetworkInterfaces", Offset=offset, Limit=4)
        found.update({nic.NetworkInterfaceId: seen(nic) for nic in page.NetworkInterfaceSet})
        offset += 4
        if offset >= page.TotalCount:
            return found


def state(nic_id, by=VPC):
    (nic,) = ask("DescribeNetworkInterfaces", by, NetworkInterfaceIds=[nic_id]).NetworkInterfaceSet
    return seen(nic)


def release(nic_id, *ips, by=VPC, **more):
    addresses = [{"PrivateIpAddress": ip} for ip in ips]
    return ask("UnassignPrivateIpAddresses", by, NetworkInterfaceId=nic_id, PrivateIpAddresses=addresses, **more)


def assign(nic_id, *ips):
    addresses = [{"PrivateIpAddress": ip} for ip in ips]
    return ask("AssignPrivateIpAddresses", NetworkInterfaceId=nic_id, PrivateIpAddresses=addresses)


def detach(nic_id, instance_id, **more):
    return ask("DetachNetworkInterface", NetworkInterfaceId=nic_id, InstanceId=instance_id, **more)


def attach(nic_id, instance_id):
    return ask("AttachNetworkInterface", NetworkInterfaceId=nic_id, InstanceId=instance_id, AttachType=0)


def task(begun):
    return ask("DescribeVpcTaskResult", TaskId=begun.RequestId).Status


CHECKS = Checks(
    error=TencentCloudSDKException,
    facts=lambda error: (error.get_code(),),
    request_id=lambda error: error.get_request_id(),
    id_form=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    world=world,
)


def lists():
    nics = world()
    CHECKS.equal("10 NICs on pages of 4", len(nics), 10)
    CHECKS.equal("a NIC that is on an instance", nics["eni-s"][:2], ("AVAILABLE", "ins-web"))
    CHECKS.equal("one that is on none", nics["eni-free"][:2], ("AVAILABLE", ""))
    CHECKS.equal("a virtual address is none of the NIC's", len(nics["eni-vip"][2]), 2)

    named = [{"Name": "network-interface-name", "Values": ["测试 网卡 *~+/=&?%#"]}]
    for method, sign in (("POST", "TC3-HMAC-SHA256"), ("GET", "TC3-HMAC-SHA256"), ("GET", "HmacSHA1"), ("POST", "HmacSHA256")):
        by = client(method=method, sign=sign)
        page = ask("DescribeNetworkInterfaces", by, Filters=named, Offset=0, Limit=20)
        found = [nic.NetworkInterfaceId for nic in page.NetworkInterfaceSet]
        CHECKS.equal(f"a name with odd characters, {method} {sign}", found, ["eni-s"])

    suffix = [{"Name": "address-ip", "Values": ["0.8.10"]}]
    exact = [*suffix, {"Name": "ip-exact-match", "Values": ["true"]}]
    CHECKS.equal("an address by its end", ask("DescribeNetworkInterfaces", Filters=suffix).TotalCount, 1)
    CHECKS.equal("and by all of it", ask("DescribeNetworkInterfaces", Filters=exact).TotalCount, 0)

    for by, models, members in (
        (client(region_client.RegionClient, ""), region, {"Product": "cvm"}),
        (client(cvm_client.CvmClient, ""), cvm, {}),
    ):
        regions = ask("DescribeRegions", by, models, **members).RegionSet
        CHECKS.equal("regions", [(one.Region, one.RegionState) for one in regions], [(REGION, "AVAILABLE")])

    instances = ask("DescribeInstances", CVM, cvm, InstanceIds=["ins-web", "ins-gone"]).InstanceSet
    CHECKS.equal("an unknown instance is left out", [one.InstanceName for one in instances], ["web-1"])
    CHECKS.equal("its public address", instances[0].PublicIpAddresses, ["203.0.113.1"])
    stopped = [{"Name": "instance-state", "Values": ["STOPPED"]}]
    CHECKS.equal("one that is stopped", ask("DescribeInstances", CVM, cvm, Filters=stopped).TotalCount, 1)

    eips = ask("DescribeAddresses", Limit=100).AddressSet
    bound = {eip.AddressId: (eip.AddressStatus, eip.NetworkInterfaceId) for eip in eips}
    CHECKS.equal(
        "EIPs",
        bound,
        {
            "eip-1": ("BIND", "eni-p"), "eip-2": ("BIND", "eni-p"), "eip-3": ("BIND", "eni-p"),
            "eip-4": ("BIND_ENI", "eni-free"), "eip-9": ("UNBIND", None),
        },
    )
    vips = ask("DescribeHaVips", Filters=[{"Name": "havip-association.instance-id", "Values": ["ins-web"]}]).HaVipSet
    CHECKS.equal("virtual addresses", [one.Vip for one in vips], ["10.0.8.69"])

    balancers = ask("DescribeLoadBalancers", CLB, clb, Forward=1, WithRs=1, Limit=100).LoadBalancerSet
    CHECKS.equal("balancers", [one.LoadBalancerId for one in balancers], ["lb-http", "lb-https", "lb-tcp"])
    (tcp,) = ask("DescribeTargets", CLB, clb, LoadBalancerId="lb-tcp").Listeners
    CHECKS.equal("targets of TCP", [each.EniId for each in tcp.Targets], ["eni-p"])
    (https,) = ask("DescribeTargets", CLB, clb, LoadBalancerId="lb-https").Listeners
    CHECKS.equal("targets of HTTPS", [each.InstanceId for each in https.Rules[0].Targets], ["ins-web"])
    backends = [{"VpcId": "vpc-1", "PrivateIp": "10.0.8.12"}, {"VpcId": "vpc-2", "PrivateIp": "10.0.8.11"}]
    found = ask("DescribeLBListeners", CLB, clb, Backends=backends).LoadBalancers
    CHECKS.equal("balancers by address", [one.LoadBalancerId for one in found], ["lb-http"])
    limit = ask("DescribeNetworkInterfaceLimit", InstanceId="ins-web")
    CHECKS.equal("limits", limit.EniPrivateIpAddressQuantity, 30)


def refusals():
    refused = CHECKS.refused
    refused("wrong key", lambda: state("eni-s", client(key="AKIDnobody")), "AuthFailure.SecretIdNotFound")
    refused("wrong secret", lambda: state("eni-s", client(secret="wrong")), "AuthFailure.SignatureFailure")
    refused("a token of nobody", lambda: state("eni-s", client(token="tok+en==")), "AuthFailure.TokenFailure")
    refused("another region's NIC", lambda: state("eni-s", client(place="ap-shanghai")), "ResourceNotFound")
    refused("an unknown region", lambda: state("eni-s", client(place="mars-1")), "UnsupportedRegion")
    refused("one unknown NIC among known ones",
            lambda: ask("DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-p", "eni-gone"]), "ResourceNotFound")
    refused("ids and filters", lambda: ask("DescribeNetworkInterfaces", NetworkInterfaceIds=["eni-p"], Filters=[]),
            "InvalidParameter.Coexist")
    refused("a filter that is none",
            lambda: ask("DescribeNetworkInterfaces", Filters=[{"Name": "colour", "Values": ["red"]}]), "InvalidParameter.FilterInvalidKey")
    refused("too large a page", lambda: ask("DescribeNetworkInterfaces", Limit=101), "InvalidParameterValue.LimitExceeded")
    refused("an unknown task", lambda: ask("DescribeVpcTaskResult", TaskId="no-such"), "ResourceNotFound")

    refused("release the primary address", lambda: release("eni-s", "10.0.8.20"), "UnsupportedOperation")
    refused("release one that is not there", lambda: release("eni-s", "10.0.8.99"), "UnsupportedOperation.AttachmentNotFound")
    refused("release one of two", lambda: release("eni-s", "10.0.8.21", "10.0.8.99"), "UnsupportedOperation.AttachmentNotFound")
    refused("release one twice", lambda: release("eni-s", "10.0.8.21", "10.0.8.21"), "InvalidParameterValue.DuplicatePara")
    refused("release eleven", lambda: release("eni-s", *(f"10.0.8.{n}" for n in range(100, 111))), "InvalidParameterValue.LimitExceeded")
    refused("release what is no address", lambda: release("eni-s", "10.0.8"), "InvalidParameterValue.Malformed")
    refused("release from an unknown NIC", lambda: release("eni-gone", "10.0.8.21"), "ResourceNotFound")
    refused("release from one that moves", lambda: release("eni-stuck", "10.0.8.41"), "UnsupportedOperation.InvalidState")
    refused("release from another product's", lambda: release("eni-eks", "10.0.8.51"), "UnsupportedOperation")
    refused("release by another instance", lambda: release("eni-s", "10.0.8.21", InstanceId="ins-db"),
            "UnsupportedOperation.AttachmentNotFound")

    refused("detach the primary NIC", lambda: detach("eni-p", "ins-web"), "UnsupportedOperation")
    refused("detach from another instance", lambda: detach("eni-s", "ins-db"), "UnsupportedOperation.InvalidState")
    refused("detach one that is on none", lambda: detach("eni-free", "ins-web"), "UnsupportedOperation.InvalidState")
    refused("detach from an unknown instance", lambda: detach("eni-s", "ins-gone"), "ResourceNotFound")
    refused("detach from under a virtual address", lambda: detach("eni-vip", "ins-web"), "UnsupportedOperation.InstanceAssociateHavip")

    refused("assign one that is taken", lambda: assign("eni-s", "10.0.8.10"), "ResourceInUse")
    refused("assign one of elsewhere", lambda: assign("eni-s", "10.0.9.9"), "InvalidParameterValue.Range")
    refused("attach twice", lambda: attach("eni-s", "ins-web"), "UnsupportedOperation.AttachmentAlreadyExists")
    refused("attach to one that reboots", lambda: attach("eni-free", "ins-boot"), "UnsupportedOperation.ResourceIsInvalidState")
    refused("delete one that is attached", lambda: ask("DeleteNetworkInterface", NetworkInterfaceId="eni-s"), "ResourceInUse")


def writes():
    left = ["10.0.8.10 AVAILABLE", "10.0.8.12 AVAILABLE"]
    going = [left[0], "10.0.8.11 DELETING", left[1], "10.0.8.13 DELETING"]
    begun = CHECKS.changes("release two", lambda: release("eni-p", "10.0.8.11", "10.0.8.13"), {"eni-p": ("AVAILABLE", "ins-web", going)})
    CHECKS.refused("release another meanwhile", lambda: release("eni-p", "10.0.8.12"), "UnsupportedOperation.MutexOperationTaskRunning")
    CHECKS.becomes("the release's task", lambda: task(begun), "RUNNING", "SUCCESS")
    CHECKS.equal("they are gone", state("eni-p"), ("AVAILABLE", "ins-web", left))
    eips = {eip.AddressId: eip.AddressStatus for eip in ask("DescribeAddresses", Limit=100).AddressSet}
    CHECKS.equal("one EIP is unbound, one died of it", (eips["eip-2"], eips.get("eip-3")), ("UNBIND", None))

    begun = release("eni-fails", "10.0.8.71")
    CHECKS.becomes("a task that fails", lambda: task(begun), "RUNNING", "FAILED")
    CHECKS.equal("nothing was done", state("eni-fails")[2], ["10.0.8.70 AVAILABLE", "10.0.8.71 AVAILABLE"])

    addresses = [f"10.0.8.{n} AVAILABLE" for n in (20, 21, 22, 23)]
    detaching = {"eni-s": ("DETACHING", "ins-web", addresses)}
    CHECKS.changes("detach", lambda: detach("eni-s", "ins-web", ClientToken="once"), detaching)
    CHECKS.refused("the same again", lambda: detach("eni-s", "ins-web", ClientToken="once"), "UnsupportedOperation.IdempotentProcessing")
    CHECKS.becomes("until it is off", lambda: state("eni-s"), detaching["eni-s"], ("AVAILABLE", "", addresses))
    begun = attach("eni-s", "ins-web")
    CHECKS.becomes("attach again", lambda: task(begun), "RUNNING", "SUCCESS")

    begun = assign("eni-p", "10.0.8.11")
    CHECKS.equal("assign again", [each.State for each in begun.PrivateIpAddressSet], ["PENDING"])
    CHECKS.becomes("until it can be used", lambda: state("eni-p")[2][-1], "10.0.8.11 PENDING", "10.0.8.11 AVAILABLE")
    bind = ask("AssociateAddress", AddressId="eip-2", NetworkInterfaceId="eni-p", PrivateIpAddress="10.0.8.11")
    number = int(bind.TaskId)
    CHECKS.becomes("bind its EIP again", lambda: ask("DescribeTaskResult", TaskId=number).Result, "RUNNING", "SUCCESS")

    both = release("eni-s", "10.0.8.21", InstanceId="ins-web")
    CHECKS.becomes("a release that names the instance", lambda: task(both), "RUNNING", "SUCCESS")
    CHECKS.equal("detaches the NIC", state("eni-s"), ("AVAILABLE", "", [f"10.0.8.{n} AVAILABLE" for n in (20, 22, 23)]))
    gone = ask("DeleteNetworkInterface", NetworkInterfaceId="eni-s")
    CHECKS.becomes("delete", lambda: task(gone), "RUNNING", "SUCCESS")
    CHECKS.refused("it is gone", lambda: state("eni-s"), "ResourceNotFound")


def troubles():
    """What tencent.faults.toml does to these calls."""

    def states():
        return ask("DescribeInstancesStatus", CVM, cvm, InstanceIds=["ins-boot"]).InstanceStatusSet[0].InstanceState

    CHECKS.refused("throttled", states, "RequestLimitExceeded")
    CHECKS.refused("unavailable", states, "ServiceUnavailable")
    CHECKS.refused("an internal error", states, "InternalError")
    CHECKS.equal("and then it passes", states(), "REBOOTING")
    CHECKS.lost("unbind an EIP", lambda: ask("DisassociateAddress", AddressId="eip-4"), {})
    (eip,) = ask("DescribeAddresses", AddressIds=["eip-4"]).AddressSet
    CHECKS.equal("it is unbound", eip.AddressStatus, "UNBIND")


CHECKS.run(lists, refusals, writes, troubles)
