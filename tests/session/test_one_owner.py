"""Whatever controllers do at the same time, an epoch has one owner, and an epoch that is over never comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from migrator.session import Owner, PhaseError, Record, SessionRecords, Target, phases, tokens
from migrator.storage.memory import MemoryStore

ID = "a-test-session"
SECRET = b"s" * 32
MEMBERS = ("a", "b", "c")


class TurnTakingStore(MemoryStore):
    """Lets others run between any two calls, as a network does."""

    async def get_with_etag(self, key: str) -> tuple[bytes, str]:
        found = await super().get_with_etag(key)
        await asyncio.sleep(0)
        return found


def move_to(member: str) -> Callable[[Record], Record]:
    return lambda record: phases.begin_move(record, Target(member, "/"))


def resume_at(member: str) -> Callable[[Record], Record]:
    return lambda record: phases.begin_resume(record, Target(member, "/"))


def fence_to(member: str) -> Callable[[Record], Record]:
    return lambda record: phases.fence(record, Owner(member, "/"))


def retarget_to(member: str) -> Callable[[Record], Record]:
    return lambda record: phases.retarget(record, Target(member, "/"))


CHANGES = st.one_of(
    st.sampled_from([phases.started, phases.cancel_move, phases.suspend, phases.begin_move]),
    st.builds(move_to, st.sampled_from(MEMBERS)),
    st.builds(resume_at, st.sampled_from(MEMBERS)),
    st.builds(fence_to, st.sampled_from(MEMBERS)),
    st.builds(retarget_to, st.sampled_from(MEMBERS)),
)


class Controllers(RuleBasedStateMachine):
    """Several controllers, each with its own idea of what to do next."""

    @initialize()
    def begin(self) -> None:
        self.records = SessionRecords(TurnTakingStore())
        self.seen: list[Record] = []
        self.owners: dict[int, str | None] = {1: "a"}
        self.record = asyncio.run(self.records.create(Record(ID, 1, "starting", owner=Owner("a", "/"))))

    @rule(changes=st.lists(CHANGES, min_size=1, max_size=4))
    def act_at_once(self, changes: list[Callable[[Record], Record]]) -> None:
        asyncio.run(self._act(changes))

    async def _act(self, changes: list[Callable[[Record], Record]]) -> None:
        async def one(change: Callable[[Record], Record]) -> None:
            try:
                self.seen.append(await self.records.update(ID, change))
            except PhaseError:
                return

        await asyncio.gather(*(one(change) for change in changes))
        self.record = await self.records.get(ID)
        for record in [*self.seen, self.record]:
            owner = record.owner.member if record.owner else None
            assert self.owners.setdefault(record.epoch, owner) == owner
        self.seen.clear()

    @invariant()
    def the_epoch_is_the_highest_ever(self) -> None:
        assert self.record.epoch == max(self.owners)

    @invariant()
    def a_former_owner_s_token_is_of_a_former_epoch(self) -> None:
        for epoch, owner in self.owners.items():
            token = tokens.verify(SECRET, tokens.issue(SECRET, "session", ID, epoch))
            current = self.record.owner.member if self.record.owner else None
            assert token.epoch < self.record.epoch or owner == current

    @invariant()
    def phase_and_owner_agree(self) -> None:
        record = self.record
        assert record.owner is not None or record.phase in ("moving", "suspended", "ended")
        assert record.target is None or record.phase == "moving"


Controllers.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestControllers = Controllers.TestCase
