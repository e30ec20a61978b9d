"""Superset's API, as far as we need it: dashboards and readers in, what it holds out, and the answer of every chart."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
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
    """What a chart gets when it asks: its title, its rows by the names of their columns, or why there are none."""

    title: str
    rows: list[dict[str, Any]]
    error: str | None


class Client:
    """A session of somebody who logged in. Get one by `session`."""

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
        """What each chart gets, asked as its dashboard asks before anything is chosen in it."""
        page = 0
        while charts := self._ask("/api/v1/chart/", q=f"(page:{page},page_size:{PAGE})").json()["result"]:
            for chart in charts:
                done = self._http.get(f"/api/v1/chart/{chart['id']}/data/")
                if done.status_code == httpx.codes.OK:
                    rows = [row for result in done.json()["result"] for row in result["data"]]
                    yield Answer(chart["slice_name"], rows, None)
                else:
                    yield Answer(chart["slice_name"], [], _complaint(done))
            page += 1

    def statements(self, dashboard: str, chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The title of each chart of a dashboard and the SQL that it sends, where a reader chose these values, by column."""
        choice = [{"col": column, "op": "==", "val": value} for column, value in chosen.items()]
        for chart in self._ask(f"/api/v1/dashboard/{dashboard}/charts").json()["result"]:
            context = json.loads(self._ask(f"/api/v1/chart/{chart['id']}").json()["result"]["query_context"])
            for query in context["queries"]:
                query["filters"] += choice
            done = self._http.post("/api/v1/chart/data", json={**context, "result_type": "query"})
            if done.status_code != httpx.codes.OK:
                raise SupersetUnreachable(str(self._http.base_url), _complaint(done))
            for result in done.json()["result"]:
                yield chart["slice_name"], result["query"]

    def put_reader(self, login: str, role: str, password: str) -> None:
        """Let somebody log in with this role and password, new or not. Raises: SupersetUnreachable."""
        [role_id] = self._found("roles", "name", role)
        facts = {"password": password, "roles": [role_id], "active": True}
        known = self._found("users", "username", login)
        if known:
            done = self._http.put(f"/api/v1/security/users/{known[0]}", json=facts)
        else:
            names = {"username": login, "first_name": login, "last_name": "读者", "email": f"{login}@localhost"}
            done = self._http.post("/api/v1/security/users/", json={**names, **facts})
        if done.is_error:
            raise SupersetUnreachable(str(self._http.base_url), _complaint(done))

    def remove_reader(self, login: str) -> None:
        """Let nobody log in under this name any more; harmless if nobody could. Raises: SupersetUnreachable."""
        for user_id in self._found("users", "username", login):
            done = self._http.delete(f"/api/v1/security/users/{user_id}")
            if done.is_error:
                raise SupersetUnreachable(str(self._http.base_url), _complaint(done))

    def _found(self, kind: str, column: str, value: str) -> list[int]:
        query = f"(filters:!((col:{column},opr:eq,value:'{value}')))"
        return list(self._ask(f"/api/v1/security/{kind}/", q=query).json()["ids"])

    def _ask(self, path: str, **query: str) -> httpx.Response:
        done = self._http.get(path, params=query)
        if done.status_code != httpx.codes.OK:
            raise SupersetUnreachable(str(self._http.base_url), f"{path}: {done.status_code} {_complaint(done)}")
        return done


@contextmanager
def session(superset: Superset, login: str = ADMINISTRATOR, password: str | None = None) -> Iterator[Client]:
    """Logged in, as the administrator unless somebody else is named. Raises: SupersetUnreachable."""
    try:
        # A connection that is kept is closed by the server after two seconds, it may be just as we ask again.
        fresh = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=superset.address, timeout=120, limits=fresh) as http:
            credentials = {
                "username": login,
                "password": password or superset.password,
                "provider": "db",
                "refresh": True,
            }
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
