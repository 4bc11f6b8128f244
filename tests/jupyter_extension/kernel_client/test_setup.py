"""What a session has set up around its variables, where only a real kernel has it: streams, arguments, magics, the inline backend."""

from __future__ import annotations

from tests.jupyter_extension.kernel_client.conftest import Kernels

STREAMS = """
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s!")
handler = logging.StreamHandler(sys.stderr)
kept = sys.stdout
class Tee:
    def __init__(self, under):
        self.under, self.seen = under, []
    def write(self, text):
        self.seen.append(text)
        return self.under.write(text)
    def flush(self):
        self.under.flush()
tee = sys.stdout = Tee(sys.stdout)
"""
SHELL = """
import sys
sys.argv = ["program", "--size", "3"]
shell = get_ipython()
shell.run_line_magic("alias_magic", "tt timeit")
shell.run_line_magic("matplotlib", "inline")
shell.run_line_magic("config", "InlineBackend.figure_format = 'svg'")
shell.run_line_magic("config", "InlineBackend.close_figures = False")
"""
SETTINGS = """(
    sys.argv,
    'tt' in shell.magics_manager.magics['line'],
    sorted(part.figure_formats for part in shell.configurables if type(part).__name__ == 'InlineBackend')[0],
    [part.close_figures for part in shell.configurables if type(part).__name__ == 'InlineBackend'],
)"""


async def test_streams_are_those_of_the_new_kernel(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    assert (await kernel.run(STREAMS)).status == "ok"
    entry, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    report = await kernels.load(other, manifest)
    told = {"name": "sys.stdout", "reason": "a Tee of the session's stands in its place, and is not kept there"}
    assert entry.report["changed"] == report["changed"] == [told]
    assert report["lost"] == []
    said = await target.run("print('printed'); logging.info('logged')")
    assert said.text == "printed\nlogged!\n"
    assert await target.value("(kept is tee.under is sys.stdout, handler.stream is sys.stderr)") == (True, True)


async def test_the_shell_s_settings_come_back(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    assert (await kernel.run(SHELL)).status == "ok"
    target = await kernels.move(agent)
    assert await target.value(SETTINGS) == (["program", "--size", "3"], True, {"svg"}, [False])


async def test_the_kernel_s_own_arguments_stay_behind(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run("import sys; x = 1")
    target = await kernels.move(agent)
    assert str(target.connection_file) in await target.value("sys.argv")


async def test_what_comes_back_otherwise_is_told_before_and_after(kernels: Kernels) -> None:
    kernel, agent = await kernels.start()
    await kernel.run(
        "import sqlite3; db = sqlite3.connect('rows.sqlite'); db.execute('create table t (x)'); db.commit()"
    )
    await kernel.run("_ = db.execute('insert into t values (1)')")
    entry, manifest, _ = await kernels.save(agent)
    target, other = await kernels.start()
    report = await kernels.load(other, manifest)
    for told in (entry.report["changed"], report["changed"]):
        assert [each["name"] for each in told] == ["db"]
        assert told[0]["reason"].startswith("an open transaction of /")
        assert told[0]["reason"].endswith(" is not kept")
    assert await target.value("db.execute('select count(*) from t').fetchone()[0]") == 0
