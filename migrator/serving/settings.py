"""Settings that every service has, and how they are read: a traitlets file, then `--set NAME=VALUE`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from traitlets import Float, Int, TraitError, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import ConfigFileNotFound, DeferredConfigString, PyFileConfigLoader

S = TypeVar("S", bound="ServiceSettings")


class SettingsError(Exception):
    """A setting is missing, unknown or of the wrong kind; the text says which."""


class ServiceSettings(Configurable):
    """What gateway, controller and redirector have in common."""

    ip = Unicode("127.0.0.1", help="Address to listen on. Loopback by default: opening it up is a decision.").tag(
        config=True
    )
    port = Int(0, help="Port to listen on; 0 lets the system choose one (it is logged).").tag(config=True)
    store = Unicode("", help="URL of the bucket that holds all sessions: file:///dir or s3://bucket/prefix?...").tag(
        config=True
    )
    secret_file = Unicode(
        "", help="File with the federation's secret (32 bytes or more): it signs tokens and seals session keys."
    ).tag(config=True)
    log_level = Unicode("INFO", help="Least severe level that is logged.").tag(config=True)
    stop_grace_s = Float(
        25.0, help="Seconds that work under way may take after SIGTERM; below Kubernetes' usual 30 s."
    ).tag(config=True)

    @classmethod
    def read(cls: type[S], file: str | None, overrides: Sequence[str] = ()) -> S:
        """The settings of `file`, overridden by `NAME=VALUE` texts.

        Raises:
            SettingsError: unreadable file, unknown name, or a value of the wrong kind.
        """
        config = _file(file)
        for name, value in map(cls._override, overrides):
            config[cls.__name__][name] = DeferredConfigString(value)
        unknown = set(config.get(cls.__name__, {})) - set(cls.class_trait_names(config=True))
        if unknown:
            raise SettingsError(f"{cls.__name__} has no setting {sorted(unknown)[0]!r}; see --settings")
        try:
            return cls(config=config)
        except TraitError as error:
            raise SettingsError(str(error)) from error

    @classmethod
    def _override(cls, text: str) -> tuple[str, str]:
        name, sign, value = text.partition("=")
        if not sign:
            raise SettingsError(f"--set wants NAME=VALUE, not {text!r}")
        return name.strip(), value

    @classmethod
    def describe(cls) -> Iterator[str]:
        """One line for each setting: name, default, meaning."""
        for name, trait in sorted(cls.class_traits(config=True).items()):
            yield f"{cls.__name__}.{name} = {trait.default_value_repr()}\n    {trait.help}"

    def secret(self) -> bytes:
        """The federation's secret.

        Raises:
            SettingsError: no file, unreadable, or too short to be a secret.
        """
        if not self.secret_file:
            raise SettingsError(f"{type(self).__name__}.secret_file must name the file with the federation's secret")
        try:
            secret = Path(self.secret_file).read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"cannot read the federation's secret: {error}") from error
        if len(secret) < 32:
            raise SettingsError(f"{self.secret_file} holds {len(secret)} bytes; a secret needs at least 32")
        return secret


def _file(file: str | None) -> Config:
    if file is None:
        return Config()
    path = Path(file)
    try:
        config: Config = PyFileConfigLoader(path.name, path=str(path.resolve().parent)).load_config()
    except ConfigFileNotFound as error:
        raise SettingsError(f"no such configuration file: {file}") from error
    except Exception as error:  # the file is Python: it can raise anything
        raise SettingsError(f"{file}: {error}") from error
    return config
