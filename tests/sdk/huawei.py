"""Huawei Cloud through the vendor's SDK (huaweicloudsdkecs and its siblings), which signs SDK-HMAC-SHA256.

Its look-up of the project goes to the simulator's IAM. For the SDK an error inside 202 is a success, a 429 on a read loses its code,
and VPC v2.0 has no codes: there the status stands in.
"""

import warnings

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkecs import v2 as ecs
from huaweicloudsdkeip import v2 as eip_v1, v3 as eip
from huaweicloudsdkelb import v3 as elb
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkvpc import v2 as vpc

from checks import Checks, line

# The pair of calls that the vendor calls deprecated.
warnings.simplefilter("ignore", DeprecationWarning)

LINE = line()
REGION, ENDPOINT = LINE["region"], LINE["endpoint"].rstrip("/")
KEY, SECRET = LINE["access_key_id"], LINE["access_key_secret"]
PROJECT = "0123456789abcdef0123456789abcdef"


def credentials(ak=KEY, sk=SECRET, project=PROJECT, token=None):
    made = BasicCredentials(ak, sk, project).with_iam_endpoint(ENDPOINT)
    return made.with_security_token(token) if token else made


def client(kind, made=None):
    config = HttpConfig.get_default_config()
    config.timeout = (10, 10)
    return kind.new_builder().with_http_config(config).with_credentials(made or credentials()).with_endpoint(ENDPOINT).build()


ECS, VPC, EIP, EIP_V1, ELB = map(client, (ecs.EcsClient, vpc.VpcClient, eip.EipClient, eip_v1.EipClient, elb.ElbClient))
IAM = client(iam.IamClient, GlobalCredentials(KEY, SECRET, "fedcba9876543210fedcba9876543210").with_iam_endpoint(ENDPOINT))


def pairs(port):
    return [pair.ip_address for pair in port.allowed_address_pairs]


def seen(port):
    return port.status, port.device_id, [fixed.ip_address for fixed in port.fixed_ips], pairs(port)


def ports(**filters):
    return VPC.list_ports(vpc.ListPortsRequest(**filters)).ports


def world():
    return {port.id: seen(port) for port in ports(limit=2000)}


def state(port_id):
    return seen(VPC.show_port(vpc.ShowPortRequest(port_id)).port)[:2]


def unbind(nic_id, subnet="", ip="", by=ECS):
    nic = ecs.DisassociateServerVirtualIpOption(subnet_id=subnet, ip_address=ip, reverse_binding=False)
    body = ecs.DisassociateServerVirtualIpRequestBody(nic)
    return by.disassociate_server_virtual_ip(ecs.DisassociateServerVirtualIpRequest(nic_id, body))


def bind(nic_id, subnet, ip):
    body = ecs.AssociateServerVirtualIpRequestBody(ecs.AssociateServerVirtualIpOption(subnet, ip, True))
    return ECS.associate_server_virtual_ip(ecs.AssociateServerVirtualIpRequest(nic_id, body))


def set_pairs(port_id, *kept):
    port = vpc.UpdatePortOption(allowed_address_pairs=[vpc.AllowedAddressPair(*pair) for pair in kept])
    return VPC.update_port(vpc.UpdatePortRequest(port_id, vpc.UpdatePortRequestBody(port))).port


def remove(server_id, *nic_ids):
    body = ecs.BatchDeleteServerNicsRequestBody([ecs.BatchDeleteServerNicOption(nic) for nic in nic_ids])
    return ECS.batch_delete_server_nics(ecs.BatchDeleteServerNicsRequest(server_id, body)).job_id


def add(server_id, **nic):
    body = ecs.BatchAddServerNicsRequestBody([ecs.BatchAddServerNicOption(**nic)])
    return ECS.batch_add_server_nics(ecs.BatchAddServerNicsRequest(server_id, body)).job_id


def job(job_id):
    # A job that has just been taken is INIT.
    return ECS.show_job(ecs.ShowJobRequest(job_id)).status.replace("INIT", "RUNNING")


CHECKS = Checks(
    error=ServiceResponseException,
    facts=lambda error: (error.error_code, error.status_code),
    request_id=lambda error: error.request_id,
    id_form=r"[0-9a-f]{32}",
    world=world,
)


def by_marker(what, size, read, wanted):
    """All pages. A short one is the last."""
    found, pages, marker = [], 0, {}
    while True:
        rows = read(limit=size, **marker)
        found += rows
        pages += 1
        if len(rows) < size:
            break
        marker = {"marker": rows[-1].id}
    CHECKS.equal(f"{what}: {len(wanted)} on {pages} pages", [row.id for row in found], wanted)


def lists():
    found = []
    for number in (1, 2, 3, 4):
        page = ECS.list_servers_details(ecs.ListServersDetailsRequest(limit=2, offset=number))
        CHECKS.equal(f"servers: page {number} tells the total", page.count, 5)
        found += [(server.id, server.name, server.status) for server in page.servers]
    CHECKS.equal("servers on 3 pages, and nothing behind them", found,
                 [("srv-web", "web-1", "ACTIVE"), ("srv-db", "数据库", "SHUTOFF"), ("srv-boot", "boot", "REBOOT"),
                  ("srv-locked", "locked", "ACTIVE"), ("srv-far", "far", "ACTIVE")])
    (found,) = ECS.list_servers_details(ecs.ListServersDetailsRequest(name="数据")).servers
    CHECKS.equal("a name in Chinese is signed and found", found.id, "srv-db")
    all_ports = sorted(world())
    CHECKS.equal("ports: NICs, virtual IPs, and one for DHCP of each network", len(all_ports), 13 + 7 + 2)
    by_marker("ports", 5, lambda **page: ports(**page), all_ports)
    by_marker("ports by v2.0", 7, lambda **page: VPC.neutron_list_ports(vpc.NeutronListPortsRequest(**page)).ports, all_ports)
    vips = [port.id for port in ports(device_owner="neutron:VIP_PORT", network_id="net-1")]
    CHECKS.equal("virtual IPs", [vip for vip in vips if vip.startswith("vip-")],
                 ["vip-100", "vip-102", "vip-103", "vip-105", "vip-rds"])
    by_marker("EIPs", 1, lambda **page: EIP.list_publicips(eip.ListPublicipsRequest(**page)).publicips,
              ["eip-1", "eip-2", "eip-9"])
    found = EIP.list_publicips(eip.ListPublicipsRequest(limit=10)).publicips
    CHECKS.equal("EIPs name the port they are on", [(one.id, one.vnic and one.vnic.port_id) for one in found],
                 [("eip-1", "nic-web0"), ("eip-2", "vip-100"), ("eip-9", None)])
    members = ELB.list_all_members(elb.ListAllMembersRequest(limit=2000, address=["10.0.0.10", "10.0.0.100"])).members
    CHECKS.equal("backends", sorted((one.address, one.protocol_port) for one in members),
                 [("10.0.0.10", 443), ("10.0.0.100", 443)])
    CHECKS.equal("subnets", [one.id for one in VPC.list_subnets(vpc.ListSubnetsRequest(limit=2000)).subnets], ["net-1", "net-2"])


def facts():
    plugs = ECS.list_server_interfaces(ecs.ListServerInterfacesRequest("srv-web"))
    CHECKS.equal("which NICs die with their binding",
                 [(one.port_id, one.delete_on_termination) for one in plugs.interface_attachments],
                 [("nic-web0", False), ("nic-web1", False), ("nic-cold", False), ("nic-dies", True), ("nic-rds", False)])
    nic = VPC.show_port(vpc.ShowPortRequest("nic-web0")).port
    CHECKS.equal("a NIC's owner, and its check switched off", (nic.device_owner, pairs(nic)), ("compute:cn-north-4a", ["1.1.1.1/0"]))
    vip = VPC.show_port(vpc.ShowPortRequest("vip-100")).port
    CHECKS.equal("a virtual IP names the NICs it is on", (vip.device_owner, pairs(vip)),
                 ("neutron:VIP_PORT", ["10.0.0.10", "10.0.0.11"]))
    found = IAM.keystone_list_projects(iam.KeystoneListProjectsRequest(name=REGION)).projects
    CHECKS.equal("the region's project", [one.id for one in found], [PROJECT])
    user = iam.PwdPasswordUser(domain=iam.PwdPasswordUserDomain("account"), name=KEY, password=SECRET)
    auth = iam.PwdAuth(
        identity=iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user)),
        scope=iam.AuthScope(project=iam.AuthScopeProject(name=REGION)),
    )
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth)
    answer = IAM.keystone_create_user_token_by_password(iam.KeystoneCreateUserTokenByPasswordRequest("true", body))
    CHECKS.equal("a token for a password", (answer.token.project.id, bool(answer.x_subject_token)), (PROJECT, True))


def keys():
    def servers(**made):
        return lambda: client(ecs.EcsClient, credentials(**made)).list_servers_details(ecs.ListServersDetailsRequest(limit=1))

    CHECKS.refused("unknown key", servers(ak="nobody"), "APIGW.0301", 401)
    CHECKS.refused("wrong secret", servers(sk="wrong"), "APIGW.0301", 401)
    CHECKS.refused("a token that is not the key's", servers(token="tok+en/=="), "APIGW.0301", 401)
    CHECKS.refused("another account's project", servers(project="f" * 32), "Common.0018", 400)


def refusals():
    CHECKS.refused("unbind an unknown NIC", lambda: unbind("gone"), "Ecs.0307", 400)
    CHECKS.refused("unbind a NIC that is on no server", lambda: unbind("nic-free"), "Ecs.0085", 400)
    CHECKS.refused("unbind with one text filled", lambda: unbind("nic-web1", subnet="net-1"), "Ecs.0005", 400)
    CHECKS.refused("unbind a service's NIC", lambda: unbind("nic-rds"), "Ecs.0213", 400)
    CHECKS.refused("bind outside the subnet", lambda: bind("nic-web1", "net-1", "10.9.0.1"), "Ecs.0039", 400)
    CHECKS.refused("bind in another subnet", lambda: bind("nic-web1", "net-2", "10.2.0.9"), "Ecs.0038", 400)
    CHECKS.refused("bind another NIC's own address", lambda: bind("nic-web1", "net-1", "10.0.0.11"), "Ecs.0010", 400)
    CHECKS.refused("an unknown port", lambda: set_pairs("gone"), "VPC.2502", 404)
    CHECKS.refused("a pair for everything", lambda: set_pairs("vip-100", ("0.0.0.0/0",)), "VPC.2500", 400)
    CHECKS.refused("a service's virtual IP", lambda: set_pairs("vip-rds"), "VPC.2500", 400)
    CHECKS.refused("an unknown port by v2.0",
                   lambda: VPC.neutron_show_port(vpc.NeutronShowPortRequest("gone")), "404", 404)
    CHECKS.refused("detach the primary NIC", lambda: remove("srv-web", "nic-web0"), "Ecs.0507", 403)
    CHECKS.refused("detach from another server", lambda: remove("srv-db", "nic-web1"), "Ecs.0085", 400)
    CHECKS.refused("detach from no server", lambda: remove("gone", "nic-web1"), "Ecs.0114", 404)
    CHECKS.refused("detach while the server reboots", lambda: remove("srv-boot", "nic-boot1"), "Ecs.0100", 400)
    CHECKS.refused("detach from a locked server", lambda: remove("srv-locked", "nic-locked1"), "Ecs.0605", 400)
    CHECKS.refused("detach the same NIC twice", lambda: remove("srv-web", "nic-web1", "nic-web1"), "Ecs.0005", 400)
    CHECKS.refused("attach a NIC that is in use", lambda: add("srv-web", port_id="nic-db1"), "Ecs.0919", 400)
    CHECKS.refused("attach in another VPC", lambda: add("srv-far", port_id="nic-free"), "Ecs.0014", 400)
    CHECKS.refused("an unknown job", lambda: job("none"), "Common.0011", 400)
    CHECKS.refused("delete a NIC in use", lambda: VPC.delete_port(vpc.DeletePortRequest("nic-web1")), "VPC.2500", 400)
    CHECKS.refused("delete a virtual IP with an EIP", lambda: VPC.delete_port(vpc.DeletePortRequest("vip-100")), "VPC.0707", 409)
    CHECKS.refused("a marker that is not there", lambda: ports(limit=2, marker="gone"), "VPC.2500", 400)


def releases():
    own, other = "fa:16:3e:00:00:10", "fa:16:3e:00:00:11"
    CHECKS.changes("one virtual IP of several, for one NIC of two", lambda: set_pairs("vip-100", ("10.0.0.11", other)),
                   {"vip-100": ("DOWN", "", ["10.0.0.100"], ["10.0.0.11"])})
    CHECKS.changes("and back", lambda: set_pairs("vip-100", ("10.0.0.10", own), ("10.0.0.11", other)),
                   {"vip-100": ("DOWN", "", ["10.0.0.100"], ["10.0.0.10", "10.0.0.11"])})
    vips = {port.fixed_ips[0].ip_address: port.id for port in ports(device_owner="neutron:VIP_PORT")}
    CHECKS.changes("all virtual IPs of a NIC, and no other NIC's", lambda: unbind("nic-web0"), {
        "nic-web0": ("ACTIVE", "srv-web", ["10.0.0.10"], []),
        "vip-100": ("DOWN", "", ["10.0.0.100"], ["10.0.0.11"]),
        vips["10.0.0.101"]: ("DOWN", "", ["10.0.0.101"], []),
    })
    CHECKS.changes("bind again", lambda: bind("nic-web0", "net-1", "10.0.0.100"), {
        "nic-web0": ("ACTIVE", "srv-web", ["10.0.0.10"], ["10.0.0.100"]),
        "vip-100": ("DOWN", "", ["10.0.0.100"], ["10.0.0.11", "10.0.0.10"]),
    })


def detaches():
    keep = ecs.UpdateNicInfoRequestBody(ecs.InterfaceAttachment(delete_on_termination=False))
    ECS.update_server_interface(ecs.UpdateServerInterfaceRequest("srv-web", "nic-dies", keep))
    taken = remove("srv-web", "nic-dies")
    CHECKS.becomes("a job's end", lambda: job(taken), "RUNNING", "SUCCESS")
    CHECKS.equal("a NIC that was told to stay", state("nic-dies"), ("DOWN", ""))
    taken = add("srv-web", port_id="nic-dies")
    CHECKS.becomes("attached again", lambda: state("nic-dies"), ("BUILD", "srv-web"), ("ACTIVE", "srv-web"))
    taken = remove("srv-web", "nic-cold")
    CHECKS.becomes("a job that fails after it was taken", lambda: job(taken), "RUNNING", "FAIL")
    failed = ECS.show_job(ecs.ShowJobRequest(taken))
    CHECKS.equal("why, with status 200", (failed.error_code, state("nic-cold")), ("Ecs.0507", ("ACTIVE", "srv-web")))
    VPC.delete_port(vpc.DeletePortRequest("nic-free"))
    CHECKS.equal("a free NIC is deleted", "nic-free" in world(), False)
    bound = EIP_V1.update_publicip(eip_v1.UpdatePublicipRequest(
        "eip-9", eip_v1.UpdatePublicipsRequestBody(eip_v1.UpdatePublicipOption(port_id="vip-105"))))
    CHECKS.equal("an EIP on a virtual IP", bound.publicip.port_id, "vip-105")


def troubles():
    """What huawei.faults.toml does to these calls."""

    def server():
        return ECS.show_server(ecs.ShowServerRequest("srv-db")).server.status

    # The SDK's transport asks again by itself, and when it gives up only the status is left.
    CHECKS.refused("throttled", server, "429", 429, has_id=False)
    CHECKS.refused("unavailable", server, "APIGW.0602", 503)
    CHECKS.refused("an internal error", server, "Common.0001", 500)
    CHECKS.equal("and then it passes", server(), "SHUTOFF")
    CHECKS.lost("delete a virtual IP by v2.0",
                lambda: VPC.neutron_delete_port(vpc.NeutronDeletePortRequest("vip-103")), {"vip-103": None})


CHECKS.run(lists, facts, keys, refusals, releases, detaches, troubles)
