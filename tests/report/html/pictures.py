"""The pictures of the HTML report in the README, taken of `make demo`: ``python -m tests.report.html.pictures``."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.report.html.browser import Browser
from tests.report.html.made import page, recorded

DOCS: Final = Path(__file__).parents[3] / "docs"
WIDTH: Final = 1200


def take() -> None:
    """Write both pictures."""
    browser = Browser()
    try:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "demo.html"
            path.write_text(page(recorded("udp4_sha1_aes", "udp4_sha1_aes.pcap")), "utf-8")
            shoot(browser, path, "", 900, DOCS / "report-summary.png")
            shoot(browser, path, "#subject-1", 1000, DOCS / "report-timeline.png")
    finally:
        browser.close()


def shoot(browser: Browser, path: Path, hash: str, height: int, target: Path) -> None:
    """One picture of what a reader sees behind a link."""
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.open(path, hash)
    browser.run("document.activeElement.blur()")
    target.write_bytes(browser.driver.get_screenshot_as_png())


if __name__ == "__main__":
    take()
