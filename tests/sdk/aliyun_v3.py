"""The vendor's current SDK (alibabacloud_ecs20140526 and its siblings) against the simulator.

    nicdeck simulate --clouds aliyun --world tests/sdk/aliyun.world.json > line.json &
    pip install alibabacloud_ecs20140526 alibabacloud_vpc20160428 alibabacloud_slb20140515 \
                alibabacloud_alb20200616 alibabacloud_nlb20220430
    python tests/sdk/aliyun_v3.py line.json

Nothing but the endpoint is overridden. Ends with status 0 and "ok" when all of it holds. Changes the world it talks to.
"""

import json
import sys
import time

from alibabacloud_alb20200616 import client as alb_client, models as alb
from alibabacloud_ecs20140526 import client as ecs_client, models as ecs
from alibabacloud_nlb20220430 import client as nlb_client, models as nlb
from alibabacloud_slb20140515 import client as slb_client, models as slb
from alibabacloud_tea_openapi import exceptions
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import client as vpc_client, models as vpc

LINE = json.loads(open(sys.argv[1], encoding="utf-8").readline())
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


def fails(code, status, call):
    """The SDK's own exception carries the vendor's code, status and request id."""
    try:
        call()
    except exceptions.ClientException as error:
        assert error.code == code, (error.code, code)
        assert error.status_code == status, (error.status_code, status)
        assert len(error.data["RequestId"]) == 36, error.data
        print(f"  {type(error).__name__} {error.status_code} {error.code}")
        return error
    raise AssertionError(f"{code} was expected")


def nics(**members):
    request = ecs.DescribeNetworkInterfacesRequest(region_id=REGION, **members)
    return ECS.describe_network_interfaces(request).body


def nic(nic_id):
    return ECS.describe_network_interface_attribute(
        ecs.DescribeNetworkInterfaceAttributeRequest(region_id=REGION, network_interface_id=nic_id)
    ).body


def release(nic_id, *ips, region=REGION):
    return ECS.unassign_private_ip_addresses(
        ecs.UnassignPrivateIpAddressesRequest(region_id=region, network_interface_id=nic_id, private_ip_address=list(ips))
    ).body


def detach(nic_id, instance_id):
    return ECS.detach_network_interface(
        ecs.DetachNetworkInterfaceRequest(region_id=REGION, network_interface_id=nic_id, instance_id=instance_id)
    ).body


def lists():
    regions = ECS.describe_regions(ecs.DescribeRegionsRequest()).body.regions.region
    assert [region.region_id for region in regions] == [REGION]

    found, token, pages = [], None, 0
    while token != "":
        body = nics(max_results=10, next_token=token)
        found += [each.network_interface_id for each in body.network_interface_sets.network_interface_set]
        token, pages = body.next_token, pages + 1
    assert len(found) == len(set(found)) == 13 and pages == 2, (found, pages)
    print(f"  {len(found)} NICs on {pages} pages by token")

    found = []
    for number in (1, 2, 3):
        body = nics(page_number=number, page_size=5)
        assert body.total_count == 13
        found += [each.network_interface_id for each in body.network_interface_sets.network_interface_set]
    assert len(set(found)) == 13
    print(f"  {len(found)} NICs on 3 pages by number")

    odd = nics(network_interface_name="no such * + / ~ 名 name", max_results=10)
    assert odd.network_interface_sets.network_interface_set == []

    ids = json.dumps(["i-web", "i-gone"])
    body = ECS.describe_instances(ecs.DescribeInstancesRequest(region_id=REGION, instance_ids=ids, max_results=100)).body
    (instance,) = body.instances.instance
    assert (instance.instance_name, instance.status) == ("web-1", "Running")
    assert instance.eip_address.allocation_id == "eip-1"
    assert instance.vpc_attributes.private_ip_address.ip_address == ["10.0.8.10"]

    types = ECS.describe_instance_types(ecs.DescribeInstanceTypesRequest(instance_types=["ecs.g7.xlarge"])).body
    assert types.instance_types.instance_type[0].eni_private_ip_address_quantity == 15

    eips = vpc_client.Client(config()).describe_eip_addresses(
        vpc.DescribeEipAddressesRequest(region_id=REGION, page_number=1, page_size=100)
    ).body
    assert {each.allocation_id: each.instance_id for each in eips.eip_addresses.eip_address} == {
        "eip-1": "i-web", "eip-2": "eni-p", "eip-9": "",
    }

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
    assert [(each.type, each.server_ip) for each in servers] == [("ecs", "10.0.8.10"), ("eni", "10.0.8.11")]

    application = alb_client.Client(config())
    groups = application.list_server_groups(alb.ListServerGroupsRequest(max_results=100)).body.server_groups
    assert groups[0].related_load_balancer_ids == ["alb-1"]
    servers = application.list_server_group_servers(
        alb.ListServerGroupServersRequest(server_group_id=groups[0].server_group_id)
    ).body.servers
    assert [each.server_ip for each in servers] == ["10.0.8.12"]

    network = nlb_client.Client(config())
    groups = network.list_server_groups(nlb.ListServerGroupsRequest(region_id=REGION)).body.server_groups
    assert groups[0].related_load_balancer_ids == ["nlb-1"]
    servers = network.list_server_group_servers(
        nlb.ListServerGroupServersRequest(region_id=REGION, server_ips=["10.0.8.13", "10.0.8.14"])
    ).body.servers
    assert [each.server_ip for each in servers] == ["10.0.8.13"]
    print("  regions, instances, types, EIPs, CLB, ALB, NLB read")


def refusals():
    fails("InvalidAccessKeyId.NotFound", 404,
          lambda: ecs_client.Client(config(access_key_id="nobody")).describe_regions(ecs.DescribeRegionsRequest()))
    wrong = ecs_client.Client(config(access_key_secret="wrong"))
    error = fails("SignatureDoesNotMatch", 400, lambda: wrong.describe_regions(ecs.DescribeRegionsRequest()))
    assert "server StringToSign is [ACS3-HMAC-SHA256\n" in error.message
    token = ecs_client.Client(config(security_token="tok+en=="))
    fails("InvalidSecurityToken.MismatchWithAccessKey", 400, lambda: token.describe_regions(ecs.DescribeRegionsRequest()))

    fails("InvalidIp.IpUnassigned", 403, lambda: release("eni-s", "10.0.8.20"))
    fails("InvalidVSwitchId.IpInvalid", 403, lambda: release("eni-s", "192.168.0.1"))
    fails("InvalidPrivateIpAddress.Malformed", 403, lambda: release("eni-s", "10.0.8"))
    fails("MissingParameter", 403, lambda: release("eni-s"))
    fails("InvalidEniId.NotFound", 404, lambda: release("eni-gone", "10.0.8.21"))
    fails("InvalidEniId.NotFound", 404, lambda: release("eni-s", "10.0.8.21", region="cn-beijing"))
    fails("InvalidOperation.InvalidEniState", 400, lambda: release("eni-stuck", "10.0.8.41"))
    fails("InvalidOperation.InvalidEcsState", 400, lambda: release("eni-boot", "10.0.8.61"))
    fails("InvalidOperation.EniServiceManaged", 403, lambda: release("eni-nat", "10.0.8.51"))

    fails("InvalidOperation.DetachPrimaryEniNotAllowed", 400, lambda: detach("eni-p", "i-web"))
    fails("InvalidOperation.InvalidEniState", 400, lambda: detach("eni-free", "i-web"))
    fails("InvalidParameter.EniNotBelongEcs", 400, lambda: detach("eni-s", "i-db"))
    fails("InvalidInstanceId.NotFound", 403, lambda: detach("eni-s", "i-gone"))
    fails("InvalidOperation.EniLinked", 403, lambda: detach("eni-bond", "i-web"))
    fails("InvalidOperation.EniHotPlugNotSupported", 400, lambda: detach("eni-rdma", "i-web"))


def writes():
    assert release("eni-p", "10.0.8.11", "10.0.8.13").request_id
    left = [each.private_ip_address for each in nic("eni-p").private_ip_sets.private_ip_set]
    assert left == ["10.0.8.10", "10.0.8.12"], left
    fails("InvalidIp.IpUnassigned", 403, lambda: release("eni-p", "10.0.8.11"))

    assert detach("eni-s", "i-web").request_id
    seen = []
    for _ in range(200):
        body = nic("eni-s")
        if not seen or seen[-1] != (body.status, body.instance_id):
            seen.append((body.status, body.instance_id))
        if body.status == "Available":
            break
        time.sleep(0.05)
    assert seen == [("Detaching", "i-web"), ("Available", "")], seen
    print(f"  detach: {seen}")
    fails("InvalidOperation.InvalidEniState", 400, lambda: detach("eni-s", "i-web"))

    assigned = ECS.assign_private_ip_addresses(
        ecs.AssignPrivateIpAddressesRequest(
            region_id=REGION, network_interface_id="eni-p", private_ip_address=["10.0.8.11"], client_token="undo-1"
        )
    ).body.assigned_private_ip_addresses_set
    assert assigned.private_ip_set.private_ip_address == ["10.0.8.11"]


for part in (lists, refusals, writes):
    print(part.__name__)
    part()
print("ok")
