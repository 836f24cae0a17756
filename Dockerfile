# The engine and the web UI.  Built in two steps so that the image holds no tool of the build.
#   docker build -t avanak . && docker run -p 127.0.0.1:8080:8080 -v avanak:/var/lib/avanak avanak
# A tag can be moved to another image, a digest cannot: give it as python:3.11-slim-bookworm@sha256:…
# (docker buildx imagetools inspect python:3.11-slim-bookworm).  None stands here: no registry could be asked.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
FROM ${PYTHON_IMAGE} AS build

WORKDIR /srv/avanak
RUN python -m venv /opt/avanak
# First what it depends on, each with its hash: this layer stays while only our own code changes.
COPY setup.cfg pyproject.toml constraints.txt README.md ./
COPY scripts/pinned scripts/pinned
COPY engine/__init__.py engine/__init__.py
RUN scripts/pinned build always postgres >/tmp/pinned.txt \
    && /opt/avanak/bin/pip install --no-cache-dir --require-hashes --no-deps --requirement /tmp/pinned.txt \
    && /opt/avanak/bin/pip install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM ${PYTHON_IMAGE}

RUN useradd --system --uid 10001 --home-dir /var/lib/avanak --create-home avanak \
    && mkdir -p /var/lib/avanak/prompts /var/lib/avanak/cdr \
    && chown -R avanak:avanak /var/lib/avanak
COPY --from=build /opt/avanak /opt/avanak
WORKDIR /srv/avanak
COPY . .
# The editable installation points at /srv/avanak, where all packages are now.
RUN /opt/avanak/bin/python -m compileall -q engine webui

ENV PATH=/opt/avanak/bin:$PATH \
    PYTHONPATH=/srv/avanak \
    PYTHONUNBUFFERED=1 \
    AVANAK_DATA_DIR=/var/lib/avanak \
    AVANAK_WEB_HOST=0.0.0.0
USER 10001
VOLUME /var/lib/avanak
EXPOSE 8080
# SIGTERM lets the calls that are up finish: give it AVANAK_DRAIN_S (`docker stop --time 90`).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('AVANAK_WEB_PORT', '8080') + '/healthz', timeout=4)"]
ENTRYPOINT ["avanakctl"]
CMD ["serve"]
