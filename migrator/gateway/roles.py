"""Whose turn it is: what a pod with a given token may do while the record stands as it does."""

from __future__ import annotations

from dataclasses import dataclass

from migrator.serving.errors import ApiError
from migrator.session import Record
from migrator.session.tokens import Token, verify
from migrator.storage.errors import Fenced

OWNER, STANDBY = "owner", "standby"


@dataclass(frozen=True)
class Roles:
    """Knows the federation's `secret` and, if set, the `member` whose pods talk to this gateway."""

    secret: bytes
    member: str = ""

    def token(self, text: str) -> Token:
        """A pod's token, authentic and of the right kind; `BadToken` or 403 otherwise."""
        token = verify(self.secret, text)
        if token.kind != "session":
            raise ApiError(403, "denied", "This token is not for a gateway.")
        return token

    def of(self, token: Token, record: Record) -> str:
        """`owner` or `standby`; raises the store's `Fenced` for everybody whose turn is over or was never."""
        if token.epoch == record.epoch and record.owner and self._here(record.owner.member):
            return OWNER
        if (
            token.epoch == record.epoch + 1
            and record.phase == "moving"
            and record.target
            and self._here(record.target.member)
        ):
            return STANDBY
        raise Fenced(
            f"session {record.id} is at epoch {record.epoch}, {record.phase}; this server had epoch {token.epoch} and must stop",
            record.epoch,
        )

    def require_owner(self, token: Token, record: Record) -> Record:
        """The record again, if the token's holder may write."""
        if self.of(token, record) != OWNER:
            raise ApiError(403, "denied", "A standby may read everything and write nothing.")
        return record

    def _here(self, member: str) -> bool:
        return not self.member or member == self.member
