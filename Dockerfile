# syntax=docker/dockerfile:1
# The warehouse as one image, built by the very set-up that a clone uses (bin/setup.py) from the same requirements.lock.
# Behind a mirror: docker build --secret id=pip_conf,src=$HOME/.config/pip/pip.conf . (no index is named here).

# 3.12 on Debian 12; the tag is pinned, renew it with the lock.
FROM python:3.12.12-slim-bookworm AS build
WORKDIR /srv/warehouse
COPY requirements.lock pyproject.toml README.md bin/setup.py ./
# The packages are found where they lie; the sources come in the second stage, so a change of theirs builds no environment.
RUN mkdir bin flows connectors expectations dbt_project && mv setup.py bin/
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf python bin/setup.py

FROM python:3.12.12-slim-bookworm
# fonts: the report's charts carry their Chinese text as text, but what is drawn as a picture needs the glyphs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /var/lib/warehouse warehouse
WORKDIR /srv/warehouse
COPY --from=build /srv/warehouse/.venv .venv
COPY pyproject.toml README.md ./
COPY bin/container-entry bin/
COPY expectations expectations
COPY connectors connectors
COPY flows flows
COPY dbt_project dbt_project
RUN .venv/bin/python -m compileall -q expectations connectors flows
ENV PATH=/srv/warehouse/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/warehouse \
    WAREHOUSE_HOME=/var/lib/warehouse/home
USER 10001
VOLUME /var/lib/warehouse
ENTRYPOINT ["/srv/warehouse/bin/container-entry"]
CMD ["warehouse", "serve"]
