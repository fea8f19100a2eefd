"""A real headless Chromium, and pages drawn for it."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.limits import HANGS

BROWSER, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))

CATALOGUE = [
    {"item_id": f"i{n:02d}", "title": f"{colour} {thing}", "price": float(price), "colour": colour}
    for n, (colour, thing, price) in enumerate(
        (colour, thing, 10 + (7 * i + 3 * j) % 40)
        for i, colour in enumerate(("red", "blue", "green", "black"))
        for j, thing in enumerate(("dress", "mug", "lamp", "hat", "boot", "bag"))
    )
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A driver without a network: any request that leaves the machine's own files fails and is logged."""
    if not (BROWSER and DRIVER):
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium and chromedriver: .ci/run installs them")
        pytest.skip("no chromium and chromedriver on this machine (apt install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_page_load_timeout(HANGS)
    driver.set_script_timeout(HANGS)
    yield driver
    driver.quit()


@pytest.fixture
def look(chromium, tmp_path) -> Callable[..., object]:
    """Open a page at a width, in light or dark, and give the driver."""

    def open_page(html: str, *, width: int = 1200, height: int = 800, dark: bool = False):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        page = tmp_path / "page.html"
        page.write_text(html, encoding="utf-8")
        for kind in ("browser", "performance"):
            chromium.get_log(kind)
        chromium.get(page.as_uri())
        return chromium

    return open_page


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A picture per item of the catalogue, but none of the last one."""
    for n, row in enumerate(CATALOGUE[:-1]):
        Image.new("RGB", (60, 80), (40 * (n % 6), 90, 160)).save(tmp_path / f"{row['item_id']}.png")
    return tmp_path
