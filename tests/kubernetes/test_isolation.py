"""What a user may not do from inside a pod: code in a kernel tries, with all that the pod knows, and is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.kubernetes.launches import Launched, end, launch, record, run_cell, saved, start_kernel
from tests.rigs.kubernetes import store
from tests.rigs.kubernetes.plan import HOST
from tests.rigs.kubernetes.rig import RIG

pytestmark = pytest.mark.kubernetes

TRY = """
import glob, json, os, re, ssl, urllib.error, urllib.request
def attempt(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": token} if token else {})
    whoever = ssl._create_unverified_context() if url.startswith("https") else None
    try:
        return urllib.request.urlopen(request, timeout=20, context=whoever).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)
def stolen(name):
    for file in glob.glob("/proc/[0-9]*/environ"):
        try:
            found = re.search(name + "=([^\\0]+)", open(file).read())
        except OSError:
            continue
        if found:
            return "Bearer " + found.group(1)
    return ""
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sessions(members) -> AsyncIterator[list[Launched]]:
    """The attacker's, and another's that has something saved."""
    both = [await launch(members["a"]) for _ in range(2)]
    for session in both:
        await start_kernel(session)
        await run_cell(session, "secret = 42")
        await saved(session)
    assert await run_cell(both[0], TRY) == ""
    yield both
    for session in both:
        await end(session, members.values())


async def attempts(session: Launched, *tries: tuple[str, str]) -> list[object]:
    """What each try was answered; the tokens are expressions of the attacker's."""
    calls = ", ".join(f"attempt({url!r}, {token})" for url, token in tries)
    return list(json.loads(await run_cell(session, f"print(json.dumps([{calls}]))")))


def refused(answers: list[object], *codes: int) -> bool:
    """Whether each was; where NetworkPolicies hold, such a call gets no answer at all."""
    return all(answer in codes or (isinstance(answer, str) and RIG.policies_hold()) for answer in answers)


async def test_another_sessions_snapshot_is_out_of_reach(sessions, members):
    """Without a token, with a forged one, and with the pod's own, read from where the server was started with it."""
    gateway = f"http://{members['a'].cluster.service_ip(20)}/v1"
    mine, others = [f"{gateway}/objects/manifests/{(await record(session))['snapshot']}" for session in sessions]
    own = "stolen('MIGRATOR_SESSION_TOKEN')"
    tries = {
        (f"{gateway}/session", "''"): {401},
        (f"{gateway}/session", f"'Bearer v1.session.{sessions[1].id}.1.AAAA'"): {401},
        (others, "''"): {401},
        (mine, own): {200},
        (others, own): {404},
        (f"{gateway}/objects/packs/../../{sessions[1].id}/record", own): {400, 404},
        (f"{gateway}/objects/packs/..%2F..%2F{sessions[1].id}%2Frecord", own): {400, 404},
    }
    answers = await attempts(sessions[0], *tries)
    refused = dict(zip(tries, answers, strict=True))
    assert {each: answer for each, answer in refused.items() if answer not in tries[each]} == {}


async def test_the_bucket_is_closed(sessions):
    bucket = f"http://{HOST}:{store.PORT}/{store.BUCKET}"
    tries = [(f"{bucket}?list-type=2", "''"), (f"{bucket}/federation/records/{sessions[1].id}", "''")]
    assert refused(await attempts(sessions[0], *tries), 403)


async def test_no_way_to_hub_proxy_and_controller(sessions, members):
    address = members["a"].cluster.service_ip
    tries = [
        (f"http://{address(10)}:8081/hub/api/users", "''"),
        (f"http://{address(11)}:8001/api/routes", "''"),
        (f"http://{address(21)}/v1/sessions", "''"),
        (f"http://{address(21)}/v1/sessions", "stolen('MIGRATOR_SESSION_TOKEN')"),
        (f"http://{address(21)}/v1/sessions/{sessions[1].id}", "stolen('MIGRATOR_CONTROL_TOKEN')"),
    ]
    assert refused(await attempts(sessions[0], *tries), 401, 403)


async def test_the_kubernetes_api_knows_nobody(sessions, members):
    """There is no token in the pod, and without one there is nothing to be had."""
    found = await run_cell(sessions[0], "print(os.path.exists('/var/run/secrets/kubernetes.io'))")
    assert found == "False\n"
    api = f"https://{members['a'].cluster.api_ip}:443/api/v1/namespaces/jupyter"
    own = "stolen('MIGRATOR_SESSION_TOKEN')"
    anonymous = [(f"{api}/pods", "''"), (f"{api}/secrets", "''")]
    assert refused(await attempts(sessions[0], *anonymous), 403)
    assert refused(await attempts(sessions[0], (f"{api}/secrets", own)), 401)


async def test_the_pod_has_no_keys_of_the_bucket(sessions):
    names = await run_cell(sessions[0], "print([name for name in os.environ if 'AWS' in name or 'SECRET' in name])")
    assert names == "[]\n"


async def test_the_kernel_has_no_tokens(sessions):
    names = await run_cell(sessions[0], "print([name for name in os.environ if name.startswith('MIGRATOR')])")
    assert names == "[]\n"
