"""Zenlayer through the vendor's SDK (zenlayercloud-sdk-python), which signs ZC2-HMAC-SHA256."""

from zenlayercloud.common.config import Config
from zenlayercloud.common.credential import Credential, TokenCredential
from zenlayercloud.common.excpetion.zenlayer_cloud_sdk_exception import ZenlayerCloudSdkException
from zenlayercloud.zec.v20240401 import models as older_zec
from zenlayercloud.zec.v20240401.zec_client import ZecClient as OlderZecClient
from zenlayercloud.zec.v20250901 import models as zec
from zenlayercloud.zec.v20250901.zec_client import ZecClient
from zenlayercloud.zlb.v20250401 import models as zlb
from zenlayercloud.zlb.v20250401.zlb_client import ZlbClient

from checks import Checks, answering, line

LINE = line()
REGION = LINE["region"]
SCHEME, HOST = LINE["endpoint"].rstrip("/").split("://")
KEY, SECRET = LINE["access_key_id"], LINE["access_key_secret"]


def client(kind=ZecClient, credential=Credential(KEY, SECRET)):
    # Of its own accord the SDK repeats what was throttled.
    return kind(credential, Config(scheme=SCHEME, domain=HOST, rate_limit_max_retries=0))


ZEC, ZLB = client(), client(ZlbClient)


def ask(action, by=ZEC, models=zec, **members):
    request = getattr(models, f"{action}Request")()
    for name, value in members.items():
        if not hasattr(request, name):
            raise TypeError(f"{action} has no {name}")
        setattr(request, name, value)
    return getattr(by, action)(request)


def seen(nic):
    return nic.status, nic.instanceId or "", nic.privateIpList


def world():
    return {nic.nicId: seen(nic) for nic in ask("DescribeNetworkInterfaces", pageSize=100).dataSet}


def state(nic_id):
    (nic,) = ask("DescribeNetworkInterfaces", nicIds=[nic_id]).dataSet
    return seen(nic)


def release(nic_id, *ips):
    return ask("UnassignNetworkInterfaceIpv4", nicId=nic_id, ipAddresses=list(ips))


def detach(nic_id):
    return ask("DetachNetworkInterface", nicId=nic_id)


def attach(nic_id, instance_id):
    return ask("AttachNetworkInterface", nicId=nic_id, instanceId=instance_id)


CHECKS = Checks(
    error=ZenlayerCloudSdkException,
    # The SDK keeps no HTTP status.
    facts=lambda error: (error.code,),
    request_id=lambda error: error.request_id,
    id_form=r"T[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    world=world,
)


def paged(what, size, read, wanted):
    """All pages, and an empty one behind the last."""
    found = []
    for number in range(1, -(-len(wanted) // size) + 1):
        answer = read(pageNum=number, pageSize=size)
        found += [(answer.totalCount, row) for row in answer.dataSet]
    beyond = read(pageNum=number + 1, pageSize=size)
    CHECKS.equal(f"{what}: {len(wanted)} on {number} pages", [row for _, row in found], wanted)
    CHECKS.equal(f"{what}: each page tells the total", {total for total, _ in found}, {len(wanted)})
    CHECKS.equal(f"{what}: nothing behind the last page", (beyond.totalCount, beyond.dataSet), (len(wanted), []))


class Page:
    def __init__(self, answer, show):
        self.totalCount, self.dataSet = answer.totalCount, [show(row) for row in answer.dataSet]


def lists():
    zones = [(zone.zoneId, zone.regionId) for zone in ask("DescribeZones").zoneSet]
    CHECKS.equal("zones", zones, [("asia-east-1a", REGION), ("asia-east-1b", REGION)])
    paged("NICs", 5,
          lambda **page: Page(ask("DescribeNetworkInterfaces", regionId=REGION, **page), lambda nic: nic.nicId),
          ["nic-main", "nic-second", "nic-eip", "nic-default-eip", "nic-balanced", "nic-free", "nic-spare", "nic-moving",
           "nic-db-main", "nic-db", "nic-mute-main", "nic-mute", "nic-recycled"])
    paged("instances", 2,
          lambda **page: Page(ask("DescribeInstances", **page), lambda one: (one.instanceId, one.instanceName, one.status)),
          [("ins-web", "web-1", "RUNNING"), ("ins-db", "数据库", "STOPPED"), ("ins-mute", "no agent", "RUNNING")])
    paged("EIPs", 2,
          lambda **page: Page(
              ask("DescribeEips", **page),
              lambda eip: (eip.eipId, eip.status, eip.associatedType, eip.associatedId, eip.privateIpAddress),
          ),
          [("eip-1", "BINDED", "NIC", "nic-eip", "10.0.8.31"), ("eip-2", "BINDED", "NIC", "nic-default-eip", "10.0.8.40"),
           ("eip-9", "UNBIND", None, None, None)])
    paged("load balancers", 1,
          lambda **page: Page(
              ask("DescribeLoadBalancers", ZLB, zlb, **page), lambda one: (one.loadBalancerId, one.loadBalancerName)
          ),
          [("lb-1", "front")])


def facts():
    (nic,) = ask("DescribeNetworkInterfaces", nicIds=["nic-main"]).dataSet
    CHECKS.equal("a NIC's addresses, primary and secondary", (nic.primaryIpv4, nic.secondaryIpv4s, nic.primaryIpv6),
                 ("10.0.8.10", ["10.0.8.11", "10.0.8.12", "10.0.8.13"], "2001:db8::5"))
    CHECKS.equal("a NIC's type, group and MAC", (nic.nicType, nic.securityGroupId, nic.macAddress),
                 ("Primary", "sg-1", "02:00:00:00:00:01"))
    (nic,) = ask("DescribeNetworkInterfaces", name="second 名").dataSet
    CHECKS.equal("a name in Chinese is signed and found", (nic.nicId, [(tag.key, tag.value) for tag in nic.tags.tags]),
                 ("nic-second", [("team", "a")]))
    found = ask("DescribeNetworkInterfaces", nicIds=["nic-eip", "nic-gone"]).dataSet
    CHECKS.equal("a NIC's public addresses; an unknown id is left out", [(nic.nicId, nic.publicIpList) for nic in found],
                 [("nic-eip", ["203.0.113.7"])])
    (instance,) = ask("DescribeInstances", client(OlderZecClient), older_zec, instanceIds=["ins-db"]).dataSet
    CHECKS.equal("an instance by the version before", (instance.instanceName, [nic.nicId for nic in instance.nics]),
                 ("数据库", ["nic-db-main", "nic-db"]))
    (instance,) = ask("DescribeInstances", instanceIds=["ins-web"]).dataSet
    CHECKS.equal("an instance's balancers and agent", (instance.loadBalancerIds, instance.enableAgent), (["lb-1"], True))
    rows = ask("DescribeBackends", ZLB, zlb, loadBalancerId="lb-1").backends
    CHECKS.equal("a balancer's backends",
                 [(row.instanceId, row.privateIpAddress, row.listenerPort, row.backendPort) for row in rows],
                 [("ins-web", "10.0.8.13", "443", 443), ("ins-web", "10.0.8.51", "443", 443)])


def keys():
    def zones(credential):
        return lambda: ask("DescribeZones", client(credential=credential))

    CHECKS.refused("unknown key", zones(Credential("nobody", SECRET)), "AUTHFAILURE_SIGNATURE_FAILURE")
    CHECKS.refused("wrong secret", zones(Credential(KEY, "wrong")), "AUTHFAILURE_SIGNATURE_FAILURE")
    CHECKS.refused("unknown access token", zones(TokenCredential("nobody's")), "AUTHFAILURE_INVALID_AUTHORIZATION")
    clock = "zenlayercloud.common.abstract_client.time.time"
    CHECKS.refused("a clock that is off", answering(clock, 1_600_000_000.0, lambda: ask("DescribeZones")),
                   "AUTHFAILURE_SIGNATURE_EXPIRED")
    CHECKS.refused("an action that is not there", lambda: ask("DescribeDhcpOptionsSets"),
                   "AUTHFAILURE_UNAUTHORIZED_OPERATION")


def lists_refused():
    CHECKS.refused("a page that is too long", lambda: ask("DescribeNetworkInterfaces", pageSize=1001),
                   "INVALID_PARAMETER_EXCEED_MAXIMUM")
    CHECKS.refused("page 0", lambda: ask("DescribeNetworkInterfaces", pageNum=0), "INVALID_PARAMETER_LESS_MINIMUM")
    CHECKS.refused("a page size in words", lambda: ask("DescribeNetworkInterfaces", pageSize="ten"),
                   "INVALID_PARAMETER_TYPE")
    CHECKS.refused("a status that is not one", lambda: ask("DescribeNetworkInterfaces", status="InUse"),
                   "INVALID_PARAMETER_VALUE")
    CHECKS.refused("too many ids", lambda: ask("DescribeNetworkInterfaces", nicIds=[str(i) for i in range(101)]),
                   "INVALID_PARAMETER_EXCEED_LENGTH")
    CHECKS.refused("backends of an unknown balancer", lambda: ask("DescribeBackends", ZLB, zlb, loadBalancerId="lb-gone"),
                   "INVALID_LB_NOT_FOUND")
    CHECKS.refused("throttled", lambda: ask("DescribeInstancesStatus"), "REQUEST_LIMIT_EXCEEDED")
    CHECKS.refused("unavailable", lambda: ask("DescribeInstancesStatus"), "SERVICE_TEMPORARY_UNAVAILABLE")
    CHECKS.equal("then it answers", ask("DescribeInstancesStatus").totalCount, 3)


def releases_refused():
    for what, nic_id, ips, code in [
        ("the primary address", "nic-second", ["10.0.8.20"], "INVALID_NIC_PRIMARY_IP_CANT_DETACH"),
        ("a good and the primary address: neither goes", "nic-second", ["10.0.8.21", "10.0.8.20"],
         "INVALID_NIC_PRIMARY_IP_CANT_DETACH"),
        ("an address with an EIP", "nic-eip", ["10.0.8.31"], "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"),
        ("an address beside one with an EIP", "nic-eip", ["10.0.8.32"], "INVALID_NIC_HAS_PUBLIC_IP_CANT_DETACH"),
        ("a balancer's backend", "nic-balanced", ["10.0.8.51"], "INVALID_NIC_LB_ASSOCIATED"),
        ("an unknown NIC", "nic-gone", ["10.0.8.21"], "INVALID_NIC_NOT_FOUND"),
        ("a NIC that is being attached", "nic-moving", ["10.0.8.71"], "INVALID_NIC_STATUS"),
        ("an address that is not there", "nic-second", ["10.0.8.29"], "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
        ("an address of another NIC", "nic-second", ["10.0.8.11"], "OPERATION_FAILED_RESOURCE_NOT_FOUND"),
        ("no address", "nic-second", [], "MISSING_PARAMETER"),
        ("no IP address", "nic-second", ["10.0.8"], "INVALID_PARAMETER_VALUE"),
        ("no NIC", None, ["10.0.8.21"], "MISSING_PARAMETER"),
        ("a NIC in the recycle bin", "nic-recycled", ["10.0.8.121"], "OPERATION_FAILED_FOR_RECYCLE_RESOURCE"),
    ]:
        CHECKS.refused(f"release: {what}", lambda nic_id=nic_id, ips=ips: release(nic_id, *ips), code)


def detaches_refused():
    for what, nic_id, code in [
        ("the primary NIC", "nic-main", "INVALID_NIC_PRIMARY_CANT_DETACH"),
        ("a free NIC", "nic-free", "INVALID_NIC_STATUS"),
        ("a NIC that is being attached", "nic-moving", "INVALID_NIC_STATUS"),
        ("from a stopped instance", "nic-db", "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT"),
        ("from an instance without an agent", "nic-mute", "INVALID_INSTANCE_PRECHECK_ABNORMAL"),
        ("a NIC with a balancer's backend", "nic-balanced", "INVALID_NIC_LB_ASSOCIATED"),
        ("an unknown NIC", "nic-gone", "INVALID_NIC_NOT_FOUND"),
        ("no NIC", None, "MISSING_PARAMETER"),
        ("a NIC in the recycle bin", "nic-recycled", "OPERATION_FAILED_FOR_RECYCLE_RESOURCE"),
    ]:
        CHECKS.refused(f"detach: {what}", lambda nic_id=nic_id: detach(nic_id), code)


def writes():
    answer = CHECKS.changes("release of two addresses", lambda: release("nic-main", "10.0.8.11", "10.0.8.12"),
                            {"nic-main": ("USED", "ins-web", ["10.0.8.10", "10.0.8.13"])})
    CHECKS.equal("release: the answer's request id", answer.requestId[:1], "T")
    CHECKS.refused("release: once more", lambda: release("nic-main", "10.0.8.11"), "OPERATION_FAILED_RESOURCE_NOT_FOUND")
    CHECKS.changes("release of the deprecated single address",
                   lambda: ask("UnassignNetworkInterfaceIpv4", nicId="nic-second", ipAddress="10.0.8.22"),
                   {"nic-second": ("USED", "ins-web", ["10.0.8.20", "10.0.8.21"])})
    CHECKS.changes("release on a free NIC", lambda: release("nic-free", "10.0.8.61"),
                   {"nic-free": ("AVAILABLE", "", ["10.0.8.60"])})
    CHECKS.changes("release while the instance is stopped", lambda: release("nic-db", "10.0.8.91"),
                   {"nic-db": ("USED", "ins-db", ["10.0.8.90"])})

    addresses = ["10.0.8.20", "10.0.8.21"]
    CHECKS.changes("detach is accepted", lambda: detach("nic-second"), {"nic-second": ("DETACHING", "ins-web", addresses)})
    CHECKS.becomes("detach is done", lambda: state("nic-second"),
                   ("DETACHING", "ins-web", addresses), ("AVAILABLE", "", addresses))
    CHECKS.refused("detach: once more", lambda: detach("nic-second"), "INVALID_NIC_STATUS")

    addresses = ["10.0.8.30", "10.0.8.31", "10.0.8.32"]
    CHECKS.changes("an EIP stops no detach", lambda: detach("nic-eip"), {"nic-eip": ("DETACHING", "ins-web", addresses)})
    CHECKS.becomes("and the NIC keeps its addresses", lambda: state("nic-eip"),
                   ("DETACHING", "ins-web", addresses), ("AVAILABLE", "", addresses))
    (eip,) = ask("DescribeEips", eipIds=["eip-1"]).dataSet
    CHECKS.equal("and its EIP", (eip.status, eip.associatedId, eip.instanceId), ("BINDED", "nic-eip", None))


def undone():
    assign = lambda nic_id, ip: ask("BatchAssignNetworkInterfaceIpv4", nicId=nic_id, ipAddresses=[ip])
    answer = CHECKS.changes("a released address is assigned again", lambda: assign("nic-main", "10.0.8.11"),
                            {"nic-main": ("USED", "ins-web", ["10.0.8.10", "10.0.8.13", "10.0.8.11"])})
    CHECKS.equal("the answer names it", answer.ipAddresses, ["10.0.8.11"])
    CHECKS.refused("assign: an address in use", lambda: assign("nic-second", "10.0.8.11"),
                   "INVALID_SUBNET_PRIVATE_IPV4_IN_USED")
    CHECKS.refused("assign: an address outside the subnet", lambda: assign("nic-second", "10.0.9.11"),
                   "INVALID_IP_OUT_OF_RANGE")

    CHECKS.lost("assign one", lambda: ask("AssignNetworkInterfaceIpv4", nicId="nic-main", ipAddress="10.0.8.12"),
                {"nic-main": ("USED", "ins-web", ["10.0.8.10", "10.0.8.13", "10.0.8.11", "10.0.8.12"])})

    CHECKS.refused("attach: to an unknown instance", lambda: attach("nic-second", "ins-gone"), "INVALID_INSTANCE_NOT_FOUND")
    CHECKS.refused("attach: to a stopped instance", lambda: attach("nic-second", "ins-db"),
                   "OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT")
    addresses = ["10.0.8.20", "10.0.8.21"]
    CHECKS.changes("attach is accepted", lambda: attach("nic-second", "ins-web"),
                   {"nic-second": ("ATTACHING", "ins-web", addresses)})
    CHECKS.becomes("attach is done", lambda: state("nic-second"),
                   ("ATTACHING", "ins-web", addresses), ("USED", "ins-web", addresses))

    CHECKS.refused("delete: an attached NIC", lambda: ask("DeleteNetworkInterface", nicId="nic-second"),
                   "INVALID_NIC_ATTACHED")
    CHECKS.changes("delete is accepted", lambda: ask("DeleteNetworkInterface", nicId="nic-spare"),
                   {"nic-spare": ("DELETING", "", ["10.0.8.65"])})
    CHECKS.becomes("delete is done", lambda: world().get("nic-spare"), ("DELETING", "", ["10.0.8.65"]), None)


CHECKS.run(lists, facts, keys, lists_refused, releases_refused, detaches_refused, writes, undone)
