# The service and its commands. docs/deployment.md tells how it is run; no secret is in here.

FROM python:3.11-slim-trixie AS packages
WORKDIR /packages
COPY requirements.lock ./
# Every package of the lock, held to its hash. The next stage takes from here what the service needs and leaves the
# tools of development, without asking any index again.
RUN pip download --no-cache-dir --require-hashes --no-deps --only-binary :all: --requirement requirements.lock

FROM python:3.11-slim-trixie
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /microcredit
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin microcredit
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY alembic alembic
COPY app app
# Editable, as ./run installs it: the migrations lie beside the package, not in it.
RUN --mount=type=bind,from=packages,source=/packages,target=/packages \
    pip install --no-cache-dir --no-index --find-links /packages --editable . && python -m compileall -q app alembic

USER 10001
EXPOSE 8000
# Without the proxy that an engine may put into the environment.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "from urllib.request import *; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["microcredit"]
CMD ["serve", "--host", "0.0.0.0"]
