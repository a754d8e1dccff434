"""Alibaba Cloud through the vendor's current SDK (alibabacloud_ecs20140526 and its siblings), which signs ACS3-HMAC-SHA256."""

import json

from alibabacloud_alb20200616 import client as alb_client, models as alb
from alibabacloud_ecs20140526 import client as ecs_client, models as ecs
from alibabacloud_nlb20220430 import client as nlb_client, models as nlb
from alibabacloud_slb20140515 import client as slb_client, models as slb
from alibabacloud_tea_openapi import exceptions
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import client as vpc_client, models as vpc

from checks import Checks, answering, line
from shared import aliyun

LINE = line()
REGION = LINE["region"]


def config(**changes):
    scheme, host = LINE["endpoint"].split("://")
    members = {
        "access_key_id": LINE["access_key_id"],
        "access_key_secret": LINE["access_key_secret"],
        "region_id": REGION,
        "protocol": scheme,
        "endpoint": host.rstrip("/"),
    }
    return Config(**{**members, **changes})


ECS = ecs_client.Client(config())


def nics(**members):
    request = ecs.DescribeNetworkInterfacesRequest(region_id=REGION, **members)
    return ECS.describe_network_interfaces(request).body


def listed(body):
    return body.network_interface_sets.network_interface_set


def seen(nic):
    # A NIC that a service of the cloud manages has no instance.
    return nic.status, nic.instance_id or "", [each.private_ip_address for each in nic.private_ip_sets.private_ip_set]


def world():
    return {nic.network_interface_id: seen(nic) for nic in listed(nics(page_number=1, page_size=100))}


def attribute(nic_id):
    request = ecs.DescribeNetworkInterfaceAttributeRequest(region_id=REGION, network_interface_id=nic_id)
    return ECS.describe_network_interface_attribute(request).body


def release(nic_id, *ips, region=REGION):
    return ECS.unassign_private_ip_addresses(
        ecs.UnassignPrivateIpAddressesRequest(region_id=region, network_interface_id=nic_id, private_ip_address=list(ips))
    ).body


def detach(nic_id, instance_id):
    return ECS.detach_network_interface(
        ecs.DetachNetworkInterfaceRequest(region_id=REGION, network_interface_id=nic_id, instance_id=instance_id)
    ).body


CHECKS = Checks(
    error=exceptions.ClientException,
    facts=lambda error: (error.code, error.status_code),
    request_id=lambda error: error.data["RequestId"],
    id_form=r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
    world=world,
)


def lists():
    regions = ECS.describe_regions(ecs.DescribeRegionsRequest()).body.regions.region
    CHECKS.equal("regions", [region.region_id for region in regions], [REGION])

    found, token, pages = [], None, 0
    while token != "" and pages < 9:
        body = nics(max_results=10, next_token=token)
        found += [each.network_interface_id for each in listed(body)]
        token, pages = body.next_token, pages + 1
    CHECKS.equal("NICs by token: 13, none twice, on 2 pages", (len(found), len(set(found)), pages), (13, 13, 2))

    sizes, found = [], set()
    for number in (1, 2, 3):
        body = nics(page_number=number, page_size=5)
        sizes.append((body.total_count, len(listed(body))))
        found |= {each.network_interface_id for each in listed(body)}
    CHECKS.equal("NICs by page number", (sizes, len(found)), ([(13, 5), (13, 5), (13, 3)], 13))
    CHECKS.equal("a NIC's attributes are those of the list", seen(attribute("eni-p")), world()["eni-p"])

    odd = nics(network_interface_name="no such * + / ~ 名 name", max_results=10)
    CHECKS.equal("a name full of signs is signed and finds nothing", listed(odd), [])

    ids = json.dumps(["i-web", "i-gone"])
    body = ECS.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION, instance_ids=ids, max_results=100)).body
    (instance,) = body.instances.instance
    CHECKS.equal("instances by id", (instance.instance_name, instance.status), ("web-1", "Running"))
    CHECKS.equal(
        "an instance's EIP and address",
        (instance.eip_address.allocation_id, instance.vpc_attributes.private_ip_address.ip_address),
        ("eip-1", ["10.0.8.10"]),
    )
    request = ecs.DescribeInstancesRequest(region_id=REGION, max_results=2)
    body = ECS.describe_instances(request).body
    found = [each.instance_id for each in body.instances.instance]
    CHECKS.equal("instances by token: fewer than ten on a page count as ten", (found, body.next_token),
                 (["i-web", "i-db", "i-boot"], ""))
    sizes = []
    for number in (1, 2):
        request = ecs.DescribeInstancesRequest(region_id=REGION, page_number=number, page_size=2)
        body = ECS.describe_instances(request).body
        sizes.append((body.total_count, len(body.instances.instance)))
    CHECKS.equal("instances by page number", sizes, [(3, 2), (3, 1)])

    eips = vpc_client.Client(config()).describe_eip_addresses(
        vpc.DescribeEipAddressesRequest(region_id=REGION, page_number=1, page_size=100)
    ).body.eip_addresses.eip_address
    CHECKS.equal("EIPs and what they are on", {each.allocation_id: each.instance_id for each in eips},
                 {"eip-1": "i-web", "eip-2": "eni-p", "eip-9": ""})


def balancers():
    classic = slb_client.Client(config())
    found = classic.describe_load_balancers(slb.DescribeLoadBalancersRequest(region_id=REGION)).body
    (balancer,) = found.load_balancers.load_balancer
    groups = classic.describe_vserver_groups(
        slb.DescribeVServerGroupsRequest(region_id=REGION, load_balancer_id=balancer.load_balancer_id)
    ).body
    (group,) = groups.vserver_groups.vserver_group
    servers = classic.describe_vserver_group_attribute(
        slb.DescribeVServerGroupAttributeRequest(region_id=REGION, vserver_group_id=group.vserver_group_id)
    ).body.backend_servers.backend_server
    CHECKS.equal("CLB backends", [(each.type, each.server_ip) for each in servers],
                 [("ecs", "10.0.8.10"), ("eni", "10.0.8.11")])

    application = alb_client.Client(config())
    (group,) = application.list_server_groups(alb.ListServerGroupsRequest(max_results=100)).body.server_groups
    servers = application.list_server_group_servers(
        alb.ListServerGroupServersRequest(server_group_id=group.server_group_id)
    ).body.servers
    CHECKS.equal("ALB backends", (group.related_load_balancer_ids, [each.server_ip for each in servers]),
                 (["alb-1"], ["10.0.8.12"]))

    network = nlb_client.Client(config())
    (group,) = network.list_server_groups(nlb.ListServerGroupsRequest(region_id=REGION)).body.server_groups
    servers = network.list_server_group_servers(
        nlb.ListServerGroupServersRequest(region_id=REGION, server_ips=["10.0.8.13", "10.0.8.14"])
    ).body.servers
    CHECKS.equal("NLB backends", (group.related_load_balancer_ids, [each.server_ip for each in servers]),
                 (["nlb-1"], ["10.0.8.13"]))


def keys():
    def regions(**changes):
        return lambda: ecs_client.Client(config(**changes)).describe_regions(ecs.DescribeRegionsRequest())

    CHECKS.refused("unknown key", regions(access_key_id="nobody"), "InvalidAccessKeyId.NotFound", 404)
    CHECKS.refused("wrong secret", regions(access_key_secret="wrong"), "SignatureDoesNotMatch", 400)
    CHECKS.refused("token of another key", regions(security_token="tok+en=="),
                   "InvalidSecurityToken.MismatchWithAccessKey", 400)
    utils = "alibabacloud_tea_openapi.utils.Utils"
    CHECKS.refused("a clock that is off", answering(f"{utils}.get_timestamp", "2020-01-01T00:00:00Z", regions()),
                   "InvalidTimeStamp.Expired", 400)
    again = answering(f"{utils}.get_nonce", "the-same-again", regions())
    CHECKS.equal("a nonce once", [region.region_id for region in again().body.regions.region], [REGION])
    CHECKS.refused("a nonce twice", again, "SignatureNonceUsed", 400)
    try:
        regions(access_key_secret="wrong")()
    except exceptions.ClientException as error:
        told = "server StringToSign is [ACS3-HMAC-SHA256\n" in error.message
        CHECKS.equal("a wrong signature tells the string to sign", told, True)


def busy():
    def types():
        request = ecs.DescribeInstanceTypesRequest(instance_types=["ecs.g7.xlarge"])
        return ECS.describe_instance_types(request).body.instance_types.instance_type

    CHECKS.refused("throttled", types, "Throttling.User", 400, error=exceptions.ThrottlingException)
    CHECKS.refused("unavailable", types, "ServiceUnavailable", 503, error=exceptions.ServerException)
    CHECKS.equal("then it answers: addresses by instance type",
                 [each.eni_private_ip_address_quantity for each in types()], [15])


def releases_refused():
    aliyun.releases_refused(CHECKS, release)
    CHECKS.refused("release: in a region that is not there", lambda: release("eni-s", "10.0.8.21", region="xx-nowhere"),
                   "InvalidRegionId.NotFound", 404)
    CHECKS.refused("release: in another region", lambda: release("eni-s", "10.0.8.21", region="cn-beijing"),
                   "InvalidEniId.NotFound", 404)


def detaches_refused():
    aliyun.detaches_refused(CHECKS, detach)


def writes():
    aliyun.released_and_detached(CHECKS, release, detach, lambda nic_id: seen(attribute(nic_id)))


def undone():
    request = ecs.AssignPrivateIpAddressesRequest(
        region_id=REGION, network_interface_id="eni-p", private_ip_address=["10.0.8.11"], client_token="undo-1"
    )
    for what, wanted in [("a released address is assigned again", True), ("the same token does it once", False)]:
        changed = {"eni-p": ("InUse", "i-web", ["10.0.8.10", "10.0.8.12", "10.0.8.11"])} if wanted else {}
        answer = CHECKS.changes(what, lambda: ECS.assign_private_ip_addresses(request), changed)
        assigned = answer.body.assigned_private_ip_addresses_set.private_ip_set.private_ip_address
        CHECKS.equal(f"{what}: the answer names it", assigned, ["10.0.8.11"])

    def attach(nic_id, instance_id):
        request = ecs.AttachNetworkInterfaceRequest(
            region_id=REGION, network_interface_id=nic_id, instance_id=instance_id
        )
        return ECS.attach_network_interface(request)

    CHECKS.refused("attach: to an instance with as many NICs as it can have", lambda: attach("eni-s", "i-web"),
                   "EniPerInstanceLimitExceeded", 403)
    CHECKS.refused("attach: in another VPC", lambda: attach("eni-free", "i-db"), "InvalidOperation.VpcMismatch", 403)
    CHECKS.changes("attach is accepted", lambda: attach("eni-far", "i-db"),
                   {"eni-far": ("Attaching", "i-db", ["10.1.0.30"])})
    CHECKS.becomes("attach is done", lambda: world()["eni-far"],
                   ("Attaching", "i-db", ["10.1.0.30"]), ("InUse", "i-db", ["10.1.0.30"]))

    def delete(nic_id):
        request = ecs.DeleteNetworkInterfaceRequest(region_id=REGION, network_interface_id=nic_id)
        return ECS.delete_network_interface(request)

    CHECKS.lost("delete", lambda: delete("eni-free"), {"eni-free": ("Deleting", "", ["10.0.8.30"])})
    CHECKS.becomes("delete is done", lambda: world().get("eni-free"), ("Deleting", "", ["10.0.8.30"]), None)
    CHECKS.refused("delete: an unknown NIC", lambda: delete("eni-gone"), "InvalidEniId.NotFound", 403)
    CHECKS.refused("delete: an attached NIC", lambda: delete("eni-bond"), "InvalidOperation.InvalidEniState", 400)


CHECKS.run(lists, balancers, keys, busy, releases_refused, detaches_refused, writes, undone)
