# One image for everything: web server, daemon, code locations, portal, workers. Not built where this project is tested.
FROM python:3.12-slim
RUN apt-get update -q && apt-get install -y -q --no-install-recommends git && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 scoreline && mkdir -p /srv/scoreline /srv/home && chown scoreline /srv/scoreline /srv/home
USER scoreline
WORKDIR /srv/scoreline
ENV PATH=/srv/scoreline/.venv/bin:$PATH SCORELINE_HOME=/srv/home PYTHONUNBUFFERED=1
COPY --chown=scoreline requirements.lock pyproject.toml setup.py README.md ./
COPY --chown=scoreline foundation/__init__.py foundation/__init__.py
RUN python -m venv .venv && pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY --chown=scoreline . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    # DuckDB's extensions come as packages: installed here, so that no container has to
    && python -c "import duckdb; from foundation.warehouse.extensions import load_extensions; load_extensions(duckdb.connect())" \
    && SCORELINE_ENV_FILE=/dev/null python -c "import orchestration.definitions"
CMD ["scoreline", "--help"]
