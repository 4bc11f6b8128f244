"""What a user may not do from inside a pod: code in a kernel tries, with all that the pod knows, and is refused."""

from __future__ import annotations

import json

import pytest
import pytest_asyncio

from tests.kubernetes.launches import Launched, launch, run_cell, saved, start_kernel
from tests.rigs.kubernetes import store
from tests.rigs.kubernetes.plan import HOST

pytestmark = pytest.mark.kubernetes

TRY = """
import json, urllib.error, urllib.request
def attempt(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": token} if token else {})
    try:
        return urllib.request.urlopen(request, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return str(error)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sessions(members) -> list[Launched]:
    """The attacker's, and another's that has something saved."""
    both = [await launch(members["a"]) for _ in range(2)]
    for session in both:
        await start_kernel(session)
        await run_cell(session, "secret = 42")
        await saved(session)
    await run_cell(both[0], TRY)
    return both


async def attempts(session: Launched, *tries: tuple[str, str]) -> list[object]:
    """What each try was answered."""
    calls = ", ".join(f"attempt({url!r}, {token})" for url, token in tries)
    return list(json.loads(await run_cell(session, f"print(json.dumps([{calls}]))")))


async def test_the_session_token_is_out_of_the_kernels_reach_or_its_own_only(sessions, members):
    """With another's id in the path, a gateway answers as if there were nothing."""
    gateway = f"http://{members['a'].cluster.service_ip(20)}"
    other = sessions[1].id
    tries = [
        (f"{gateway}/v1/session", "''"),
        (f"{gateway}/v1/session", "'Bearer v1.session." + other + ".1.AAAA'"),
        (f"{gateway}/v1/objects/packs/../../{other}/record", "''"),
    ]
    assert all(answer in {400, 401, 403, 404} for answer in await attempts(sessions[0], *tries))


async def test_the_bucket_is_closed(sessions):
    bucket = f"http://{HOST}:{store.PORT}/{store.BUCKET}"
    tries = [(f"{bucket}?list-type=2", "''"), (f"{bucket}/federation/records/{sessions[1].id}", "''")]
    assert await attempts(sessions[0], *tries) == [403, 403]


async def test_no_way_to_hub_proxy_and_controller(sessions, members):
    address = members["a"].cluster.service_ip
    tries = [
        (f"http://{address(10)}:8081/hub/api/users", "''"),
        (f"http://{address(11)}:8001/api/routes", "''"),
        (f"http://{address(21)}/v1/sessions", "''"),
    ]
    assert all(answer in {401, 403} for answer in await attempts(sessions[0], *tries))


async def test_no_kubernetes_credentials(sessions):
    found = await run_cell(sessions[0], "import os; print(os.path.exists('/var/run/secrets/kubernetes.io'))")
    assert found == "False\n"


async def test_the_pod_has_no_keys_of_the_bucket(sessions):
    names = await run_cell(sessions[0], "print([name for name in os.environ if 'AWS' in name or 'SECRET' in name])")
    assert names == "[]\n"


async def test_the_kernel_has_no_tokens(sessions):
    names = await run_cell(sessions[0], "print([name for name in os.environ if name.startswith('MIGRATOR')])")
    assert "TOKEN" not in names
