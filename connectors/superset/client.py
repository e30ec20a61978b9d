"""Superset's API, as far as we need it: dashboards in, what it holds out, and the answer of every chart."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import yaml

from connectors.superset.errors import DashboardsUnsound, SupersetUnreachable
from connectors.superset.service import ADMINISTRATOR, Superset

PAGE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a chart gets when it asks: its title, its rows, or why there are none."""

    title: str
    rows: int
    error: str | None


class Client:
    """A session as the administrator. Get one by `session`."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def put_assets(self, bundle: bytes, password: str) -> None:
        """Put a bundle in place of what is there under the same UUIDs. Raises: DashboardsUnsound, SupersetUnreachable."""
        done = self._http.post(
            "/api/v1/assets/import/",
            files={"bundle": ("assets.zip", bundle, "application/zip")},
            data={"passwords": json.dumps({"databases/warehouse.yaml": password})},
        )
        if done.status_code != httpx.codes.OK:
            why = _complaint(done)
            raise DashboardsUnsound(why, why)

    def assets(self) -> dict[str, dict[str, Any]]:
        """Every asset that it holds, by UUID."""
        packed = self._ask("/api/v1/assets/export/").content
        with zipfile.ZipFile(io.BytesIO(packed)) as files:
            listed = [yaml.safe_load(files.read(name)) for name in files.namelist() if name.endswith(".yaml")]
        return {asset["uuid"]: asset for asset in listed if isinstance(asset, dict) and "uuid" in asset}

    def answers(self) -> Iterator[Answer]:
        """What each chart gets, asked as its dashboard asks."""
        page = 0
        while charts := self._ask("/api/v1/chart/", q=f"(page:{page},page_size:{PAGE})").json()["result"]:
            for chart in charts:
                done = self._http.get(f"/api/v1/chart/{chart['id']}/data/")
                if done.status_code == httpx.codes.OK:
                    results = done.json()["result"]
                    yield Answer(chart["slice_name"], min(result["rowcount"] for result in results), None)
                else:
                    yield Answer(chart["slice_name"], 0, _complaint(done))
            page += 1

    def _ask(self, path: str, **query: str) -> httpx.Response:
        done = self._http.get(path, params=query)
        if done.status_code != httpx.codes.OK:
            raise SupersetUnreachable(str(self._http.base_url), f"{path}: {done.status_code} {_complaint(done)}")
        return done


@contextmanager
def session(superset: Superset) -> Iterator[Client]:
    """Logged in as the administrator. Raises: SupersetUnreachable."""
    try:
        with httpx.Client(base_url=superset.address, timeout=120) as http:
            credentials = {"username": ADMINISTRATOR, "password": superset.password, "provider": "db", "refresh": True}
            logged_in = http.post("/api/v1/security/login", json=credentials)
            if logged_in.status_code != httpx.codes.OK:
                raise SupersetUnreachable(superset.address, f"{logged_in.status_code} {_complaint(logged_in)}")
            http.headers["Authorization"] = f"Bearer {logged_in.json()['access_token']}"
            http.headers["Referer"] = superset.address
            http.headers["X-CSRFToken"] = http.get("/api/v1/security/csrf_token/").json()["result"]
            yield Client(http)
    except (httpx.HTTPError, FileNotFoundError) as error:
        raise SupersetUnreachable(superset.address, str(error) or type(error).__name__) from error


def _complaint(answer: httpx.Response) -> str:
    """What it says is wrong, in a line."""
    try:
        said = answer.json()
    except ValueError:
        # A page for people, which says no more than that something went wrong.
        return f"HTTP {answer.status_code}"
    listed = said.get("errors") or [said]
    return "; ".join(str(each.get("extra", {}).get("reason") or each.get("message") or each) for each in listed)[:1000]
