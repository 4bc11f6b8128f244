"""One member of the federation: hub, proxy, BinderHub stand-in, gateway, controller, and a machine."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.httpclient import HTTPResponse

from migrator.demo import nodejs, proxy, service
from migrator.demo.http import answers, fetch
from migrator.demo.hub.settings import VARIABLE, HubSettings
from migrator.demo.machine import Machine
from migrator.demo.object_store import ObjectStoreServer
from migrator.demo.plan import MemberPlan, Plan
from migrator.demo.process import Process

# In place of KubeSpawner's profile_list, whose `profile` is a user option as well.
PROFILES = {
    "small": {"title": "1 GB of memory"},
    "large": {"title": "4 GB of memory", "user_options": {"profile": "large"}},
}
SAMPLE = Path(__file__).parent / "sample"


class Member:
    """Starts a member's processes in the order in which they need each other."""

    def __init__(self, plan: MemberPlan, demo: Plan, store: ObjectStoreServer) -> None:
        self.plan = plan
        self.machine = Machine(demo.id, plan.name, plan.folder)
        self.processes: list[Process] = []
        self._demo = demo
        self._store = store

    async def start(self, progress: Callable[[str], None]) -> None:
        """Returns when everything answers; raises `ProcessDied` or `NotReady`."""
        self.machine.boot()
        await asyncio.gather(self._start_hub(progress), self._start_services(progress))
        await self._start_binderhub()
        progress(f"member {self.plan.name}: BinderHub stand-in at {self.plan.binderhub_url}")

    async def _start_hub(self, progress: Callable[[str], None]) -> None:
        plan = self.plan
        front = await proxy.start(
            f"{plan.name} proxy",
            await asyncio.to_thread(nodejs.proxy_command),
            ports=(plan.public_port, plan.proxy_api_port, plan.proxy_metrics_port),
            hub_port=plan.hub_port,
            token=plan.proxy_token,
            folder=plan.folder,
            env=self._demo.env,
        )
        self.processes.append(front.process)
        settings = plan.folder / "hub.json"
        self._hub_settings().write(settings)
        argv = [sys.executable, "-m", "jupyterhub", "-f", str(Path(__file__).parent / "hub/config.py")]
        env = {**self._demo.env, VARIABLE: str(settings)}
        hub = Process(f"{plan.name} hub", argv, env=env, log=plan.folder / "hub.log", cwd=plan.folder)
        self.processes.append(hub)
        await hub.start()
        await hub.wait_ready(lambda: answers(f"{plan.public_url}/hub/api/", below=400))
        progress(f"member {plan.name}: JupyterHub and its proxy at {plan.public_url}")

    def _hub_settings(self) -> HubSettings:
        plan = self.plan
        return HubSettings(
            demo=self._demo.id,
            member=plan.name,
            public_port=plan.public_port,
            hub_port=plan.hub_port,
            proxy_api_url=plan.proxy_api_url,
            proxy_token=plan.proxy_token,
            tokens={"binder": plan.binder_token, "migrator": plan.migrator_token},
            folder=str(plan.folder),
            home=str(self._demo.home),
            tmp=str(self._demo.tmp),
            sample=str(SAMPLE),
            machine_file=str(self.machine.file),
            controller_url=plan.controller_url,
            federation_secret_file=self._demo.secret_file,
            jupyter=str(self._demo.jupyter),
        )

    async def _start_services(self, progress: Callable[[str], None]) -> None:
        gateway, controller = await asyncio.gather(
            self._service("gateway", self._gateway_settings()),
            self._service("controller", self._controller_settings()),
        )
        self.processes += [gateway, controller]
        progress(f"member {self.plan.name}: gateway and controller")

    async def _service(self, command: str, settings: dict[str, Any]) -> Process:
        env = {**self._demo.env, **self._store.env}
        return await service.start(command, f"{self.plan.name} {command}", settings, folder=self.plan.folder, env=env)

    def _gateway_settings(self) -> dict[str, Any]:
        return {
            "port": self.plan.gateway_port,
            "member": self.plan.name,
            "store": self._store.url,
            "secret_file": self._demo.secret_file,
            "controller_url": self.plan.controller_url,
        }

    def _controller_settings(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "port": plan.controller_port,
            "store": self._store.url,
            "secret_file": self._demo.secret_file,
            "member": plan.name,
            "members": {each.name: {"controller": each.controller_url} for each in self._demo.members},
            "gateway_url": plan.gateway_url,
            "public_url": plan.public_url,
            "redirector_url": self._demo.redirector_url,
            "hub_url": plan.hub_api_url,
            "hub_token_file": plan.secret_file("hub-token", plan.migrator_token),
            "proxy_url": plan.proxy_api_url,
            "proxy_token_file": plan.secret_file("proxy-token", plan.proxy_token),
            "delete_users": True,
            "profiles": PROFILES,
        }

    async def _start_binderhub(self) -> None:
        plan = self.plan
        settings = {
            "port": str(plan.binderhub_port),
            "hub_api": plan.hub_api_url,
            "hub_public": plan.public_url,
            "token": plan.binder_token,
            "machine_file": str(self.machine.file),
        }
        path = plan.secret_file("binderhub.json", json.dumps(settings))
        argv = [sys.executable, "-m", "migrator.demo.binderhub", path]
        log = plan.folder / "binderhub.log"
        process = Process(f"{plan.name} BinderHub", argv, env=self._demo.env, log=log, cwd=plan.folder)
        self.processes.append(process)
        await process.start()
        await process.wait_ready(lambda: answers(f"{plan.binderhub_url}/health", below=400))

    async def call_controller(self, method: str, path: str, body: Any = None) -> HTTPResponse:
        """One request to its controller, under the federation's secret."""
        return await fetch(f"{self.plan.controller_url}{path}", method=method, token=self._demo.secret, body=body)

    async def preempt(self, notice_s: float) -> None:
        """Give the machine `notice_s` seconds of notice (0: none), kill it then, and let another take its place later."""
        deadline = time.time() + notice_s
        if notice_s > 0:
            self.machine.cordon(deadline)
            body = {"machine": self.plan.name, "cause": "preemption", "deadline": deadline, "grace_s": notice_s}
            await self.call_controller("POST", "/v1/notices", body)
            await asyncio.sleep(max(0.0, deadline - time.time()))
        await self.machine.kill()
        await asyncio.sleep(self._demo.options.replacement_s)
        self.machine.boot()
