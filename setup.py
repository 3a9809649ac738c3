"""What pyproject.toml can't say: the browser SDK, where it has been built, goes into the wheel as static files of `hub`."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SDK = Path(__file__).parent / "frontend-sdk" / "dist"


class BuildWithSdk(build_py):
    """Served as `{% static 'hub/hub.js' %}`."""

    def run(self) -> None:
        super().run()
        if SDK.is_dir() and not self.editable_mode:
            self.copy_tree(str(SDK), str(Path(self.build_lib, "hub", "static", "hub")))


setup(cmdclass={"build_py": BuildWithSdk})
