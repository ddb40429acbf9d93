"""A headless Chromium that reads one page from disk, and tells what went wrong in it."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import which
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains


class Browser:
    """One Chromium for all tests of a module."""

    def __init__(self) -> None:
        options = Options()
        options.binary_location = which("chromium") or ""
        for word in (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--window-size=1400,1000",
            "--lang=en-GB",
        ):
            options.add_argument(word)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(which("chromedriver")))

    def open(self, path: Path, hash: str = "") -> None:
        """Open a file anew, as somebody would who clicks on it."""
        self.driver.get("about:blank")
        self.complaints()
        self.driver.get(f"{path.as_uri()}{hash}")

    def complaints(self) -> list[str]:
        """What the console says since the last call: errors, warnings, refusals of the policy."""
        return [entry["message"] for entry in self._log("browser")]

    def requests(self) -> set[str]:
        """What was asked of disk or network since the last call."""
        told = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        return {each["params"]["request"]["url"] for each in told if each["method"] == "Network.requestWillBeSent"}

    def _log(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.driver.get_log(name)  # type: ignore[no-untyped-call]
        return found

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a script in the page, once the page has drawn what it did."""
        value = self.driver.execute_script(script, *arguments)
        self.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        return value

    def text(self, selector: str) -> str:
        """The visible text of the first element."""
        found: str = self.run("return document.querySelector(arguments[0]).innerText", selector)
        return found

    def shown(self, selector: str) -> list[str]:
        """Ids of the elements that can be seen."""
        script = (
            "return [...document.querySelectorAll(arguments[0])].filter((e) => e.checkVisibility()).map((e) => e.id)"
        )
        found: list[str] = self.run(script, selector)
        return found

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()
        self.run("return 0")

    def close(self) -> None:
        """End this Chromium."""
        self.driver.quit()
